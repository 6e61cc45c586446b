"""Erase a person: their rows go, a keyed hash stays, so that no list brings them back.

What the ledger counts stays without a name: its rows point at a subscriber of whom only the number,
the id in their links and the hash are left.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select, update

from publisher.store.tables import (
    attempts,
    consents,
    deliveries,
    feedback,
    subscribers,
    subscriptions,
    wishes,
)
from publisher.subscribers.consent import SIGNED_UP, Consent, record
from publisher.subscribers.lookup import alone_with
from publisher.subscribers.subscriber import State, Subscriber
from publisher.subscribers.suppression import suppress_hashes
from publisher.subscribers.wishes import drop_wishes

UNCONFIRMED_FOR = timedelta(days=30)
_MOST = 500  # people in one transaction


def erase(conn: Connection, who: Subscriber, now: datetime, *, source: str) -> None:
    """Erase a person and never mail their address again.

    The address is then gone from the tables; `store.scrub` takes it from what the file still holds.

    source   page, or operator
    """
    hashed = conn.scalars(
        select(subscribers.c.address_hash).where(subscribers.c.id == who.id)
    ).all()
    empty_person(conn, who.id, now)
    suppress_hashes(conn, hashed, now, reason="erased", note=source)
    record(conn, [(who.id, Consent("erased", source))], now)


def empty_person(conn: Connection, subscriber_id: int, now: datetime) -> None:
    """Leave of a person nothing but number, id and hash; what still waits for them is skipped."""
    alone_with(conn, subscriber_id)
    drop_wishes(conn, subscriber_id)
    for table in (subscriptions, consents):
        conn.execute(delete(table).where(table.c.subscriber_id == subscriber_id))
    theirs = select(deliveries.c.id).where(deliveries.c.subscriber_id == subscriber_id)
    conn.execute(update(attempts).where(attempts.c.delivery_id.in_(theirs)).values(answer=""))
    conn.execute(update(feedback).where(feedback.c.delivery_id.in_(theirs)).values(detail=""))
    conn.execute(
        update(subscribers)
        .where(subscribers.c.id == subscriber_id)
        .values(
            address=None,
            address_key=None,
            name="",
            languages="",
            time_zone="",
            originals=0,
            paused_until=None,
            confirmed_at=None,
            state=State.ERASED.value,
            changed_at=int(now.timestamp()),
        )
    )


def unconfirmed(conn: Connection, now: datetime) -> Mapping[int, str]:
    """Return the next ones to be forgotten, and their addresses: who never confirmed a sign-up.

    Whom an operator added or imported stays: nobody asked them to confirm.
    """
    found = select(subscribers.c.id, subscribers.c.address).where(_never_confirmed(now))
    return {row.id: row.address for row in conn.execute(found.limit(_MOST))}


def forget_unconfirmed(conn: Connection, ids: Collection[int], now: datetime) -> int:
    """Forget those of them who have not confirmed meanwhile; return how many."""
    theirs = select(subscribers.c.id).where(subscribers.c.id.in_(ids), _never_confirmed(now))
    found = conn.scalars(theirs).all()
    for subscriber_id in found:
        empty_person(conn, subscriber_id, now)
    return len(found)


def _never_confirmed(now: datetime) -> ColumnElement[bool]:
    before = int((now - UNCONFIRMED_FOR).timestamp())
    person = subscribers.c.id
    signed_up = exists().where(consents.c.subscriber_id == person, consents.c.act == SIGNED_UP)
    has_choices = exists().where(subscriptions.c.subscriber_id == person)
    waits = exists().where(wishes.c.subscriber_id == person)
    return and_(
        subscribers.c.state == State.PENDING.value,
        subscribers.c.changed_at < before,
        or_(signed_up, ~has_choices),
        ~waits,
    )
