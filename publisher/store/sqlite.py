"""SQLite's side of the store: how its connections are made, and the lock that writers hold.

SQLite below 3.51.3 can corrupt a write-ahead log when two connections write or checkpoint at
once (the WAL-reset bug), and Python ships such versions for years to come. So every write and
every checkpoint, also the one that closing the last connection runs, holds one lock on a file.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import Connection, Engine, create_engine, event

from publisher.errors import StoreBusy
from publisher.store.turns import Turns

CACHE_KIB = 32_768  # pages kept in memory per connection; index inserts of an import need them
SHORTEST_NAP, LONGEST_NAP = 0.001, 0.02  # seconds between two tries for the lock


class WriteLock:
    """One lock per database: between threads of this process and between processes."""

    def __init__(self, path: Path, wait_seconds: float) -> None:
        self.wait_seconds = wait_seconds
        self._path = path
        self.folder = path.parent
        self.turns = Turns()
        self._threads = threading.RLock()
        self._depth = 0
        self._file = -1

    @property
    def is_nested(self) -> bool:
        return self._depth > 1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for a block; raises StoreBusy when another holds it for too long."""
        started = time.monotonic()
        if not self._threads.acquire(timeout=self.wait_seconds):
            raise StoreBusy(self.wait_seconds)
        try:
            if self._depth == 0:
                self._take_file(started)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def _take_file(self, started: float) -> None:
        if self._file < 0:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        nap = SHORTEST_NAP
        while True:
            try:
                return fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() - started > self.wait_seconds:
                    raise StoreBusy(time.monotonic() - started) from None
            time.sleep(nap)
            nap = min(nap * 1.5, LONGEST_NAP)

    def __del__(self) -> None:
        if self._file >= 0:
            os.close(self._file)


# Locks on one file exclude each other even within a process, so all engines of a file share one.
_locks: WeakValueDictionary[Path, WriteLock] = WeakValueDictionary()


def _lock_for(path: Path, wait_seconds: float) -> WriteLock:
    lock = _locks.get(path)
    if lock is None or lock.wait_seconds != wait_seconds:
        lock = _locks[path] = WriteLock(path, wait_seconds)
    return lock


class _LockedClose(sqlite3.Connection):
    """A connection that checkpoints on closing, and therefore closes under the lock."""

    lock: WriteLock | None = None
    is_reader: bool | None = None  # whether it refuses to write; None: nobody has said

    def close(self) -> None:
        if self.lock is None or _is_read_only(self.lock.folder):
            return super().close()  # nothing was written, so there is nothing to checkpoint
        with self.lock.held():
            return super().close()


def _is_read_only(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY) or not os.access(folder, os.W_OK)
    except OSError:
        return False


def open_sqlite(path: Path, wait_seconds: float) -> Engine:
    """Return an engine for a database file; nothing is made or opened before it is needed."""
    lock = _lock_for(path.parent / "db.lock", wait_seconds)

    def connect() -> sqlite3.Connection:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path,
            timeout=wait_seconds,
            isolation_level=None,  # transactions begin where `_begin` says, not where sqlite3 guesses
            check_same_thread=False,
            factory=_LockedClose,
        )
        try:
            _prepare(connection, path, lock)
        except BaseException:
            connection.close()
            raise
        connection.lock = lock
        return connection

    engine = create_engine("sqlite+pysqlite:///" + str(path), creator=connect)
    engine.update_execution_options(publisher_lock=lock, publisher_file=path)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, path: Path, lock: WriteLock) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal":
        with lock.held():
            connection.execute("PRAGMA journal_mode = WAL")
            path.chmod(0o600)  # people's addresses: nobody else on the machine reads them
    for setting in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = FAST",  # what is deleted is overwritten where that costs no more writing
        f"cache_size = -{CACHE_KIB}",
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin(conn: Connection) -> None:
    is_write = conn.get_execution_options().get("publisher_write", False)
    raw: Any = conn.connection.driver_connection
    if raw.is_reader is not (not is_write):
        # Only when it changes: this pragma makes SQLite plan every statement anew, 0.3 ms for some.
        raw.execute(f"PRAGMA query_only = {'OFF' if is_write else 'ON'}")
        raw.is_reader = not is_write
    if not raw.in_transaction:  # a `Writer` has begun by itself
        raw.execute("BEGIN IMMEDIATE" if is_write else "BEGIN")
