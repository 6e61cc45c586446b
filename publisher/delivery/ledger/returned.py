"""What came back of deliveries: flags on rows that were sent, which never change their state."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from publisher.delivery.ledger.ledger import EDITIONS, seconds
from publisher.store.tables import bodies, deliveries, subscribers


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery, as a report about it needs it."""

    id: int
    purpose: str
    subscriber_id: int
    public_id: str
    address: str  # "" of who was erased
    digest: str  # "" of a letter


def delivered(conn: Connection, delivery_id: int) -> Delivered | None:
    """Return a delivery by its number; None when there is none, or it was folded long ago."""
    return _one(conn.execute(_QUERY.where(deliveries.c.id == delivery_id)).one_or_none())


def delivered_to(conn: Connection, subscriber_id: int) -> tuple[Delivered, ...]:
    """Return what editions somebody was sent, as far as they are on record, the newest first."""
    query = _QUERY.where(
        deliveries.c.subscriber_id == subscriber_id,
        deliveries.c.priority == EDITIONS,
        deliveries.c.settled_at.is_not(None),
    )
    rows = conn.execute(query.order_by(deliveries.c.settled_at.desc(), deliveries.c.id.desc()))
    return tuple(found for row in rows if (found := _one(row)))


def note_bounce(conn: Connection, delivery_id: int, now: datetime) -> None:
    """Flag a delivery as come back; the first time stays."""
    _flag(conn, "bounced_at", delivery_id, now)


def note_complaint(conn: Connection, delivery_id: int, now: datetime) -> None:
    """Flag a delivery as complained about; the first time stays."""
    _flag(conn, "complained_at", delivery_id, now)


def _flag(conn: Connection, name: str, delivery_id: int, now: datetime) -> None:
    column = deliveries.c[name]
    row = (deliveries.c.id == delivery_id) & column.is_(None)
    conn.execute(update(deliveries).where(row).values({name: seconds(now)}))


def _one(row: Any) -> Delivered | None:
    if row is None:
        return None
    return Delivered(
        row.id, row.purpose, row.subscriber_id, row.public_id, row.address or "", row.digest
    )


_QUERY = (
    select(
        deliveries.c.id,
        deliveries.c.purpose,
        deliveries.c.subscriber_id,
        subscribers.c.public_id,
        subscribers.c.address,
        bodies.c.digest,
    )
    .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    .join(bodies, bodies.c.id == deliveries.c.body_id)
)
