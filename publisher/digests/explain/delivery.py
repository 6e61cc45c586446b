"""What the ledger knows of one person's mails: every attempt, and the server's own words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from publisher import delivery
from publisher.delivery import Attempt
from publisher.digests.edition import purpose_of
from publisher.digests.stories import moment_of
from publisher.store.tables import bodies, deliveries, editions, feedback, offered, segments


@dataclass(frozen=True, slots=True)
class CameBack:
    """One report about a delivery: a bounce or a complaint."""

    kind: str  # hard, soft, blocked, unclear or complaint
    received_at: datetime
    code: str
    words: str  # the other server's, without addresses


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """One row of the ledger."""

    id: int
    purpose: str  # "edition:17", or what a letter was for
    state: str
    code: str  # of the last answer, or why it was skipped
    attempts: int
    doubts: int  # how often no answer came, so that they may have got it
    queued_at: datetime
    next_at: datetime | None  # when it is next tried; only of one that waits
    settled_at: datetime | None
    remote_id: str
    message_id: str  # "" without the site's secret
    bounced_at: datetime | None
    complained_at: datetime | None
    failures: tuple[Attempt, ...]
    body_id: int
    digest: str  # "" for a letter
    is_folded: bool = False  # long ago: that they were sent it is all that is kept
    reports: tuple[CameBack, ...] = ()  # oldest first
    changed: tuple[str, ...] = ()  # what shapes a repeat's bytes and is not what it was


def deliveries_of(
    conn: Connection,
    subscriber_id: int,
    public_id: str,
    secret: bytes | None,
    domain: str,
    selectors: frozenset[str] = frozenset(),
) -> tuple[DeliveryFacts, ...]:
    """Return all a person was, is and will be sent, the newest first.

    secret     the site's lasting one, None when it is not there
    domain     of the sender, for messages that are not made yet
    selectors  of the DKIM keys that sign now
    """
    of_body = (bodies.c.digest, bodies.c.headers, bodies.c.composer, bodies.c.selectors)
    rows = conn.execute(
        select(deliveries, *of_body)
        .join(bodies, bodies.c.id == deliveries.c.body_id)
        .where(deliveries.c.subscriber_id == subscriber_id)
        .order_by(deliveries.c.id.desc())
    ).all()
    failures = delivery.attempts_of(conn, [row.id for row in rows])
    reports = _reports(conn, subscriber_id)
    recent = tuple(
        _facts(
            row,
            failures.get(row.id, ()),
            reports.get(row.id, ()),
            _identity(conn, row, row.purpose, public_id, secret, domain),
            _changed(row, selectors),
        )
        for row in rows
    )
    old = conn.execute(_folded(subscriber_id)).all()
    return (
        *recent,
        *(_folded_facts(conn, row, public_id, secret, domain) for row in old),
    )


def _folded(subscriber_id: int) -> Select[Any]:
    """Select what is kept of editions that went to somebody long ago, the newest first."""
    return (
        select(
            editions.c.id,
            editions.c.opened_at,
            bodies.c.id.label("body_id"),
            bodies.c.digest,
            bodies.c.headers,
        )
        .select_from(offered)
        .join(bodies, bodies.c.id == offered.c.body_id)
        .join(segments, segments.c.body_id == bodies.c.id)
        .join(editions, editions.c.id == segments.c.edition_id)
        .where(offered.c.subscriber_id == subscriber_id)
        .order_by(editions.c.id.desc())
    )


def _folded_facts(
    conn: Connection, row: Row[Any], public_id: str, secret: bytes | None, domain: str
) -> DeliveryFacts:
    purpose = purpose_of(row.id)
    return DeliveryFacts(
        id=0,
        purpose=purpose,
        state=delivery.State.SENT.value,
        code="",
        attempts=0,
        doubts=0,
        queued_at=moment_of(row.opened_at),
        next_at=None,
        settled_at=None,
        remote_id="",
        message_id=_identity(conn, row, purpose, public_id, secret, domain),
        bounced_at=None,
        complained_at=None,
        failures=(),
        body_id=row.body_id,
        digest=row.digest,
        is_folded=True,
    )


def _identity(
    conn: Connection,
    row: Row[Any],
    purpose: str,
    public_id: str,
    secret: bytes | None,
    domain: str,
) -> str:
    """Return the Message-ID: it follows from what is there, so it is not stored."""
    if secret is None:
        return ""
    if row.headers is not None:
        made = delivery.load_body(conn, row.body_id)
        if made is not None:
            domain = made.sender.rpartition("@")[2]
    return delivery.message_id(secret, purpose, public_id, domain)


def _changed(row: Row[Any], selectors: frozenset[str]) -> tuple[str, ...]:
    """Return what makes a further try of a message that was tried differ from the first."""
    if row.headers is None or not row.attempts:
        return ()
    found = []
    if row.composer != delivery.COMPOSER:
        found.append("the form that this version gives a message")
    if set(row.selectors.split()) != selectors:
        found.append("the DKIM keys that sign")
    return tuple(found)


def _reports(conn: Connection, subscriber_id: int) -> dict[int, tuple[CameBack, ...]]:
    """Return what came back of each of somebody's deliveries."""
    rows = conn.execute(
        select(feedback)
        .join(deliveries, deliveries.c.id == feedback.c.delivery_id)
        .where(deliveries.c.subscriber_id == subscriber_id)
        .order_by(feedback.c.id)
    )
    found: dict[int, tuple[CameBack, ...]] = {}
    for row in rows:
        one = CameBack(row.kind, moment_of(row.received_at), row.code, row.detail)
        found[row.delivery_id] = (*found.get(row.delivery_id, ()), one)
    return found


def _facts(
    row: Row[Any],
    failures: tuple[Attempt, ...],
    reports: tuple[CameBack, ...],
    identity: str,
    changed: tuple[str, ...],
) -> DeliveryFacts:
    return DeliveryFacts(
        id=row.id,
        purpose=row.purpose,
        state=row.state,
        code=row.code or "",
        attempts=row.attempts,
        doubts=row.doubts,
        queued_at=moment_of(row.queued_at),
        next_at=moment_of(row.next_at) if row.state == delivery.State.QUEUED else None,
        settled_at=_moment(row.settled_at),
        remote_id=row.remote_id or "",
        message_id=identity,
        bounced_at=_moment(row.bounced_at),
        complained_at=_moment(row.complained_at),
        failures=failures,
        body_id=row.body_id,
        digest=row.digest,
        reports=reports,
        changed=changed,
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment_of(seconds)
