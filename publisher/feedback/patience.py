"""How long a mailbox may send everything back before its address is given up.

Full mailboxes are emptied and servers come back, so one soft bounce says little. Counted are the
editions somebody was sent, back from the one that came back now: all of them came back, at least
three, over at least two weeks. One that got through begins the count anew.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from publisher.delivery import EDITIONS, Delivered
from publisher.feedback.report import Kind
from publisher.store.tables import deliveries, feedback

FEWEST_EDITIONS = 3
SHORTEST = timedelta(days=14)
# Older deliveries that got through may have been folded, so what came back then proves no row.
LONGEST = timedelta(days=90)


def came_back_in_a_row(conn: Connection, last: Delivered) -> tuple[datetime, ...]:
    """Return when the editions were sent that came back softly one after the other, newest first.

    A bounce that was about us, or says nothing, neither counts nor breaks the row.
    """
    columns = deliveries.c
    sent_at = select(columns.settled_at).where(columns.id == last.id).scalar_subquery()
    kinds = select(feedback.c.kind).where(feedback.c.delivery_id == columns.id)
    rows = conn.execute(
        select(
            columns.settled_at,
            columns.bounced_at,
            kinds.where(feedback.c.kind == Kind.SOFT.value).limit(1).scalar_subquery(),
        )
        .where(
            columns.subscriber_id == last.subscriber_id,
            columns.priority == EDITIONS,
            columns.state == "sent",
            columns.settled_at <= sent_at,
            columns.settled_at > sent_at - int(LONGEST.total_seconds()),
        )
        .order_by(columns.settled_at.desc(), columns.id.desc())
    )
    found: list[int] = []
    for settled_at, bounced_at, soft in rows:
        if bounced_at is None:
            break
        if soft is not None:
            found.append(settled_at)
    return tuple(datetime.fromtimestamp(at, UTC) for at in found)


def is_enough(sent: tuple[datetime, ...]) -> bool:
    """Return whether so many editions over so long a time are proof that nobody reads there."""
    return len(sent) >= FEWEST_EDITIONS and sent[0] - sent[-1] >= SHORTEST
