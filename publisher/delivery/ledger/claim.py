"""Take the next due deliveries: the mark `sending` and the check that each may be sent are one.

Delivery never asks a room above it: address and eligibility come by a join at the very moment.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    update,
)

from publisher.delivery.ledger.ledger import EDITIONS, IS_QUEUED, LETTERS, moment, seconds
from publisher.delivery.ledger.states import CANCELLED_CODE, HELD_CODE, State, move
from publisher.delivery.message.message import Recipient
from publisher.store import Prepared, among, clock_seconds, numbers
from publisher.store.tables import (
    bodies,
    deliveries,
    editions,
    segments,
    subscribers,
    subscriptions,
    suppressions,
)

LOOKED_UP_AHEAD = 200  # rows of editions found by one look
MOST_SKIPS = 200  # rows passed over in one transaction; others want to write too
LEASE = timedelta(seconds=60)  # after it others may take over what a silent worker had marked


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


def claim(
    conn: Connection,
    *,
    worker: str,
    now: datetime,
    count: int = 1,
    lease: timedelta = LEASE,
    ahead: deque[int] | None = None,
) -> tuple[list[Claim], int]:
    """Mark up to count due rows `sending` and return them, and how many before were skipped.

    Letters come before editions. The UPDATE that marks carries the condition that the recipient
    may still be mailed, so nothing lies between the check and the mark. No row and nothing
    skipped means that nothing is due.

    A row that came back to the queue while somebody stopped its edition is stopped here. On
    PostgreSQL others claim at the same time: what they are looking at is passed by, and a mark
    is good for a lease.

    ahead  rows of editions that were looked up ahead, kept by a caller that claims again and again
           where nobody else does; what became of them meanwhile is seen when they are marked
    """
    claims: list[Claim] = []
    skipped = 0
    while len(claims) < count and skipped < MOST_SKIPS:
        found = _due(conn, now, count - len(claims), ahead)
        if not found:
            break
        marked = _mark(conn, found, worker, now, lease)
        claims += marked
        if len(marked) < len(found):
            taken = {claimed.id for claimed in marked}
            for row_id in found:
                if row_id not in taken:
                    skipped += _pass_over(conn, row_id, now)
    return claims, skipped


def _due(conn: Connection, now: datetime, count: int, ahead: deque[int] | None) -> list[int]:
    # One look per priority: each starts at the right place of the index, whatever else waits.
    found = _look(conn, LETTERS, now, count)
    if ahead is None:
        return found + (
            _look(conn, EDITIONS, now, count - len(found)) if len(found) < count else []
        )
    while len(found) < count:
        if not ahead:
            # What was found a moment ago is not marked yet, and would be found once more.
            again = _look(conn, EDITIONS, now, LOOKED_UP_AHEAD + len(found))
            ahead += [row_id for row_id in again if row_id not in found]
        if not ahead:
            break
        found.append(ahead.popleft())
    return found


def _look(conn: Connection, priority: int, now: datetime, count: int) -> list[int]:
    wanted = {"priority": priority, "now": seconds(now), "count": count}
    return [row_id for (row_id,) in _NEXT.run(conn, wanted)]


def _mark(
    conn: Connection, found: Sequence[int], worker: str, now: datetime, lease: timedelta
) -> list[Claim]:
    length = int(lease.total_seconds())
    wanted = {"rows": numbers(conn, found), "now": seconds(now), "by": worker, "lease": length}
    made = {row[0]: _claimed(row, now) for row in _MARK.run(conn, wanted)}
    return [made[row_id] for row_id in found if row_id in made]


def _claimed(row: tuple[Any, ...], now: datetime) -> Claim:
    row_id, fence, purpose, body_id, attempts, doubts, queued_at, subscriber_id, *person = row
    public_id, address, languages, confirmed_at = person
    return Claim(
        id=row_id,
        fence=fence,
        purpose=purpose,
        body_id=body_id,
        attempt=attempts,
        doubts=doubts,
        queued_at=moment(queued_at),
        started_at=now,
        recipient=Recipient(
            subscriber_id=subscriber_id,
            public_id=public_id,
            address=address,
            languages=tuple(languages.split()),
            confirmed_at=None if confirmed_at is None else moment(confirmed_at),
            queued_at=moment(queued_at),
        ),
    )


def _pass_over(conn: Connection, row_id: int, now: datetime) -> bool:
    """Skip or hold a row that must not be sent; return whether it was one that could be taken."""
    if not conn.execute(_IS_DUE, {"row": row_id, "now": seconds(now)}).first():
        return False  # somebody stopped it or put it off since it was looked up
    why = _why_not(conn, row_id, now)
    if why == HELD_CODE:
        conn.execute(_HOLD, {"row": row_id})
    else:
        conn.execute(_SKIP, {"row": row_id, "now": seconds(now), "why": why})
    return True


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


def _next(kind: str) -> Select[Any]:
    return (
        select(deliveries.c.id)
        .where(
            IS_QUEUED,
            deliveries.c.priority == bindparam("priority"),
            deliveries.c.next_at <= bindparam("now"),
        )
        .order_by(deliveries.c.next_at, deliveries.c.id)
        .limit(bindparam("count"))
        .with_for_update(skip_locked=True)  # SQLite, where a writer is alone, leaves it out
    )


_NEXT = Prepared(_next)
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
_IS_STOPPED = or_(*(editions.c.state == literal_column(f"'{word}'") for word in _STOPPED))
_GOES_ON = ~_EDITION.where(_IS_STOPPED).exists()
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


def _of_subscriber(name: str) -> ColumnElement[Any]:
    """What SQLite can return of another table; both databases find the row by its key."""
    column = subscribers.c[name]
    found = select(column).where(subscribers.c.id == deliveries.c.subscriber_id)
    return found.scalar_subquery().label(name)


_MARK = Prepared(
    lambda kind: (
        update(deliveries)
        .where(
            among(kind, deliveries.c.id, "rows"),
            IS_QUEUED,
            deliveries.c.next_at <= bindparam("now"),
            _GOES_ON,
            _ELIGIBLE,
        )
        .values(
            state=literal_column(f"'{move('a delivery', State.QUEUED, State.SENDING)}'"),
            attempts=deliveries.c.attempts + 1,
            fence=deliveries.c.fence + 1,
            worker=bindparam("by"),
            lease_until_at=clock_seconds(kind) + bindparam("lease", type_=BigInteger),
        )
        .returning(
            deliveries.c.id,
            deliveries.c.fence,
            deliveries.c.purpose,
            deliveries.c.body_id,
            deliveries.c.attempts,
            deliveries.c.doubts,
            deliveries.c.queued_at,
            deliveries.c.subscriber_id,
            *map(_of_subscriber, ("public_id", "address", "languages", "confirmed_at")),
        )
    )
)
_IS_DUE = select(deliveries.c.id).where(
    deliveries.c.id == bindparam("row"), IS_QUEUED, deliveries.c.next_at <= bindparam("now")
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
