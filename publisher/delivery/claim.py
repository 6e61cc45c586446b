"""Take the next due delivery: the mark `sending` and the check that it may still be sent are one.

Delivery never asks a room above it: address and eligibility come by a join at the very moment.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, exists, or_, select, update

from publisher.delivery.ledger import EDITIONS, IS_QUEUED, LETTERS, moment, seconds
from publisher.delivery.message import Recipient
from publisher.delivery.states import CANCELLED_CODE, HELD_CODE, State, move
from publisher.store.tables import (
    bodies,
    deliveries,
    editions,
    segments,
    subscribers,
    subscriptions,
    suppressions,
)

MOST_SKIPS = 200  # rows passed over in one transaction; others want to write too


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery that this sender, and nobody else, is about to make."""

    id: int
    fence: int  # a result counts only while the row still has this number
    purpose: str
    body_id: int
    attempt: int  # counted from 1
    doubts: int
    queued_at: datetime
    started_at: datetime
    recipient: Recipient


def claim(conn: Connection, *, worker: str, now: datetime) -> tuple[Claim | None, int]:
    """Mark the next due row `sending` and return it, and how many before it were skipped.

    Letters come before editions. The UPDATE that marks carries the condition that the recipient
    may still be mailed, so nothing lies between the check and the mark. No row and nothing
    skipped means that nothing is due.

    A row that came back to the queue while somebody stopped its edition is stopped here.
    """
    skipped = 0
    while skipped < MOST_SKIPS:
        row_id = _next_due(conn, now)
        if row_id is None:
            break
        marked = conn.execute(_MARK, {"row": row_id, "now": seconds(now), "by": worker})
        if marked.rowcount:
            return _claimed(conn, row_id, now), skipped
        why = _why_not(conn, row_id, now)
        if why == HELD_CODE:
            conn.execute(_HOLD, {"row": row_id})
        else:
            conn.execute(_SKIP, {"row": row_id, "now": seconds(now), "why": why})
        skipped += 1
    return None, skipped


def _next_due(conn: Connection, now: datetime) -> int | None:
    # One look per priority: each starts at the right place of the index, whatever else waits.
    for priority in (LETTERS, EDITIONS):
        found: int | None = conn.execute(
            _NEXT, {"priority": priority, "now": seconds(now)}
        ).scalar_one_or_none()
        if found is not None:
            return found
    return None


def _claimed(conn: Connection, row_id: int, now: datetime) -> Claim:
    row = conn.execute(_CLAIMED, {"row": row_id}).one()
    return Claim(
        id=row.id,
        fence=row.fence,
        purpose=row.purpose,
        body_id=row.body_id,
        attempt=row.attempts,
        doubts=row.doubts,
        queued_at=moment(row.queued_at),
        started_at=now,
        recipient=Recipient(
            subscriber_id=row.subscriber_id,
            public_id=row.public_id,
            address=row.address,
            languages=tuple(row.languages.split()),
            confirmed_at=None if row.confirmed_at is None else moment(row.confirmed_at),
        ),
    )


def _why_not(conn: Connection, row_id: int, now: datetime) -> str:
    row = conn.execute(_WHY, {"row": row_id, "now": seconds(now)}).one()
    if row.edition in _STOPPED:
        return _STOPPED[row.edition]
    if row.state == "erased" or row.address is None:
        return "erased"
    if row.is_suppressed:
        return "suppressed"
    if row.state != "active":
        return str(row.state)
    if row.paused_until is not None and row.paused_until > seconds(now):
        return "paused"
    return "unsubscribed"


_NEXT = (
    select(deliveries.c.id)
    .where(
        IS_QUEUED,
        deliveries.c.priority == bindparam("priority"),
        deliveries.c.next_at <= bindparam("now"),
    )
    .order_by(deliveries.c.next_at, deliveries.c.id)
    .limit(1)
)
_SUPPRESSED = exists().where(
    suppressions.c.address_hash == subscribers.c.address_hash,
    or_(suppressions.c.until_at.is_(None), suppressions.c.until_at > bindparam("now")),
)
_SUBSCRIBED = exists().where(
    subscriptions.c.subscriber_id == subscribers.c.id,
    subscriptions.c.digest == bodies.c.digest,
    subscriptions.c.active == 1,
)
# Words of the table of editions, which a room above this one writes.
_STOPPED = {"held": HELD_CODE, "cancelled": CANCELLED_CODE}
_EDITION = (
    select(editions.c.state)
    .join(segments, segments.c.edition_id == editions.c.id)
    .where(segments.c.body_id == deliveries.c.body_id)
)
_GOES_ON = ~_EDITION.where(editions.c.state.in_(list(_STOPPED))).exists()
_ELIGIBLE = exists().where(
    subscribers.c.id == deliveries.c.subscriber_id,
    bodies.c.id == deliveries.c.body_id,
    subscribers.c.address.is_not(None),
    ~_SUPPRESSED,
    or_(
        bodies.c.digest == "",  # a letter also goes to somebody who has not confirmed yet
        and_(
            subscribers.c.state == "active",
            or_(
                subscribers.c.paused_until.is_(None),
                subscribers.c.paused_until <= bindparam("now"),
            ),
            _SUBSCRIBED,
        ),
    ),
)
_MARK = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("row"),
        IS_QUEUED,
        _GOES_ON,
        _ELIGIBLE,
    )
    .values(
        state=str(move("a delivery", State.QUEUED, State.SENDING)),
        attempts=deliveries.c.attempts + 1,
        fence=deliveries.c.fence + 1,
        worker=bindparam("by"),
    )
)
_SKIP = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), IS_QUEUED)
    .values(
        state=str(move("a delivery", State.QUEUED, State.SKIPPED)),
        code=bindparam("why"),
        settled_at=bindparam("now"),
    )
)
_HOLD = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), IS_QUEUED)
    .values(state=str(move("a delivery", State.QUEUED, State.HELD)), code=HELD_CODE)
)
_CLAIMED = (
    select(
        deliveries,
        subscribers.c.public_id,
        subscribers.c.address,
        subscribers.c.languages,
        subscribers.c.confirmed_at,
    )
    .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    .where(deliveries.c.id == bindparam("row"))
)
_WHY = (
    select(
        subscribers.c.state,
        subscribers.c.address,
        subscribers.c.paused_until,
        _SUPPRESSED.label("is_suppressed"),
        _EDITION.scalar_subquery().label("edition"),
    )
    .join(deliveries, subscribers.c.id == deliveries.c.subscriber_id)
    .where(deliveries.c.id == bindparam("row"))
)
