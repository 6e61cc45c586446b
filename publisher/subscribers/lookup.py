"""Find people: one by address or by the id in a link, or many by what they chose."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Exists, Row, Select, exists, func, or_, select

from publisher.address import parse
from publisher.store import tables
from publisher.subscribers.subscriber import State, Subscriber, Subscription
from publisher.subscribers.suppression import holds_at

_PAGE = 1000  # people read at once
_people, _subscriptions = tables.subscribers, tables.subscriptions


def find(conn: Connection, address: str, now: datetime) -> Subscriber | None:
    """Return the subscriber with this address, in whatever case it is written.

    Raises AddressError.
    """
    return _one(conn, _query(now).where(_people.c.address_key == parse(address).key))


def find_by_public_id(conn: Connection, public_id: str, now: datetime) -> Subscriber | None:
    """Return the subscriber whom a signed link names."""
    return _one(conn, _query(now).where(_people.c.public_id == public_id))


def alone_with(conn: Connection, subscriber_id: int) -> None:
    """Be the only one who changes a subscriber until this transaction ends.

    Whoever changes their rows asks for it first: two who took the rows in another order would wait
    for each other, and PostgreSQL would undo one of them. SQLite has one writer anyway.
    """
    person = select(_people.c.id).where(_people.c.id == subscriber_id)
    conn.execute(person.with_for_update(key_share=True))


def people(
    conn: Connection,
    now: datetime,
    *,
    state: State | None = None,
    is_suppressed: bool = False,
    language: str = "",
    digest: str = "",
    category: str = "",
    since: datetime | None = None,
    search: str = "",
    limit: int | None = None,
) -> Iterator[Subscriber]:
    """Walk through everybody who is not erased, oldest first, in pages.

    is_suppressed  only those who are never mailed
    language       only those who have it among theirs
    digest         only those who get it
    category       only those who get it, in that digest if one is named; who chose none gets all
    since          only those who came at or after this moment
    search         only those whose address or name holds it, in whatever case
    limit          at most so many
    """
    query = _filtered(_query(now), state, language, digest, category)
    if is_suppressed:
        query = query.where(_blocked(now))
    if since is not None:
        query = query.where(_people.c.created_at >= int(since.timestamp()))
    if search:
        wanted = [_people.c.address, _people.c.name]
        query = query.where(or_(*(each.icontains(search, autoescape=True) for each in wanted)))
    last_id, left = 0, limit
    while left is None or left > 0:
        size = _PAGE if left is None else min(_PAGE, left)
        page = query.where(_people.c.id > last_id).order_by(_people.c.id).limit(size)
        rows = conn.execute(page).all()
        yield from _with_subscriptions(conn, rows)
        if len(rows) < size:
            return
        last_id = rows[-1].id
        left = None if left is None else left - size


def counts(conn: Connection) -> dict[str, dict[str, int]]:
    """Return how many people there are by "state", and active ones by "language" and "digest".

    A reader counts for the first of their languages.
    """
    by_state = select(_people.c.state, func.count()).group_by(_people.c.state)
    readers = _people.c.state == State.ACTIVE.value
    by_languages = select(_people.c.languages, func.count()).where(readers)
    by_digest = (
        select(_subscriptions.c.digest, func.count())
        .join(_people, _people.c.id == _subscriptions.c.subscriber_id)
        .where(readers, _subscriptions.c.active == 1)
        .group_by(_subscriptions.c.digest)
    )
    first: dict[str, int] = {}
    for languages, number in conn.execute(by_languages.group_by(_people.c.languages)):
        tag = languages.partition(" ")[0]
        first[tag] = first.get(tag, 0) + number
    return {
        "state": _numbers(conn, by_state),
        "language": first,
        "digest": _numbers(conn, by_digest),
    }


def active_count(conn: Connection, now: datetime, *, digest: str = "") -> int:
    """Return how many people would get mail now: active, not suppressed, and of this digest."""
    query = select(func.count()).select_from(_people)
    query = _filtered(query, State.ACTIVE, "", digest).where(~_blocked(now))
    return conn.execute(query).scalar_one()


def _numbers(conn: Connection, query: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in conn.execute(query)}


def _blocked(now: datetime) -> Exists:
    """Return the condition that somebody's address is suppressed."""
    same = tables.suppressions.c.address_hash == _people.c.address_hash
    return exists().where(same, holds_at(now))


def _query(now: datetime) -> Select[Any]:
    return select(_people, _blocked(now).label("is_suppressed")).where(
        _people.c.address_key.is_not(None)
    )


def _filtered(
    query: Select[Any], state: State | None, language: str, digest: str, category: str = ""
) -> Select[Any]:
    if state is not None:
        query = query.where(_people.c.state == state.value)
    if language:
        spaced = " " + _people.c.languages + " "
        query = query.where(spaced.contains(f" {language} ", autoescape=True))
    if digest or category:
        theirs = _subscriptions.c.subscriber_id == _people.c.id
        getting = [_subscriptions.c.active == 1]
        if digest:
            getting.append(_subscriptions.c.digest == digest)
        if category:
            spaced = " " + _subscriptions.c.categories + " "
            chosen = spaced.contains(f" {category} ", autoescape=True)
            getting.append(or_(_subscriptions.c.categories == "", chosen))
        query = query.where(exists().where(theirs, *getting))
    return query


def _one(conn: Connection, query: Select[Any]) -> Subscriber | None:
    return next(_with_subscriptions(conn, conn.execute(query).all()), None)


def _with_subscriptions(conn: Connection, rows: Sequence[Row[Any]]) -> Iterator[Subscriber]:
    if not rows:
        return
    query = select(_subscriptions).where(
        _subscriptions.c.subscriber_id.in_([row.id for row in rows])
    )
    theirs: dict[tuple[int, int], list[Subscription]] = {}
    for row in conn.execute(query.order_by(_subscriptions.c.digest)):
        subscription = Subscription(
            row.digest, tuple(row.kinds.split()), tuple(row.categories.split())
        )
        theirs.setdefault((row.subscriber_id, row.active), []).append(subscription)
    for row in rows:
        active, left = (tuple(theirs.get((row.id, is_active), ())) for is_active in (1, 0))
        yield _subscriber(row, active, left)


def _subscriber(
    row: Row[Any], active: tuple[Subscription, ...], left: tuple[Subscription, ...]
) -> Subscriber:
    return Subscriber(
        id=row.id,
        public_id=row.public_id,
        address=row.address,
        name=row.name,
        languages=tuple(row.languages.split()),
        time_zone=row.time_zone,
        state=State(row.state),
        is_suppressed=bool(row.is_suppressed),
        originals=bool(row.originals),
        paused_until=_moment(row.paused_until),
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        confirmed_at=_moment(row.confirmed_at),
        subscriptions=active,
        left=left,
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
