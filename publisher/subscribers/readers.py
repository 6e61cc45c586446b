"""How many readers there are, and how many came and went between two moments: numbers, no names.

Counted by the database in a few whole sweeps, so that a million people take seconds.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from publisher.store import tables
from publisher.subscribers.subscriber import State
from publisher.subscribers.suppression import holds_at

_JOINED = ("added", "imported", "confirmed")  # the acts after which somebody gets mail
_LEFT = "unsubscribed"
_people, _subscriptions, _consents = tables.subscribers, tables.subscriptions, tables.consents
_suppressions = tables.suppressions


@dataclass(frozen=True, slots=True)
class Share:
    """The numbers of one language or one digest."""

    readers: int = 0  # now
    joined: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads: a reader counts for the first of their languages and for each of their digests."""

    total: Share
    by_language: dict[str, Share]
    by_digest: dict[str, Share]
    matrix: dict[tuple[str, str], int]  # (digest, language) -> readers now
    pending: int  # who have not agreed yet, now
    suppressed: int  # addresses never to be mailed, now
    newly_suppressed: dict[str, int]  # reason -> how many, between the two moments


def readers(conn: Connection, since: datetime, until: datetime, now: datetime) -> Readers:
    """Count readers as of now, and who joined and left from one moment until before another.

    A reader is active and not suppressed. Whoever joined, left and joined again counts once for
    each. Who ended one digest and kept another left that digest only.
    """
    here = _group(conn, _active(now).group_by(_people.c.languages))
    matrix = _matrix(conn, now)
    joined, left = _span(since, until, _joined()), _span(since, until, _left_all())
    came, went = _by_language(conn, joined), _by_language(conn, left)
    digest_came = _by_digest(conn, joined)
    digest_went = _by_digest(conn, left) + _left_one(conn, since, until)
    per_digest: Counter[str] = Counter()
    for (digest, _), number in matrix.items():
        per_digest[digest] += number
    pending = select(func.count()).where(_people.c.state == State.PENDING.value)
    return Readers(
        Share(here.total(), came.total(), went.total()),
        _shares(here, came, went),
        _shares(per_digest, digest_came, digest_went),
        matrix,
        conn.execute(pending).scalar_one(),
        conn.execute(select(func.count()).select_from(_suppressions).where(holds_at(now))).scalar()
        or 0,
        _newly_suppressed(conn, since, until),
    )


def _shares(here: Counter[str], came: Counter[str], went: Counter[str]) -> dict[str, Share]:
    names = sorted({*here, *came, *went}, key=lambda name: (-here[name], name))
    return {name: Share(here[name], came[name], went[name]) for name in names}


def _active(now: datetime) -> Select[Any]:
    blocked = exists().where(_suppressions.c.address_hash == _people.c.address_hash)
    return select(_people.c.languages, func.count()).where(
        _people.c.state == State.ACTIVE.value, ~blocked.where(holds_at(now))
    )


def _group(conn: Connection, query: Select[Any]) -> Counter[str]:
    """Return numbers by the first language of (languages, number) rows."""
    found: Counter[str] = Counter()
    for languages, number in conn.execute(query):
        found[languages.partition(" ")[0]] += number
    return found


def _matrix(conn: Connection, now: datetime) -> dict[tuple[str, str], int]:
    query = (
        _active(now)
        .join(_subscriptions, _subscriptions.c.subscriber_id == _people.c.id)
        .where(_subscriptions.c.active == 1)
        .group_by(_people.c.languages, _subscriptions.c.digest)
        .add_columns(_subscriptions.c.digest)
    )
    found: Counter[tuple[str, str]] = Counter()
    for languages, number, digest in conn.execute(query):
        found[digest, languages.partition(" ")[0]] += number
    return dict(found)


def _joined() -> ColumnElement[bool]:
    return _consents.c.act.in_(_JOINED)


def _left_all() -> ColumnElement[bool]:
    """Who let go of everything: an import's detail is its file, and one digest's is its name."""
    is_all = or_(_consents.c.detail == "", _consents.c.source == "import")
    return and_(_consents.c.act == _LEFT, is_all)


def _span(since: datetime, until: datetime, acts: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(
        acts,
        _consents.c.happened_at >= int(since.timestamp()),
        _consents.c.happened_at < int(until.timestamp()),
    )


def _by_language(conn: Connection, who: ColumnElement[bool]) -> Counter[str]:
    ids = select(_consents.c.subscriber_id).where(who)
    query = select(_people.c.languages, func.count()).where(_people.c.id.in_(ids))
    return _group(conn, query.group_by(_people.c.languages))


def _by_digest(conn: Connection, who: ColumnElement[bool]) -> Counter[str]:
    """Return numbers by the digests that these people have, or ended at that very moment."""
    ended_then = _subscriptions.c.changed_at == _consents.c.happened_at
    query = (
        select(_subscriptions.c.digest, func.count(_consents.c.subscriber_id.distinct()))
        .join(_consents, _consents.c.subscriber_id == _subscriptions.c.subscriber_id)
        .where(who, or_(_subscriptions.c.active == 1, ended_then))
    )
    return _counter(conn, query.group_by(_subscriptions.c.digest))


def _left_one(conn: Connection, since: datetime, until: datetime) -> Counter[str]:
    one = and_(_consents.c.act == _LEFT, _consents.c.detail != "", _consents.c.source != "import")
    query = select(_consents.c.detail, func.count(_consents.c.subscriber_id.distinct()))
    return _counter(conn, query.where(_span(since, until, one)).group_by(_consents.c.detail))


def _newly_suppressed(conn: Connection, since: datetime, until: datetime) -> dict[str, int]:
    query = (
        select(_suppressions.c.reason, func.count())
        .where(
            _suppressions.c.since_at >= int(since.timestamp()),
            _suppressions.c.since_at < int(until.timestamp()),
        )
        .group_by(_suppressions.c.reason)
        .order_by(_suppressions.c.reason)
    )
    return dict(_counter(conn, query))


def _counter(conn: Connection, query: Select[Any]) -> Counter[str]:
    return Counter({row[0]: row[1] for row in conn.execute(query)})
