"""The database: one schema, kept in SQLite or PostgreSQL, read and written in transactions.

Rooms above open it once, then `read` and `write`; each table of `store.tables` is written by one
room only. PostgreSQL's driver is loaded only when the settings name PostgreSQL.
"""

from publisher.store.database import (
    Writer,
    clock_seconds,
    insert_for,
    insert_into,
    insert_many,
    let_others,
    one_of,
    open_engine,
    read,
    write,
    write_together,
)
from publisher.store.lease import MACHINES, Lease, forget_ended, held
from publisher.store.prepared import Prepared, among, json_rows, numbers
from publisher.store.schema import check_schema, upgrade
from publisher.store.scrub import scrub

__all__ = [
    "MACHINES",
    "Lease",
    "Prepared",
    "Writer",
    "among",
    "check_schema",
    "clock_seconds",
    "forget_ended",
    "held",
    "insert_for",
    "insert_into",
    "insert_many",
    "json_rows",
    "let_others",
    "numbers",
    "one_of",
    "open_engine",
    "read",
    "scrub",
    "upgrade",
    "write",
    "write_together",
]
