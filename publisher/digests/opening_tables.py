"""The temporary tables of an opening: which segment is whose, kept beside the readers they join.

They belong to a connection and live as long as it, so that they are filled once for all chunks.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    CompoundSelect,
    Connection,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    and_,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.schema import DropTable

from publisher import delivery
from publisher.digests.changes import Audience
from publisher.digests.edition import purpose_of
from publisher.digests.readers import Span
from publisher.store import insert_many
from publisher.store.tables import Id, deliveries, folded, offered, segments, signatures

_OWNER = "publisher_opening"  # whose tables a connection has
_AT_ONCE = 10_000  # rows made at a time

_metadata = MetaData()


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, _metadata, *columns, prefixes=["TEMPORARY"], sqlite_with_rowid=False)


BODIES = _table(
    "edition_bodies",
    Column("signature_id", Id, primary_key=True, autoincrement=False),
    Column("told", Integer, primary_key=True, autoincrement=False),
    Column("body_id", Id, nullable=False),  # or NOTHING
)
ZONES = _table(
    "edition_zones",
    Column("time_zone", Text, primary_key=True),
    Column("next_at", BigInteger, nullable=False),
)
CHUNK = _table(
    "edition_chunk",
    Column("body_id", Id, primary_key=True, autoincrement=False),  # or NOTHING, UNPLANNED
    Column("subscriber_id", Id, primary_key=True, autoincrement=False),
    Column("signature_id", Id, nullable=False),
    Column("told", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
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
UNPLANNED, NOTHING = 0, -1  # instead of a body: not known yet, and none
COLUMNS = ("body_id", "subscriber_id", "signature_id", "told", "next_at")  # of CHUNK


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


def fill_bodies(conn: Connection, rows: Iterable[tuple[int, int, int]]) -> None:
    """Add the bodies of places: signature, told, body."""
    left: Iterator[tuple[int, int, int]] = iter(rows)
    while page := list(islice(left, _AT_ONCE)):
        insert_many(conn, BODIES, ("signature_id", "told", "body_id"), page)
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"ANALYZE {BODIES.name}"))


def fill_zones(conn: Connection, rows: Collection[tuple[str, int]]) -> None:
    """Say when the hour of an edition is for each zone."""
    insert_many(conn, ZONES, ("time_zone", "next_at"), list(rows))


def fill_chunk(conn: Connection, readers: Select[Any]) -> None:
    """Begin a chunk with these rows of its columns."""
    conn.execute(delete(CHUNK))
    conn.execute(insert(CHUNK).from_select(COLUMNS, readers))


def unplanned(conn: Connection) -> list[Row[Any]]:
    """Return signatures with `told` of readers in the chunk whose body is not known yet."""
    others = (
        select(CHUNK.c.signature_id, CHUNK.c.told)
        .where(CHUNK.c.body_id == UNPLANNED)
        .distinct()
        .subquery()
    )
    whose = signatures.c.id == others.c.signature_id
    return list(conn.execute(select(signatures, others.c.told).join(others, whose)))


def plan_rest(conn: Connection) -> None:
    """Give readers in the chunk their bodies, once those are known."""
    place = and_(BODIES.c.signature_id == CHUNK.c.signature_id, BODIES.c.told == CHUNK.c.told)
    body = select(BODIES.c.body_id).where(place).scalar_subquery()
    conn.execute(update(CHUNK).where(CHUNK.c.body_id == UNPLANNED).values(body_id=body))


def add_to_chunk(conn: Connection, rows: Sequence[tuple[int, int, int, int, int]]) -> None:
    """Add readers to the chunk one by one."""
    insert_many(conn, CHUNK, COLUMNS, rows)


def chunk_recipients() -> Select[Any]:
    """Select who of the chunk gets which body when; readers of one body are together."""
    c = CHUNK.c
    chosen = select(c.subscriber_id, c.body_id, c.next_at).where(c.body_id > 0)
    return chosen.order_by(c.body_id, c.subscriber_id)


def count_chunk(conn: Connection, edition_id: int) -> None:
    """Add the chunk's readers to the recipients of their segments."""
    mine = CHUNK.c.body_id == segments.c.body_id
    more = select(func.count()).select_from(CHUNK).where(mine).scalar_subquery()
    conn.execute(
        update(segments)
        .where(segments.c.edition_id == edition_id, exists().where(mine))
        .values(recipients=segments.c.recipients + more)
    )


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


def fill_told(conn: Connection, span: Span, numbers: Collection[int]) -> None:
    """Note who of a span is to be told what: had the item as it was, and not what changed.

    numbers   of the editions whose bodies say so
    """
    conn.execute(delete(TOLD))
    lost = [str(delivery.State.SKIPPED), str(delivery.State.FAILED)]
    had: Select[Any] | CompoundSelect[Any] = select(
        deliveries.c.subscriber_id, deliveries.c.body_id
    ).where(
        deliveries.c.purpose.in_([purpose_of(number) for number in numbers]),
        span.holds(deliveries.c.subscriber_id),
        deliveries.c.state.not_in(lost),
    )
    if _are_folded(conn, numbers):
        old = select(offered.c.subscriber_id, offered.c.body_id)
        had = union_all(had, old.where(span.holds(offered.c.subscriber_id)))
    mails = had.subquery()
    due = (
        select(mails.c.subscriber_id, _AUDIENCES.c.bit)
        .join(_AUDIENCES, _AUDIENCES.c.body_id == mails.c.body_id)
        .group_by(mails.c.subscriber_id, _AUDIENCES.c.bit)
        .having(func.min(_AUDIENCES.c.is_offered) == 1)
        .subquery()
    )
    bits = select(due.c.subscriber_id, func.sum(due.c.bit)).group_by(due.c.subscriber_id)
    conn.execute(insert(TOLD).from_select(["subscriber_id", "told"], bits))
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"ANALYZE {TOLD.name}"))


def _are_folded(conn: Connection, numbers: Collection[int]) -> bool:
    """Return whether the ledger alone does not say who had one of these editions."""
    old = folded.c.purpose.in_([purpose_of(number) for number in numbers])
    return conn.execute(select(folded.c.purpose).where(old).limit(1)).first() is not None
