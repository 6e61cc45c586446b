"""Take from the database's files what was deleted from its tables, for whoever is erased.

A database keeps deleted bytes around until it needs their room. SQLite's are looked for afterwards,
and the file is written anew when any are found; PostgreSQL cleans its tables, and lets go of its
own log as its settings say.
"""

import os
import sqlite3
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from publisher.ops import log
from publisher.store.sqlite import WriteLock

_PATIENCE = 5.0  # seconds for others to end what they read
_NAP = 0.05
_BLOCK = 1 << 20  # bytes of a file looked at at once
_TABLES = (
    "subscribers",
    "subscriptions",
    "consents",
    "attempts",
    "feedback",
    "suppressions",
    "wishes",
)
_PART_OF_ANOTHER = "SELECT 1 FROM subscribers WHERE instr(lower(address), lower(?)) LIMIT 1"  # a scan, 0.2 s a million
_log = log.get("store")


def scrub(engine: Engine, texts: Sequence[str]) -> bool:
    """Make sure that deleted texts are in no file of the database; return whether they are gone.

    texts   of what was deleted, and is in no row any more
    """
    path: Path | None = engine.get_execution_options().get("publisher_file")
    if path is None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text(f"VACUUM {', '.join(_TABLES)}"))
        return True
    lock: WriteLock = engine.get_execution_options()["publisher_lock"]
    needles = [each.encode() for each in texts if each]
    with lock.held():
        pooled = engine.raw_connection()
        try:
            is_clean = _scrub_file(pooled.driver_connection, path, needles)
        finally:
            pooled.close()
    if not is_clean:
        _log.warning("erased bytes are still in the database's files", hint="erase once more later")
    return is_clean


def _scrub_file(raw: Any, path: Path, needles: Sequence[bytes]) -> bool:
    raw.execute("PRAGMA query_only = OFF")
    raw.is_reader = False
    files = (path, path.with_name(path.name + "-wal"))
    # "ann@a.org" is also found in "joann@a.org": then looking proves nothing, writing anew does.
    is_part = any(
        raw.execute(_PART_OF_ANOTHER, (needle.decode(),)).fetchone() for needle in needles
    )
    if not is_part and _empty_log(raw) and not _holds(files, needles):
        return True
    try:
        raw.execute("VACUUM")
    except sqlite3.Error as error:  # for instance no room for a second copy
        _log.warning("the database could not be written anew", why=str(error))
        return False
    return _empty_log(raw) and (is_part or not _holds(files, needles))


def _empty_log(raw: Any) -> bool:
    """Bring the write-ahead log into the file and cut it to nothing; False while others read."""
    ends_at = time.monotonic() + _PATIENCE
    while raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > ends_at:
            return False
        time.sleep(_NAP)
    return True


def _holds(files: Sequence[Path], needles: Sequence[bytes]) -> bool:
    return any(_is_in(file, needles) for file in files if file.exists())


def _is_in(file: Path, needles: Sequence[bytes]) -> bool:
    found, overlap = file.stat(), max(map(len, needles), default=1)
    descriptor = _descriptor(file, found.st_dev, found.st_ino)
    at, seen = 0, b""
    while block := os.pread(descriptor, _BLOCK, at):
        at, seen = at + len(block), seen[-overlap:] + block
        if any(needle in seen for needle in needles):
            return True
    return False


@cache
def _descriptor(file: Path, _device: int, _inode: int) -> int:
    """Open a file of the database once for ever.

    When a process closes any descriptor of a file, it loses all locks it has there, also SQLite's.
    Another process would then take itself for the last one, and delete the log into which this one
    still writes what it has answered for. Source: sqlite.org/howtocorrupt.html, section 2.2.
    """
    return os.open(file, os.O_RDONLY | os.O_CLOEXEC)
