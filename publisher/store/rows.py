"""Every row of a database, out of it and into another, of whatever kind and schema the two are.

What a table holds is asked of the database itself, so that one of an older schema can be read too.
Only our own tables are touched: a PostgreSQL database may hold those of other programs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Inspector,
    LargeBinary,
    Text,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
)

from publisher.store.tables import editions, floors, metadata

# What a site writes by itself before it has any reader; a restored copy brings its own.
_NOT_MISSED = frozenset(
    {"documents", "floors", "leases", "runs", "starts", "seen_items", "signatures"}
)
_SCHEMA_MARK = "alembic_version"


@dataclass(frozen=True, slots=True)
class Stored:
    """One table as a database has it."""

    name: str
    columns: tuple[str, ...]
    binary: tuple[str, ...] = ()  # those columns that hold bytes
    order: str = ""  # SQL: the same rows come in the same order from both kinds of database


def stored_tables(conn: Connection) -> tuple[Stored, ...]:
    """Return the tables that are there, each after those that its rows refer to."""
    found = inspect(conn)
    names = set(found.get_table_names())
    return tuple(
        _stored(conn, found, table.name) for table in metadata.sorted_tables if table.name in names
    )


def read_rows(conn: Connection, table: Stored) -> Iterator[Sequence[Any]]:
    """Yield a table's rows in the order of its key, holding few of them at a time."""
    names = ", ".join(f'"{name}"' for name in table.columns)
    query = f'SELECT {names} FROM "{table.name}" ORDER BY {table.order}'  # noqa: S608 the database's own names
    if conn.dialect.name == "postgresql":
        from publisher.store.postgres import copied_rows

        return copied_rows(conn, query)
    raw: Any = conn.connection.driver_connection
    rows: Iterator[Sequence[Any]] = raw.execute(query)
    return rows


def count_rows(conn: Connection, table: Stored) -> int:
    """Return how many rows a table has."""
    found: int = conn.execute(text(f'SELECT count(*) FROM "{table.name}"')).scalar_one()  # noqa: S608
    return found


def is_empty(conn: Connection) -> bool:
    """Return whether nothing would be missed if every table were dropped."""
    return not any(
        conn.execute(text(f'SELECT 1 FROM "{table.name}" LIMIT 1')).first()  # noqa: S608
        for table in stored_tables(conn)
        if table.name not in _NOT_MISSED
    )


def drop_all(conn: Connection) -> None:
    """Drop every table of ours and the mark of the schema."""
    if conn.dialect.name == "sqlite":
        conn.execute(text("DROP TABLE IF EXISTS document_words"))  # no table of ours: an index
    for table in reversed(stored_tables(conn)):
        conn.execute(text(f'DROP TABLE "{table.name}"'))
    conn.execute(text(f"DROP TABLE IF EXISTS {_SCHEMA_MARK}"))


def rows_came(conn: Connection) -> None:
    """Tell PostgreSQL of rows that came with their numbers; SQLite sees for itself."""
    if conn.dialect.name != "postgresql":
        return
    floor = dict(map(tuple, conn.execute(select(floors.c.name, floors.c.number)).all()))
    for table in stored_tables(conn):
        name = {"name": table.name}
        sequence = "id" in table.columns and conn.scalar(
            text("SELECT pg_get_serial_sequence(:name, 'id')"), name
        )
        if sequence:
            last = conn.scalar(text(f'SELECT max(id) FROM "{table.name}"')) or 0  # noqa: S608
            last = max(last, floor.get(table.name, 0))
            conn.execute(
                text("SELECT setval(:sequence, :last, :is_given)"),
                {"sequence": sequence, "last": max(last, 1), "is_given": last > 0},
            )
        conn.execute(text(f'ANALYZE "{table.name}"'))


def raise_floor(conn: Connection, now: datetime) -> None:
    """Number new editions apart from those that a lost copy may have sent since a backup.

    A message's identity follows from its edition's number, and two different messages with one
    identity are one to many mail programs. Minutes go on from one restore to the next, and no site
    opens an edition a minute.
    """
    last = conn.scalar(select(func.max(editions.c.id))) or 0
    number = max(last + 1, int(now.timestamp()) // 60)
    conn.execute(delete(floors))
    conn.execute(insert(floors).values(name=editions.name, number=number))


def _stored(conn: Connection, found: Inspector, name: str) -> Stored:
    kinds = {column["name"]: column["type"] for column in found.get_columns(name)}
    # Texts are sorted by their bytes, whatever the server's language is.
    bytewise = ' COLLATE "C"' if conn.dialect.name == "postgresql" else ""
    keys = found.get_pk_constraint(name)["constrained_columns"]
    order = ", ".join(f'"{key}"{bytewise if isinstance(kinds[key], Text) else ""}' for key in keys)
    binary = tuple(key for key, kind in kinds.items() if isinstance(kind, LargeBinary))
    return Stored(name, tuple(kinds), binary, order)
