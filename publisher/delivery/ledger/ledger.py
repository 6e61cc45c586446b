"""The ledger: one row per purpose and recipient, put in here and counted here.

"Never twice, never lost" is the unique key and the mark `sending`, which is committed before a
message leaves (`claim`) and taken away by the commit that records its answer (`record`).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    text,
)

from publisher.delivery.ledger.states import State
from publisher.store import Prepared, insert_for, insert_into
from publisher.store.prepared import Statement
from publisher.store.tables import deliveries, folded

LETTERS, EDITIONS = 0, 1  # priorities

# Written out rather than bound, so that both databases see that the partial indexes serve.
IS_QUEUED = deliveries.c.state == literal_column("'queued'")
IS_SENDING = deliveries.c.state == literal_column("'sending'")


@dataclass(frozen=True, slots=True)
class Totals:
    """A purpose's accounting; the parts always add up to the recipients."""

    recipients: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    held: int = 0
    in_doubt: int = 0
    waiting: int = 0
    doubted: int = 0  # of all these, who may have got it twice or, when held, at all


def enqueue(
    conn: Connection,
    *,
    purpose: str,
    recipients: Select[Any],
    priority: int,
    queued_at: datetime,
) -> int:
    """Queue one delivery for each row of (subscriber_id, body_id, next_at); return how many are new.

    Who has a row for this purpose already keeps it as it is, so doing it twice changes nothing.
    """
    chosen = recipients.add_columns(
        literal(purpose),
        literal(priority),
        literal(str(State.QUEUED)),
        literal(seconds(queued_at), deliveries.c.queued_at.type),
    )
    columns = ["subscriber_id", "body_id", "next_at", "purpose", "priority", "state", "queued_at"]
    # SQLite takes ON CONFLICT after a SELECT for a join's ON unless a WHERE stands between.
    statement = insert_into(conn, deliveries).from_select(columns, chosen.where(text("1 = 1")))
    keys = ["purpose", "subscriber_id"]
    made = conn.execute(
        statement.on_conflict_do_nothing(index_elements=keys),
        execution_options={"preserve_rowcount": True},
    )
    return made.rowcount


def enqueue_one(
    conn: Connection,
    *,
    purpose: str,
    subscriber_id: int,
    body_id: int,
    priority: int,
    queued_at: datetime,
) -> bool:
    """Queue one delivery, due at once; False when that person has a row for this purpose already."""
    at = seconds(queued_at)
    values = {
        "purpose": purpose,
        "subscriber_id": subscriber_id,
        "body_id": body_id,
        "priority": priority,
        "state": str(State.QUEUED),
        "queued_at": at,
        "next_at": at,
    }
    return bool(_QUEUED.run(conn, values))


def _queued(kind: str) -> Statement:
    names = ("purpose", "subscriber_id", "body_id", "priority", "state", "queued_at", "next_at")
    row = insert_for(kind, deliveries).values({name: bindparam(name) for name in names})
    return row.on_conflict_do_nothing(index_elements=["purpose", "subscriber_id"]).returning(
        deliveries.c.id
    )


_QUEUED = Prepared(_queued)


def totals(conn: Connection, purpose: str) -> Totals:
    """Return the accounting of one purpose, for instance `edition:17`; folded rows count on."""
    doubted = func.sum(case((deliveries.c.doubts > 0, 1), else_=0))
    counted = (
        select(deliveries.c.state, func.count(), doubted)
        .where(deliveries.c.purpose == purpose)
        .group_by(deliveries.c.state)
    )
    rows = [(State(state), count, int(doubts)) for state, count, doubts in conn.execute(counted)]
    found = Counter({state: count for state, count, _ in rows})
    old = select(folded.c.state, func.sum(folded.c.deliveries)).where(folded.c.purpose == purpose)
    for state, count in conn.execute(old.group_by(folded.c.state)):
        found[State(state)] += int(count)
    return Totals(
        recipients=sum(found.values()),
        sent=found.get(State.SENT, 0),
        failed=found.get(State.FAILED, 0),
        skipped=found.get(State.SKIPPED, 0),
        held=found.get(State.HELD, 0),
        in_doubt=found.get(State.IN_DOUBT, 0),
        waiting=found.get(State.QUEUED, 0) + found.get(State.SENDING, 0),
        doubted=sum(doubts for _, _, doubts in rows),
    )


def waiting(conn: Connection) -> tuple[int, datetime | None]:
    """Return how many rows wait, of all purposes, and when the first of them is due."""
    queued, first = conn.execute(
        select(func.count(), func.min(deliveries.c.next_at)).where(IS_QUEUED)
    ).one()
    under_way = conn.execute(select(func.count()).where(IS_SENDING)).scalar_one()
    return queued + under_way, None if first is None else moment(first)


def due(conn: Connection, now: datetime) -> int:
    """Return how many rows could be sent now."""
    return conn.execute(
        select(func.count()).where(IS_QUEUED, deliveries.c.next_at <= seconds(now))
    ).scalar_one()


def seconds(moment: datetime) -> int:
    """Return an aware moment as the tables keep it."""
    return int(moment.timestamp())


def moment(seconds: int) -> datetime:
    """Return the moment that a table keeps as seconds."""
    return datetime.fromtimestamp(seconds, UTC)
