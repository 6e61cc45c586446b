"""What a database's own error means for the person who runs the site."""

import sqlite3
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from publisher.errors import DiskFull, StoreBusy, StoreError

_FULL = "disk is full"
# SQLite has no portable codes before Python 3.11's names, and its wordings never change.
_SQLITE = (
    ("unable to open database file", "cannot be opened", "check the folder and its permissions"),
    ("readonly database", "cannot be written", "check who owns the file and its folder"),
    ("file is not a database", "is not a database", "restore a backup, or name another file"),
    ("malformed", "is damaged", "stop every publisher process and restore a backup"),
    (_FULL, "has no room: the disk is full", "free some space; nothing is lost"),
    ("disk I/O error", "cannot be read or written", "look at the disk's health and free space"),
)


def is_of_database(error: Exception) -> bool:
    """Return whether a database or its driver raised an error; nobody wraps those of COPY."""
    is_ours = isinstance(error, DBAPIError | sqlite3.Error)
    return is_ours or type(error).__module__.partition(".")[0] == "psycopg"


def explain(error: Exception, engine: Engine) -> StoreError | None:
    """Return the sentence for an error that has nothing to do with our statements, else None."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if engine.dialect.name != "sqlite":
        return _of_postgres(cause, engine)
    return _of_sqlite(str(cause), engine) if isinstance(cause, sqlite3.Error) else None


def _of_sqlite(message: str, engine: Engine) -> StoreError | None:
    if "database is locked" in message or "database table is locked" in message:
        lock = engine.get_execution_options().get("publisher_lock")
        return StoreBusy(lock.wait_seconds if lock else 0.0)
    for fragment, what, hint in _SQLITE:
        if fragment in message:
            file = engine.get_execution_options().get("publisher_file", "the database")
            kind = DiskFull if fragment == _FULL else StoreError
            return kind(f"{file} {what}", hint=hint)
    return None


def _of_postgres(cause: Any, engine: Engine) -> StoreError | None:
    kinds = {kind.__name__ for kind in type(cause).__mro__ if kind.__module__.startswith("psycopg")}
    code = getattr(cause, "sqlstate", None)
    where = f"{engine.url.host or 'this machine'}:{engine.url.port or 5432}"
    if code == "53100":
        return StoreError(f"the database server at {where} has no room", hint="free some space")
    if code and code.startswith("40"):
        return StoreError(
            f"the database server at {where} undid a step that met another process's",
            hint="run the command again; nothing is lost",
        )
    # Class 08 is a broken connection, 57P0x a server that stops, 28 and 3D a refused login; without
    # any code the server was not reached at all, or went away: then a cursor calls it an interface
    # error that its connection is closed.
    is_away = code is None and kinds & {"OperationalError", "InterfaceError"}
    if is_away or (code and (code[:2] in ("08", "28", "3D", "53") or code[:3] == "57P")):
        return StoreError(
            f"the database server at {where} cannot be used: {_first_line(str(cause))}",
            hint="check [database] url, and that the server runs and lets us in",
        )
    return None


def _first_line(message: str) -> str:
    return message.strip().splitlines()[0] if message.strip() else "no answer"
