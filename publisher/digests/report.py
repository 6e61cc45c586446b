"""A month in numbers: its editions, and what became of their deliveries. Nothing about people."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, func, select

from publisher.digests.stories import unix
from publisher.store.tables import bodies, deliveries, editions, folded

LETTERS = ""  # the digest that letters count under


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month in the site's time zone.

    editions    (digest, state) -> how many have their slot in it
    deliveries  (digest, language of the mail, state) -> how many were settled in it; those that
                are not settled count in the month they were queued
    doubted     digest -> of these, who may have got it twice or not at all
    came_back   digest -> how many came back in it, whenever they were sent
    complained  digest -> about how many somebody complained in it
    """

    editions: dict[tuple[str, str], int]
    deliveries: dict[tuple[str, str, str], int]
    doubted: dict[str, int]
    came_back: dict[str, int]
    complained: dict[str, int]


def month(conn: Connection, since: datetime, until: datetime) -> Month:
    """Count the editions and deliveries from one moment until before another.

    The database counts body by body, which is what keeps a million deliveries within seconds.
    """
    columns = editions.c
    held = select(columns.digest, columns.state, func.count()).where(
        columns.due_at >= unix(since), columns.due_at < unix(until)
    )
    found = {(row[0], row[1]): row[2] for row in conn.execute(held.group_by("digest", "state"))}
    counts: Counter[tuple[str, str, str]] = Counter()
    doubted: Counter[str] = Counter()
    for digest, language, state, number, doubts in conn.execute(_deliveries(since, until)):
        counts[digest, language, state] += number
        if doubts:
            doubted[digest] += doubts
    for digest, language, state, number in conn.execute(_folded(since, until)):
        counts[digest, language, state] += int(number)
    flags = (deliveries.c.bounced_at, deliveries.c.complained_at)
    came_back, complained = (_flagged(conn, flag, since, until) for flag in flags)
    return Month(found, dict(counts), dict(doubted), came_back, complained)


def _flagged(
    conn: Connection, flag: Column[Any], since: datetime, until: datetime
) -> dict[str, int]:
    """Return how many deliveries of each digest were flagged between two moments."""
    query = (
        select(bodies.c.digest, func.count())
        .select_from(deliveries)
        .join(bodies, bodies.c.id == deliveries.c.body_id)
        .where(flag >= unix(since), flag < unix(until))
        .group_by(bodies.c.digest)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def _deliveries(since: datetime, until: datetime) -> Any:
    moment = func.coalesce(deliveries.c.settled_at, deliveries.c.queued_at)
    per_body = (
        select(
            deliveries.c.body_id,
            deliveries.c.state,
            func.count().label("number"),
            func.count().filter(deliveries.c.doubts > 0).label("doubts"),
        )
        .where(moment >= unix(since), moment < unix(until))
        .group_by(deliveries.c.body_id, deliveries.c.state)
        .subquery()
    )
    return (
        select(
            bodies.c.digest,
            bodies.c.language,
            per_body.c.state,
            func.sum(per_body.c.number),
            func.sum(per_body.c.doubts),
        )
        .join(bodies, bodies.c.id == per_body.c.body_id)
        .group_by(bodies.c.digest, bodies.c.language, per_body.c.state)
    )


def _folded(since: datetime, until: datetime) -> Any:
    """Select what old deliveries were folded into; they were never in doubt."""
    return (
        select(bodies.c.digest, bodies.c.language, folded.c.state, func.sum(folded.c.deliveries))
        .join(bodies, bodies.c.id == folded.c.body_id)
        .where(folded.c.began_at >= unix(since), folded.c.began_at < unix(until))
        .group_by(bodies.c.digest, bodies.c.language, folded.c.state)
    )
