"""The temporary tables of an opening: which segment is whose, kept beside the readers they join.

They belong to a connection and live as long as it, so that they are filled once for all chunks.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.schema import DropTable

from publisher import delivery
from publisher.digests.changes import Audience
from publisher.digests.edition import purpose_of
from publisher.digests.readers import Span
from publisher.store import insert_many
from publisher.store.tables import Id, deliveries

_OWNER = "publisher_opening"  # whose tables a connection has
_AT_ONCE = 10_000  # rows made at a time

_metadata = MetaData()


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, _metadata, *columns, prefixes=["TEMPORARY"], sqlite_with_rowid=False)


BODIES = _table(
    "edition_bodies",
    Column("signature_id", Id, primary_key=True, autoincrement=False),
    Column("told", Integer, primary_key=True, autoincrement=False),
    Column("body_id", Id),  # NULL: nothing for them
)
ZONES = _table(
    "edition_zones",
    Column("time_zone", Text, primary_key=True),
    Column("next_at", BigInteger, nullable=False),
)
MOVERS = _table(
    "edition_movers",
    Column("subscriber_id", Id, primary_key=True, autoincrement=False),
    Column("body_id", Id, nullable=False),
)
TOLD = _table(
    "edition_told",
    Column("subscriber_id", Id, primary_key=True, autoincrement=False),
    Column("told", Integer, nullable=False),
)
_AUDIENCES = _table(
    "edition_audiences",
    Column("body_id", Id, primary_key=True, autoincrement=False),
    Column("bit", Integer, primary_key=True, autoincrement=False),
    Column("is_offered", Integer, nullable=False),
)
Place = tuple[int, int]  # a signature, and what its reader is to be told


def take(conn: Connection, owner: object) -> bool:
    """Have this owner's tables on a connection; return whether they are new, so still empty."""
    if conn.info.get(_OWNER) is owner:
        return False
    drop(conn)
    _metadata.create_all(conn, checkfirst=False)
    conn.info[_OWNER] = owner
    return True


def drop(conn: Connection) -> None:
    """Leave no table of an opening on this connection."""
    conn.info.pop(_OWNER, None)
    for table in _metadata.sorted_tables:
        conn.execute(DropTable(table, if_exists=True))


def fill_bodies(conn: Connection, rows: Iterable[tuple[int, int, int | None]]) -> None:
    """Add the bodies of places: signature, told, body."""
    left: Iterator[tuple[int, int, int | None]] = iter(rows)
    while page := list(islice(left, _AT_ONCE)):
        insert_many(conn, BODIES, ("signature_id", "told", "body_id"), page)
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"ANALYZE {BODIES.name}"))


def fill_zones(conn: Connection, rows: Collection[tuple[str, int]]) -> None:
    """Say when the hour of an edition is for each zone."""
    insert_many(conn, ZONES, ("time_zone", "next_at"), list(rows))


def fill_movers(conn: Connection, bodies: Mapping[int, int]) -> None:
    """Say which body each of these movers gets, and no others."""
    conn.execute(delete(MOVERS))
    insert_many(conn, MOVERS, ("subscriber_id", "body_id"), list(bodies.items()))


def fill_audiences(conn: Connection, audiences: Collection[Audience]) -> None:
    """Say which bodies each change's audience is known by, one bit a change."""
    rows = [
        {"body_id": body, "bit": 1 << place, "is_offered": is_offered}
        for place, audience in enumerate(audiences)
        for is_offered, bodies in ((1, audience.offered), (0, audience.knowing))
        for body in bodies
    ]
    if rows:
        conn.execute(insert(_AUDIENCES), rows)
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"ANALYZE {_AUDIENCES.name}"))


def fill_told(conn: Connection, span: Span, editions: Collection[int]) -> None:
    """Note who of a span is to be told what: had the item as it was, and not what changed.

    editions   those whose bodies say so
    """
    conn.execute(delete(TOLD))
    lost = [str(delivery.State.SKIPPED), str(delivery.State.FAILED)]
    due = (
        select(deliveries.c.subscriber_id, _AUDIENCES.c.bit)
        .join(_AUDIENCES, _AUDIENCES.c.body_id == deliveries.c.body_id)
        .where(
            deliveries.c.purpose.in_([purpose_of(number) for number in editions]),
            span.holds(deliveries.c.subscriber_id),
            deliveries.c.state.not_in(lost),
        )
        .group_by(deliveries.c.subscriber_id, _AUDIENCES.c.bit)
        .having(func.min(_AUDIENCES.c.is_offered) == 1)
        .subquery()
    )
    bits = select(due.c.subscriber_id, func.sum(due.c.bit)).group_by(due.c.subscriber_id)
    conn.execute(insert(TOLD).from_select(["subscriber_id", "told"], bits))
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"ANALYZE {TOLD.name}"))
