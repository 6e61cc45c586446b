"""PostgreSQL's side of the store; imported only when the settings name it."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine
from sqlalchemy.engine import URL

from publisher.errors import StoreError

CONNECT_SECONDS = 10
# A server that vanished without a word (a power cut, a cable) is noticed after about 30 seconds;
# the system's own patience is two hours. On a socket of this machine they mean nothing.
_WATCH = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4}
CONNECT = {"connect_timeout": CONNECT_SECONDS, "application_name": "publisher", **_WATCH}


def plain_address(engine: Engine) -> str:
    """Return the engine's address as the driver itself takes it, password included."""
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def open_postgres(address: URL) -> Engine:
    """Return an engine that speaks through psycopg 3; connects when first used.

    Raises StoreError when psycopg is not installed.
    """
    try:
        return create_engine(
            address.set(drivername="postgresql+psycopg"),
            connect_args=CONNECT,
            pool_pre_ping=True,  # a server that was restarted costs a new connection, not an error
        )
    except ImportError as error:
        raise StoreError(
            "[database] url names PostgreSQL, but its driver psycopg is not installed",
            hint=f"run `{sys.executable} -m pip install 'publisher[postgres]'`",
        ) from error


def copy_rows(
    conn: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    is_lenient: bool,
) -> None:
    """Insert rows by COPY; lenient ones by way of a temporary table, since COPY knows no conflict."""
    names, target = ", ".join(columns), table.name
    if is_lenient:
        target = f"new_{table.name}"
        conn.exec_driver_sql(
            f"CREATE TEMP TABLE {target} ON COMMIT DROP AS SELECT {names} FROM {table.name} LIMIT 0"  # noqa: S608 our own names
        )
    raw: Any = conn.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY {target} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    if is_lenient:
        conn.exec_driver_sql(
            f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {target} ON CONFLICT DO NOTHING"  # noqa: S608 our own names
        )
        conn.exec_driver_sql(f"DROP TABLE {target}")


def copied_rows(conn: Connection, query: str) -> Iterator[Sequence[Any]]:
    """Yield the rows of a query by COPY, which is the fastest way out."""
    raw: Any = conn.connection.driver_connection
    with raw.cursor() as cursor:
        cursor.execute(f"{query} LIMIT 0")
        kinds = [column.type_code for column in cursor.description]
        with cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
            copy.set_types(kinds)
            yield from copy.rows()
