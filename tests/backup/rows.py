"""Rows for every table, of every awkward kind; and what two databases hold, to compare."""

from typing import Any

from sqlalchemy import BigInteger, Float, Integer, LargeBinary, insert

from publisher.store import read, tables, write
from publisher.store.rows import Stored, read_rows, stored_tables

AWKWARD = (
    "",
    "plain",
    "tab\t line\n return\r back\\slash \\N quote\" ' comma,",
    "\u0001 \u001f \u007f \u2028 \ufeff",
    "مدن المثال 𝒜 🗞️ e\u0301",
    "x" * 70_000,
)
WORDS = {
    ("subscribers", "state"): "active",
    ("editions", "state"): "sent",
    ("decisions", "decision"): "held",
    ("deliveries", "state"): "sent",
    ("tallies", "span"): "day",
    ("folded", "state"): "sent",
    ("notices", "state"): "sent",
    ("holds", "name"): "site",
    ("floors", "name"): "editions",
    # Folded words, of which PostgreSQL makes an index.
    ("documents", "title_words"): "awkward words",
    ("documents", "words"): "awkward words",
}
ONE_ROW = ("holds", "floors")
COUNT = len(AWKWARD)


def fill(engine) -> None:
    """Put rows into every table, with a NULL wherever one may stand."""
    with write(engine) as conn:
        for table in tables.metadata.sorted_tables:
            for number in range(1, 1 + (1 if table.name in ONE_ROW else COUNT)):
                conn.execute(insert(table).values(_row(table, number)))


def contents(engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in order."""
    with read(engine) as conn:
        return {
            table.name: [_plain(row) for row in read_rows(conn, table)]
            for table in stored_tables(conn)
        }


def rows_of(engine, name: str) -> list[dict[str, Any]]:
    """The rows of one table by column."""
    with read(engine) as conn:
        table: Stored = next(one for one in stored_tables(conn) if one.name == name)
        return [dict(zip(table.columns, row, strict=True)) for row in read_rows(conn, table)]


def _plain(row) -> tuple[Any, ...]:
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


def _row(table, number: int) -> dict[str, Any]:
    return {
        column.name: _value(table, column, number)
        for column in table.c
        if not (column.nullable and number % 2)
    }


def _value(table, column, number: int) -> Any:
    if (table.name, column.name) in WORDS:
        return WORDS[table.name, column.name]
    if column.foreign_keys or column.name == "id":
        return number
    if isinstance(column.type, LargeBinary):
        return bytes([number]) + bytes(range(256)) * number
    if isinstance(column.type, Float):
        return number / 3
    if isinstance(column.type, BigInteger):
        return (1 << 40) + number
    if isinstance(column.type, Integer):
        return number
    # The longest would not fit an index of PostgreSQL.
    is_key = column.primary_key or column.unique or column.name in _INDEXED
    text = AWKWARD[(number - 1) % (5 if is_key else COUNT)]
    return f"{number}{text}"


_INDEXED = {
    column.name
    for table in tables.metadata.tables.values()
    for group in (*table.indexes, *table.constraints)
    for column in group.columns
}
