"""Open a frozen edition: its segments, a reserved body for each, a delivery for every reader.

In chunks of subscriber numbers, each one transaction, so that nobody waits long for the database.
An edition remembers up to which subscriber it was opened: a process that was killed, or a second
one at the same time, goes on from there, and no reader is left out or written twice.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    func,
    literal,
    literal_column,
    select,
    update,
)

from publisher import delivery
from publisher.digests import opening_tables as own
from publisher.digests.changes import audiences
from publisher.digests.edition import (
    BY_EDITOR,
    BY_MOST,
    Edition,
    Frozen,
    State,
    read_edition,
    read_frozen,
)
from publisher.digests.opening_tables import BODIES, TOLD, ZONES
from publisher.digests.queue import moved_since
from publisher.digests.readers import Readers, Span, had, pages, preferences_of, span_after
from publisher.digests.reserving import Reserved
from publisher.digests.segment import Segment, Told
from publisher.digests.stories import unix
from publisher.digests.zones import Hours
from publisher.settings import reshaped
from publisher.store import let_others, read, write
from publisher.store.tables import editions, segments, signatures, subscribers
from publisher.store.tables import subscriptions as subscribed

if TYPE_CHECKING:
    from publisher.settings import Settings

MOST_NOTICES = 20  # changes one edition tells; a bit of a number each
CHUNK = 40_000  # subscribers per transaction: about half a second on a small machine
_NOTHING: ColumnElement[int] = literal_column("0")


def expand(
    engine: Engine, settings: "Settings", edition_id: int, now: datetime, *, chunk: int = CHUNK
) -> Edition:
    """Write the deliveries of a frozen edition, or hold it when it has too many items.

    Repeat-safe: what was begun is finished, what is done stays as it is.

    chunk   subscribers per transaction
    """
    with read(engine) as conn:
        edition, frozen = read_edition(conn, edition_id), read_frozen(conn, edition_id)
        shape = reshaped(frozen.settings, settings.root)
        most = settings.digests.get(edition.digest, shape.digests[edition.digest]).most
        opening = Opening(conn, edition, frozen, shape, now)
        largest = opening.largest(conn, most)
    with write(engine) as conn:
        is_done = not _may_open(conn, edition, largest, most) or not opening.has_readers
        if not is_done:
            opening.prepare(conn)
    while not is_done:
        with write(engine) as conn:
            is_done = opening.write_chunk(conn, chunk)
        if not is_done:
            let_others(engine)
    with write(engine) as conn:
        own.drop(conn)
        _finish(conn, edition, now)
        return read_edition(conn, edition_id)


class Opening:
    """The work of one process on one edition: which signature gets which segment."""

    def __init__(
        self,
        conn: Connection,
        edition: Edition,
        frozen: Frozen,
        shape: "Settings",
        now: datetime,
    ) -> None:
        """Prepare the work; `shape` is the settings that the edition froze."""
        self._edition, self._now = edition, now
        self._hours = Hours(edition, shape)
        self._readers = Readers(edition.digest, now, moved_since(shape, edition.digest, now))
        self._segmenter = frozen.segmenter()
        self._reserved = Reserved(edition, self._segmenter)
        told = [(notice.key, notice.language, notice.id) for notice in frozen.notices]
        self._audiences = audiences(conn, edition.digest, told[:MOST_NOTICES])
        self._telling = sorted({number for one in self._audiences for number in one.editions})
        self._owner = object()  # of temporary tables
        rows = conn.execute(self._readers.signatures(), execution_options={"yield_per": 5_000})
        segment = self._segmenter.segment
        self._planned = {row.id: segment(preferences_of(row)) for row in rows}
        movers = self._readers.within(None, subscribers.c.id, are_movers=True)
        self._has_movers = conn.execute(movers.limit(1)).first() is not None
        self.has_readers = any(self._planned.values()) or self._has_movers or bool(self._audiences)

    def largest(self, conn: Connection, most: int) -> int:
        """Return how many items the longest mail has; above `most` no other matters."""
        lengths = (len(segment.parts) for segment in self._planned.values() if segment)
        largest = max(lengths, default=0)
        movers = pages(self._readers.movers(conn)) if self._has_movers else iter(())
        for page in movers:
            if largest > most:
                break
            served = self._served(conn, [(row.subscriber_id, row, 0) for row in page])
            largest = max((largest, *(len(segment.parts) for segment in served.values())))
        return largest

    def write_chunk(self, conn: Connection, size: int) -> bool:
        """Write the deliveries of the next subscribers; return whether there are none left."""
        state, through = _progress(conn, self._edition.id)
        span = span_after(conn, through, size)
        if state != State.OPENING or span is None:
            return True
        self.prepare(conn)
        if self._audiences:
            own.fill_told(conn, span, self._telling)
        own.fill_chunk(conn, self._served_by_signature(span))
        self._plan_others(conn)
        own.add_to_chunk(conn, self._movers(conn, span))
        delivery.enqueue(
            conn,
            purpose=self._edition.purpose,
            recipients=own.chunk_recipients(),
            priority=delivery.EDITIONS,
            queued_at=self._now,
        )
        own.count_chunk(conn, self._edition.id)
        conn.execute(
            update(editions)
            .where(editions.c.id == self._edition.id)
            .values(opened_through=span.through)
        )
        return span.is_last

    def prepare(self, conn: Connection) -> None:
        """Have what all chunks share on this connection: bodies, and tables that say whose."""
        self._reserved.look_up(conn)
        if not own.take(conn, self._owner):
            return
        bodies = self._reserved.bodies_of(conn, self._planned)
        own.fill_bodies(
            conn, ((number, 0, bodies.get(number, own.NOTHING)) for number in self._planned)
        )
        own.fill_audiences(conn, self._audiences)
        if self._hours.are_own:
            own.fill_zones(conn, list(self._hours.by_zone(conn)))

    def _served_by_signature(self, span: Span) -> Select[Any]:
        """Select the chunk's rows of all but movers, with a body where one is planned."""
        signature = subscribed.c.signature_id
        chosen = self._with_told_and_hour(
            span, func.coalesce(BODIES.c.body_id, literal_column(str(own.UNPLANNED)))
        )
        mine = and_(BODIES.c.signature_id == signature, BODIES.c.told == self._told)
        return chosen.join(BODIES, mine, isouter=True)

    def _plan_others(self, conn: Connection) -> None:
        """Plan for whoever is to be told something, or signed up while the edition opened."""
        found = {
            (row.id, row.told): self._segmenter.segment(
                preferences_of(row), self._notices(row.told)
            )
            for row in own.unplanned(conn)
        }
        if found:
            bodies = self._reserved.bodies_of(conn, found)
            own.fill_bodies(conn, ((*place, bodies.get(place, own.NOTHING)) for place in found))
            own.plan_rest(conn)

    def _movers(self, conn: Connection, span: Span) -> list[tuple[int, int, int, int, int]]:
        """Return the chunk's rows of those who chose otherwise lately, by what each had before."""
        rows = conn.execute(self._with_told_and_hour(span, signatures, are_movers=True)).all()
        served = self._served(conn, [(row.subscriber_id, row, row.told) for row in rows])
        bodies = self._reserved.bodies_of(conn, served)
        return [
            (bodies[row.subscriber_id], row.subscriber_id, row.id, row.told, row.next_at)
            for row in rows
            if row.subscriber_id in bodies
        ]

    def _served(
        self, conn: Connection, movers: Iterable[tuple[int, Row[Any], int]]
    ) -> dict[int, Segment]:
        """Return the segment of each mover who gets anything: number, signature, told."""
        asked = list(movers)
        before = had(conn, self._edition.digest, [number for number, _, _ in asked])
        found = (
            (
                number,
                self._segmenter.mover_segment(
                    preferences_of(row), before.get(number, frozenset()), self._notices(told)
                ),
            )
            for number, row, told in asked
        )
        return {number: segment for number, segment in found if segment}

    def _notices(self, told: int) -> tuple[Told, ...]:
        """Return the notices that a number stands for, one bit each."""
        return tuple(
            audience.told for place, audience in enumerate(self._audiences) if told >> place & 1
        )

    @property
    def _told(self) -> ColumnElement[int]:
        """What a reader is to be told; TOLD is joined when there is anything to tell."""
        return func.coalesce(TOLD.c.told, _NOTHING) if self._audiences else _NOTHING

    def _with_told_and_hour(
        self, span: Span, *first: ColumnElement[Any] | Table, are_movers: bool = False
    ) -> Select[Any]:
        """Select readers of a span: what is asked for, then the other columns of the chunk."""
        due_at: ColumnElement[int] = literal(self._hours.first, BigInteger)
        if self._hours.are_own:
            # Somebody of a zone that came up while the edition opens gets it with the first.
            due_at = func.coalesce(ZONES.c.next_at, due_at)
        chosen = self._readers.within(
            span,
            *first,
            subscribers.c.id.label("subscriber_id"),
            subscribed.c.signature_id,
            self._told.label("told"),
            due_at.label("next_at"),
            are_movers=are_movers,
        )
        if are_movers:
            chosen = chosen.join(signatures, signatures.c.id == subscribed.c.signature_id)
        if self._audiences:
            chosen = chosen.join(TOLD, TOLD.c.subscriber_id == subscribers.c.id, isouter=True)
        if self._hours.are_own:
            mine = ZONES.c.time_zone == subscribers.c.time_zone
            chosen = chosen.join(ZONES, mine, isouter=True)
        return chosen


def _may_open(conn: Connection, edition: Edition, largest: int, most: int) -> bool:
    """Hold an edition that has too many items, or let one go that no longer has."""
    state, through = _progress(conn, edition.id)
    held_by = conn.scalar(select(editions.c.held_by).where(editions.c.id == edition.id))
    is_overruled = state == State.OPENING and held_by == BY_MOST  # an editor let it go
    is_decided = held_by == BY_EDITOR or is_overruled
    if state not in (State.OPENING, State.HELD) or through or is_decided:
        return state == State.OPENING
    note = ""
    if largest > most and not edition.is_extra:
        name = edition.digest
        note = (
            f"it has {largest} items for some readers, and most = {most}; if that is right, "
            f"publisher digest release {name}, or raise digests.{name}.most and send again"
        )
    changes = {"state": State.OPENING, "note": "", "held_by": ""}
    if note:
        changes = {"state": State.HELD, "note": note, "held_by": BY_MOST}
    conn.execute(update(editions).where(editions.c.id == edition.id).values(**changes))
    return not note


def _progress(conn: Connection, edition_id: int) -> tuple[str, int]:
    """Return an edition's state and how far it is open; its row is ours until the commit."""
    row = conn.execute(
        select(editions.c.state, editions.c.opened_through)
        .where(editions.c.id == edition_id)
        .with_for_update()
    ).one()
    return row.state, row.opened_through or 0


def _finish(conn: Connection, edition: Edition, now: datetime) -> None:
    """Let an edition go whose chunks are all written; with nobody to write to it is sent."""
    state, _ = _progress(conn, edition.id)
    if state != State.OPENING:
        return
    mine = segments.c.edition_id == edition.id, segments.c.recipients > 0
    has_readers = conn.scalar(select(segments.c.body_id).where(*mine).limit(1)) is not None
    values: dict[str, Any] = {"state": State.SENDING}
    if not has_readers:
        values = {"state": State.SENT, "closed_at": unix(now)}
    conn.execute(update(editions).where(editions.c.id == edition.id).values(**values))
