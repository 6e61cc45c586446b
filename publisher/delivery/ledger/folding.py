"""Fold old deliveries into numbers: how many were sent and skipped, of which body, and when.

What somebody may still ask about stays as it is: rows that failed, are held, were ever in doubt,
came back or were complained about. Of a message that was sent there remains, in `offered`, who had
which body: nothing comes twice because it was long ago. All else of such a row goes, its attempts
too. In chunks, so that nobody waits long for the database; stopped anywhere, it goes on there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    literal_column,
    select,
)

from publisher.delivery.ledger.ledger import LETTERS, seconds
from publisher.delivery.ledger.states import State
from publisher.store import insert_into, insert_many
from publisher.store.tables import attempts, deliveries, feedback, folded, offered

CHUNK = 1_000  # rows looked at in one transaction: about 0.04 s of a small machine
QUARTER = 900  # seconds; every time zone's months begin with a quarter of an hour
_AT_ONCE = 500  # numbers in one statement

_is_plain = and_(
    deliveries.c.state.in_([State.SENT, State.SKIPPED]),
    deliveries.c.doubts == 0,
    deliveries.c.bounced_at.is_(None),
    deliveries.c.complained_at.is_(None),
    ~exists().where(feedback.c.delivery_id == deliveries.c.id),
)
_is_letter = deliveries.c.priority == literal_column(str(LETTERS))


@dataclass(frozen=True, slots=True)
class Folded:
    """What one chunk came to."""

    rows: int  # that were folded
    after: int | None  # the subscriber to go on after, None: there are no more


def fold_purpose(conn: Connection, purpose: str, after: int = 0, *, size: int = CHUNK) -> Folded:
    """Fold the next deliveries of an edition, all of which are settled.

    after   the number of a subscriber, 0 to begin with
    """
    mine = (deliveries.c.purpose == purpose) & (deliveries.c.subscriber_id > after)
    number = deliveries.c.subscriber_id
    ahead = select(number).where(mine).order_by(number)
    last = conn.scalar(ahead.offset(size - 1).limit(1))
    chosen = _rows().where(mine, _is_plain)
    rows = conn.execute(chosen.where(number <= last) if last is not None else chosen).all()
    _fold(conn, rows, keeps_offers=True)
    return Folded(len(rows), last)


def fold_letters(conn: Connection, until: datetime, *, size: int = CHUNK) -> int:
    """Fold the next letters that were settled before a moment; return how many."""
    rows = conn.execute(_rows().where(_old_letters(until)).limit(size)).all()
    _fold(conn, rows, keeps_offers=False)
    return len(rows)


def has_old_letters(conn: Connection, until: datetime) -> bool:
    """Return whether `fold_letters` would find any."""
    old = select(deliveries.c.id).where(_old_letters(until)).limit(1)
    return conn.execute(old).first() is not None


def folded_counts(conn: Connection, purpose: str) -> dict[tuple[int, str], int]:
    """Return how many deliveries of a purpose were folded: (body, state) -> number."""
    rows = conn.execute(
        select(folded.c.body_id, folded.c.state, func.sum(folded.c.deliveries))
        .where(folded.c.purpose == purpose)
        .group_by(folded.c.body_id, folded.c.state)
    )
    return {(body, state): int(number) for body, state, number in rows}


def _rows() -> Select[Any]:
    moment = func.coalesce(deliveries.c.settled_at, deliveries.c.queued_at)
    columns = deliveries.c
    # Nobody may flag a row as bounced between our look at it and its end.
    return select(
        columns.id,
        columns.purpose,
        columns.subscriber_id,
        columns.body_id,
        columns.state,
        moment.label("at"),
    ).with_for_update(of=deliveries)


def _old_letters(until: datetime) -> ColumnElement[bool]:
    return and_(_is_letter, deliveries.c.settled_at < seconds(until), _is_plain)


def _fold(conn: Connection, rows: Sequence[Row[Any]], *, keeps_offers: bool) -> None:
    if not rows:
        return
    numbers = Counter(
        (row.purpose, row.body_id, row.state, row.at // QUARTER * QUARTER) for row in rows
    )
    _count(conn, numbers)
    if keeps_offers:
        had = [(row.subscriber_id, row.body_id) for row in rows if row.state == State.SENT]
        insert_many(conn, offered, ("subscriber_id", "body_id"), had, is_lenient=True)
    for page in _pages([row.id for row in rows]):
        conn.execute(delete(attempts).where(attempts.c.delivery_id.in_(page)))
        conn.execute(delete(deliveries).where(deliveries.c.id.in_(page)))


def _count(conn: Connection, numbers: Counter[tuple[str, int, str, int]]) -> None:
    new = insert_into(conn, folded)
    more = {"deliveries": folded.c.deliveries + new.excluded.deliveries}
    keys = ["purpose", "body_id", "state", "began_at"]
    rows = [{**dict(zip(keys, key, strict=True)), "deliveries": n} for key, n in numbers.items()]
    conn.execute(new.on_conflict_do_update(index_elements=keys, set_=more), rows)


def _pages(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _AT_ONCE):
        yield numbers[start : start + _AT_ONCE]
