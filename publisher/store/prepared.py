"""Statements for the sender's hot path: compiled once per kind of database, run by the driver itself.

SQLAlchemy takes 60 to 100 µs to run a small statement, the driver 5: too much for what is done for
every message. The statements are SQLAlchemy's all the same, so both databases read one text.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.dml import ReturningDelete, ReturningInsert, ReturningUpdate, UpdateBase
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import TypeEngine

Statement = (
    Select[Any] | UpdateBase | ReturningUpdate[Any] | ReturningInsert[Any] | ReturningDelete[Any]
)
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """One statement as a driver takes it."""

    sql: str
    names: tuple[str, ...] | None  # in order; None: the driver takes names
    usual: Values  # what the statement itself says of its parameters

    def bound(self, values: Values) -> Any:
        if self.names is None:
            return {**self.usual, **values}
        return tuple(values[name] if name in values else self.usual[name] for name in self.names)


class Prepared:
    """A statement that is run for every message."""

    def __init__(self, build: Callable[[str], Statement]) -> None:
        """Prepare a statement.

        build  makes it for a kind of database, "sqlite" or "postgresql"
        """
        self._build = build
        self._texts: dict[str, Text] = {}

    def run(self, conn: Connection, values: Values) -> list[tuple[Any, ...]]:
        """Run it once and return its rows; none when it returns none."""
        text = self.text(conn)
        cursor = _driver(conn).execute(text.sql, text.bound(values))
        rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        return rows

    def text(self, conn: Connection) -> Text:
        """Return the statement as this database's driver takes it."""
        kind = conn.dialect.name
        if kind not in self._texts:
            self._texts[kind] = _compiled(self._build(kind), conn.dialect)
        return self._texts[kind]


def among(kind: str, column: ColumnElement[int], name: str) -> ColumnElement[bool]:
    """Return the condition that a number is one of those that `numbers` gave for a parameter."""
    if kind == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(BigInteger)))
    each = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(each.c.value))


def numbers(conn: Connection, found: Sequence[int]) -> Any:
    """Return any count of numbers as one parameter for `among`."""
    return list(found) if conn.dialect.name == "postgresql" else json.dumps(found)


def json_rows(
    kind: str, name: str, types: Sequence[type[TypeEngine[Any]]]
) -> tuple[ColumnElement[Any], ...]:
    """Return the columns of any number of rows that go over as one parameter: a JSON list of lists."""
    if kind == "postgresql":
        rows = func.json_array_elements(cast(bindparam(name), JSON)).table_valued("value")
        return tuple(
            cast(rows.c.value.op("->>")(literal_column(str(place))), kind_of)
            for place, kind_of in enumerate(types)
        )
    rows = func.json_each(bindparam(name)).table_valued("value")
    return tuple(
        func.json_extract(rows.c.value, literal_column(f"'$[{place}]'"), type_=kind_of)
        for place, kind_of in enumerate(types)
    )


def _driver(conn: Connection) -> Any:
    return conn.connection.driver_connection


def _compiled(statement: Statement, dialect: Dialect) -> Text:
    made: Any = statement.compile(dialect=dialect)
    names = tuple(made.positiontup) if made.positional else None
    return Text(str(made), names, dict(made.params))
