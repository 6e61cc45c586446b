"""Open a frozen edition: its segments, a reserved body for each, a delivery for every reader.

In chunks of subscriber numbers, each one transaction, so that nobody waits long for the database.
An edition remembers up to which subscriber it was opened: a process that was killed, or a second
one at the same time, goes on from there, and no reader is left out or written twice.
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from publisher import delivery
from publisher.digests.edition import (
    Edition,
    Frozen,
    State,
    read_edition,
    read_frozen,
)
from publisher.digests.segment import Segment
from publisher.digests.select import Preferences
from publisher.digests.stories import unix
from publisher.store import read, write
from publisher.store.tables import (
    Id,
    deliveries,
    editions,
    segments,
    signatures,
    subscribers,
    subscriptions,
    suppressions,
)

if TYPE_CHECKING:
    from publisher.settings import Settings

CHUNK = 50_000  # subscribers per transaction: about half a second on a small machine

_MAP = Table(
    "edition_bodies",
    MetaData(),
    Column("signature_id", Id, primary_key=True, autoincrement=False),
    Column("body_id", Id, nullable=False),
    prefixes=["TEMPORARY"],
)
_signature = subscriptions.c.signature_id


def expand(
    engine: Engine, settings: "Settings", edition_id: int, now: datetime, *, chunk: int = CHUNK
) -> Edition:
    """Write the deliveries of a frozen edition, or hold it when it has too many items.

    Repeat-safe: what was begun is finished, what is done stays as it is.

    chunk   subscribers per transaction
    """
    with read(engine) as conn:
        edition, frozen = read_edition(conn, edition_id), read_frozen(conn, edition_id)
        numbers = conn.scalars(_readers(edition.digest, now, _signature).distinct())
        opening = Opening(edition, frozen, _preferences(conn, set(numbers)), now)
    digest = settings.digests.get(edition.digest)
    most = digest.most if digest else frozen.most
    with write(engine) as conn:
        is_done = not _may_open(conn, edition, opening.largest, most) or not opening.planned
    while not is_done:
        with write(engine) as conn:
            is_done = opening.write_chunk(conn, chunk)
    with write(engine) as conn:
        _finish(conn, edition, now)
        return read_edition(conn, edition_id)


class Opening:
    """The work of one process on one edition: which signature gets which segment."""

    def __init__(
        self, edition: Edition, frozen: Frozen, readers: Mapping[int, Preferences], now: datetime
    ) -> None:
        self._edition, self._now = edition, now
        self._segmenter = frozen.segmenter()
        self._known = set(readers)
        self.planned = self._segmenter.segments(readers)
        self._bodies: dict[Segment, int] = {}

    @property
    def largest(self) -> int:
        """How many items the reader with most of them gets."""
        return max((len(segment.parts) for segment in self.planned.values()), default=0)

    def write_chunk(self, conn: Connection, size: int) -> bool:
        """Write the deliveries of the next subscribers; return whether there are none left."""
        state, through = _progress(conn, self._edition.id)
        upto = _end_of_chunk(conn, through, size)
        if state != State.OPENING or upto is None:
            return True
        span = and_(subscribers.c.id > through, subscribers.c.id <= upto)
        pairs = self._pairs(conn, span)
        if pairs:
            _MAP.create(conn)
            conn.execute(insert(_MAP), pairs)
            delivery.enqueue(
                conn,
                purpose=self._edition.purpose,
                recipients=self._recipients(span),
                priority=delivery.EDITIONS,
                queued_at=self._now,
            )
            _MAP.drop(conn)
        conn.execute(
            update(editions).where(editions.c.id == self._edition.id).values(opened_through=upto)
        )
        return False

    def _pairs(self, conn: Connection, span: ColumnElement[bool]) -> list[dict[str, int]]:
        """Return signature and body of all in a span who get anything."""
        found = _readers(self._edition.digest, self._now, _signature).where(span).distinct()
        numbers = set(conn.scalars(found))
        # Whoever changed preferences while the edition opened may have a signature of their own.
        strangers = _preferences(conn, numbers - self._known)
        self._known |= set(strangers)
        self.planned |= self._segmenter.segments(strangers)
        here = {number: self.planned[number] for number in sorted(numbers & self.planned.keys())}
        bodies = self._bodies_of(conn, {id(segment): segment for segment in here.values()})
        return [
            {"signature_id": number, "body_id": bodies[id(segment)]}
            for number, segment in here.items()
        ]

    def _bodies_of(self, conn: Connection, wanted: Mapping[int, Segment]) -> dict[int, int]:
        """Return the body of each segment, by the same keys; what is new is made."""
        self._look_up_bodies(conn)
        new = [segment for segment in wanted.values() if segment not in self._bodies]
        for segment in new:
            digest = self._edition.digest
            self._bodies[segment] = delivery.reserve_body(conn, segment.language, digest)
        if new:
            conn.execute(insert(segments), [self._row(segment) for segment in new])
        return {key: self._bodies[segment] for key, segment in wanted.items()}

    def _row(self, segment: Segment) -> dict[str, Any]:
        return {
            "edition_id": self._edition.id,
            "body_id": self._bodies[segment],
            "language": segment.language,
            "items": json.dumps(segment.to_json(), ensure_ascii=False),
            "recipients": 0,
        }

    def _look_up_bodies(self, conn: Connection) -> None:
        """Learn the segments that this edition has by now, also from other processes."""
        newest = max(self._bodies.values(), default=0)
        rows = conn.execute(
            select(segments).where(
                segments.c.edition_id == self._edition.id, segments.c.body_id > newest
            )
        )
        for row in rows:
            self._bodies[Segment.from_json(row.language, json.loads(row.items))] = row.body_id

    def _recipients(self, span: ColumnElement[bool]) -> Select[Any]:
        """Return who gets which body when; readers of one body stand together."""
        # Due since the slot: a clock that is a little behind after a crash must not make them wait.
        due_at = min(self._edition.slot.due_at, self._now)
        columns = (subscribers.c.id, _MAP.c.body_id, literal(unix(due_at)))
        return (
            _readers(self._edition.digest, self._now, *columns)
            .join(_MAP, _MAP.c.signature_id == _signature)
            .where(span)
            .order_by(_MAP.c.body_id, subscribers.c.id)
        )


def _readers(digest: str, now: datetime, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select from those who may get mail of a digest; the sender asks again before each message."""
    wants = and_(
        subscriptions.c.subscriber_id == subscribers.c.id,
        # Written so that no index on it serves: subscribers are walked in order, or each chunk
        # would look at all readers of the digest (1,000,000 readers: minutes on SQLite).
        subscriptions.c.digest + "" == digest,
        subscriptions.c.active == 1,
    )
    until_at = suppressions.c.until_at
    is_suppressed = exists().where(
        suppressions.c.address_hash == subscribers.c.address_hash,
        or_(until_at.is_(None), until_at > unix(now)),
    )
    paused_until = subscribers.c.paused_until
    return (
        select(*columns)
        .select_from(subscribers.join(subscriptions, wants))
        .where(
            subscribers.c.state == "active",
            or_(paused_until.is_(None), paused_until <= unix(now)),
            ~is_suppressed,
        )
    )


def _preferences(conn: Connection, numbers: Collection[int]) -> dict[int, Preferences]:
    """Return the preferences behind these signatures."""
    if not numbers:
        return {}
    rows = conn.execute(select(signatures))
    return {row.id: preferences_of(row) for row in rows if row.id in numbers}


def preferences_of(row: Row[Any]) -> Preferences:
    """Return the preferences of a row that has a signature's columns."""
    return Preferences(
        tuple(row.languages.split()), tuple(row.kinds.split()), tuple(row.categories.split())
    )


def _may_open(conn: Connection, edition: Edition, largest: int, most: int) -> bool:
    """Hold an edition that has too many items, or let one go that no longer has."""
    state, through = _progress(conn, edition.id)
    if state not in (State.OPENING, State.HELD) or through:
        return state == State.OPENING
    note = ""
    if largest > most:
        note = (
            f"it has {largest} items for some readers, and most = {most}; "
            f"if that is right, raise digests.{edition.digest}.most and send again"
        )
    state = State.HELD if note else State.OPENING
    conn.execute(update(editions).where(editions.c.id == edition.id).values(state=state, note=note))
    return state is State.OPENING


def _progress(conn: Connection, edition_id: int) -> tuple[str, int]:
    """Return an edition's state and how far it is open; its row is ours until the commit."""
    row = conn.execute(
        select(editions.c.state, editions.c.opened_through)
        .where(editions.c.id == edition_id)
        .with_for_update()
    ).one()
    return row.state, row.opened_through or 0


def _end_of_chunk(conn: Connection, through: int, size: int) -> int | None:
    """Return the last subscriber of the next chunk, None when nobody is left."""
    rest = select(subscribers.c.id).where(subscribers.c.id > through).order_by(subscribers.c.id)
    upto: int | None = conn.scalar(rest.offset(size - 1).limit(1))
    if upto is None:
        upto = conn.scalar(select(func.max(subscribers.c.id)).where(subscribers.c.id > through))
    return upto


def _finish(conn: Connection, edition: Edition, now: datetime) -> None:
    """Count each segment's readers and let the edition go; with nobody to write to it is sent."""
    state, _ = _progress(conn, edition.id)
    if state != State.OPENING:
        return
    counted = conn.execute(
        select(deliveries.c.body_id, func.count())
        .where(deliveries.c.purpose == edition.purpose)
        .group_by(deliveries.c.body_id)
    ).all()
    if counted:
        conn.execute(
            update(segments)
            .where(segments.c.body_id == bindparam("body"))
            .values(recipients=bindparam("count")),
            [{"body": body_id, "count": count} for body_id, count in counted],
        )
    values = {"state": State.SENDING} if counted else {"state": State.SENT, "closed_at": unix(now)}
    conn.execute(update(editions).where(editions.c.id == edition.id).values(**values))
