"""Open the database, and read or write it in transactions that behave alike on both kinds.

A reader sees one moment of the database and cannot change it. A writer is alone on SQLite; its
commit is a point at which tests may end the process.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Table,
    Text,
    any_,
    cast,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from publisher import faults
from publisher.errors import StoreError
from publisher.store.failures import explain, is_of_database
from publisher.store.sqlite import LONGEST_NAP, WriteLock, open_sqlite
from publisher.store.turns import Turn

WAIT_SECONDS = 30.0  # how long one process waits for another's write
T = TypeVar("T")
_EXAMPLE = 'write for instance "sqlite:///var/publisher.sqlite3"'


def open_engine(url: str, root: Path, *, wait_seconds: float = WAIT_SECONDS) -> Engine:
    """Return an engine for `[database] url`; a relative SQLite path starts at the site's root.

    wait_seconds  how long a write waits for other processes before StoreBusy

    Raises StoreError when the address cannot be understood or its driver is not installed.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise StoreError("[database] url is not a database address", hint=_EXAMPLE) from error
    kind = address.get_backend_name()
    if kind == "sqlite":
        return open_sqlite(_sqlite_path(address, root), wait_seconds)
    if kind in ("postgresql", "postgres"):
        from publisher.store.postgres import open_postgres

        return open_postgres(address)
    raise StoreError(
        f"[database] url names {kind}; only sqlite and postgresql are supported", hint=_EXAMPLE
    )


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """Read one unchanging moment of the database; whatever the block tries to write is refused."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _explained(engine), engine.connect() as conn:
        conn = conn.execution_options(**options)
        conn.begin()
        yield conn


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """Write in one transaction: committed when the block ends, undone when it raises.

    Raises StoreBusy when another process writes for longer than the engine waits, and
    RuntimeError when the same thread writes already (it would wait for itself).
    """
    lock: WriteLock | None = engine.get_execution_options().get("publisher_lock")
    with _explained(engine):
        if lock is None:
            with engine.connect() as conn, conn.begin():
                yield conn
                faults.point()
            return
        with lock.held():
            if lock.is_nested:
                raise RuntimeError("a write was begun inside another write of the same thread")
            with engine.connect() as conn:
                conn = conn.execution_options(publisher_write=True)
                with conn.begin():
                    yield conn
                    faults.point()


def write_together(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Do one small piece of work in a transaction, which others may share; return what it returns.

    What it raises undoes its own part only. PostgreSQL makes durable at once what is committed at
    once, so there each has a transaction of its own.

    Raises what the work raises, and what `write` raises.
    """
    lock: WriteLock | None = engine.get_execution_options().get("publisher_lock")
    if lock is None:
        with write(engine) as conn:
            return work(conn)
    turn = Turn(work)
    lock.turns.wait(turn, lambda turns: _take(engine, turns))
    done: T = turn.result()
    return done


def _take(engine: Engine, turns: Sequence[Turn]) -> None:
    """Take turns in one transaction; when one of them breaks it, each in one of its own."""
    try:
        with write(engine) as conn:
            for turn in turns:
                turn.take(conn)
    except BaseException as error:
        is_of_all = isinstance(error, StoreError) or not isinstance(error, Exception)
        for turn in turns:
            if is_of_all or len(turns) == 1:
                turn.error = error
            else:
                _take(engine, [turn])


class Writer:
    """Writes again and again over one connection, without fetching it from the pool each time.

    For the sender, which commits hundreds of times a second. What `write` says of transactions
    holds here too.
    """

    def __init__(self, engine: Engine) -> None:
        """Prepare to write; connects when first used."""
        self._engine = engine
        self._lock: WriteLock | None = engine.get_execution_options().get("publisher_lock")
        self._conn: Connection | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Write in one transaction; see `write`."""
        with _explained(self._engine):
            try:
                if self._lock is None:
                    with self._connected().begin():
                        yield self._connected()
                        faults.point()
                else:
                    with self._lock.held():
                        yield from self._write_file(self._connected())
            except BaseException:
                self.close()  # a broken connection is not kept
                raise

    def _write_file(self, conn: Connection) -> Iterator[Connection]:
        """Begin and commit by SQLite's own means, which takes a third of the time."""
        raw: Any = conn.connection.driver_connection
        raw.execute("BEGIN IMMEDIATE")
        yield conn
        faults.point()
        raw.execute("COMMIT")
        if conn.in_transaction():
            conn.rollback()  # of SQLAlchemy's own mind: nothing is left to undo

    def _connected(self) -> Connection:
        if self._conn is None:
            conn = self._engine.connect().execution_options(publisher_write=True)
            if self._lock is not None:
                conn.execute(text("SELECT 1"))  # makes it one that writes
                conn.rollback()
            self._conn = conn
        return self._conn

    def close(self) -> None:
        """Give the connection back."""
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()


def let_others(engine: Engine) -> None:
    """Give whoever waits for the database a turn, between two of many writes in a row.

    SQLite's lock does not queue: who finds it taken looks again after a nap, and would find it
    taken again by a process that writes without a pause.
    """
    if engine.get_execution_options().get("publisher_lock") is not None:
        time.sleep(LONGEST_NAP * 1.25)


def insert_into(conn: Connection, table: Table) -> postgresql.Insert:
    """Return an INSERT of this database's own kind, for its ON CONFLICT clauses."""
    return insert_for(conn.dialect.name, table)


def insert_for(kind: str, table: Table) -> postgresql.Insert:
    """Return the INSERT of a kind of database, "sqlite" or "postgresql".

    Both kinds have the same methods; the type names one of them for the checker's sake.
    """
    own: Any = postgresql.insert if kind == "postgresql" else sqlite.insert
    made: postgresql.Insert = own(table)
    return made


def insert_many(
    conn: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    is_lenient: bool = False,
) -> None:
    """Insert many rows by the driver's own means, several times as fast as through SQLAlchemy.

    is_lenient  rows that break a unique key are left out
    """
    if not rows:
        return None
    if conn.dialect.name == "postgresql":
        from publisher.store.postgres import copy_rows

        return copy_rows(conn, table, columns, rows, is_lenient=is_lenient)
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    marks = ", ".join("?" * len(columns))
    end = " ON CONFLICT DO NOTHING" if is_lenient else ""
    conn.exec_driver_sql(f"{into} VALUES ({marks}){end}", list(rows))
    return None


def one_of(conn: Connection, column: Column[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a text column holds one of any number of values.

    All go over as one parameter, so the statement stays the same however many there are.
    """
    if conn.dialect.name == "postgresql":
        return column == any_(cast(list(values), postgresql.ARRAY(Text)))
    each = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(each.c.value))


def clock_seconds(kind: str) -> ColumnElement[int]:
    """Return the clock of a kind of database in unix seconds: the one that all machines share."""
    if kind == "postgresql":
        return cast(func.floor(func.extract("epoch", func.clock_timestamp())), BigInteger)
    return cast(func.strftime("%s", "now"), BigInteger)


def _sqlite_path(address: URL, root: Path) -> Path:
    if not address.database or address.database == ":memory:" or address.query:
        raise StoreError(
            "[database] url must name a file, since several processes share it", hint=_EXAMPLE
        )
    return (root / address.database).resolve()


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        known = explain(error, engine) if is_of_database(error) else None
        if known is None:
            raise
        raise known from error
