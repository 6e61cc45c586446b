"""Keep what was learnt of servers and receivers from one run to the next."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from publisher.delivery.ledger.ledger import seconds
from publisher.delivery.smtp.servers import Health
from publisher.store import insert_into
from publisher.store.tables import paces

FORGET_AFTER = timedelta(hours=6)  # a rate learnt longer ago says nothing of now


def recall(conn: Connection, now: datetime) -> dict[str, Health]:
    """Return what is still worth knowing, by name."""
    at = seconds(now)
    since = seconds(now - FORGET_AFTER)
    rows = conn.execute(select(paces).where(paces.c.changed_at > since))
    return {
        row.name: Health(row.per_second, row.failures, max(row.rests_until - at, 0), row.words)
        for row in rows
    }


def remember(conn: Connection, learnt: Mapping[str, Health], now: datetime) -> None:
    """Store what one run has learnt; what is well again is forgotten."""
    well = [name for name, health in learnt.items() if health == Health(words=health.words)]
    if well:
        conn.execute(delete(paces).where(paces.c.name.in_(well)))
    for name, health in learnt.items():
        if name in well:
            continue
        values = {
            "per_second": health.per_second,
            "failures": health.failures,
            "rests_until": seconds(now + timedelta(seconds=health.rest_seconds)),
            "words": health.words,
            "changed_at": seconds(now),
        }
        row = insert_into(conn, paces).values(name=name, **values)
        conn.execute(row.on_conflict_do_update(index_elements=[paces.c.name], set_=values))
