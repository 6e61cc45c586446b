"""Carry who left from a database into the older copy that replaces it: nobody comes back by it.

A copy knows nothing of what happened since it was made. Whoever unsubscribed, was erased,
suppressed, paused or left a digest meanwhile is so in the copy as well; nothing becomes laxer.
People are the same by the id in their links, or by the keyed hash of their address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.schema import DropTable

from publisher.store.tables import Id, consents, subscribers, subscriptions, suppressions
from publisher.subscribers.subscriber import State

_GONE = [State.UNSUBSCRIBED.value, State.ERASED.value]
_LEFT = "unsubscribed"  # the act in the record of consents


@dataclass(frozen=True, slots=True)
class Carried:
    """How many people became what in the copy."""

    unsubscribed: int = 0
    erased: int = 0
    suppressed: int = 0
    paused: int = 0
    left_a_digest: int = 0


_metadata = MetaData()


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, _metadata, *columns, prefixes=["TEMPORARY"])


_PEOPLE = _table(
    "before_people",
    Column("public_id", Text, primary_key=True),
    Column("address", Text),
    Column("address_key", Text),
    Column("address_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("languages", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("paused_until", BigInteger),
    Column("originals", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
    Column("copy_id", Id),  # who they are in the copy; NULL: not there
)
_LEAVINGS = _table(
    "before_leavings",
    Column("public_id", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
)
_ACTS = _table(
    "before_acts",
    Column("public_id", Text, nullable=False),
    *(
        Column(column.name, column.type)
        for column in consents.c
        if column.name not in ("id", "subscriber_id")
    ),
)
_SUPPRESSED = _table(
    "before_suppressed",
    *(
        Column(column.name, column.type, primary_key=column.primary_key)
        for column in suppressions.c
    ),
)


def remember_departures(conn: Connection) -> None:
    """Keep aside, on this connection, who left by what the database says now."""
    _forget(conn)
    _metadata.create_all(conn, checkfirst=False)
    own = [column.name for column in _PEOPLE.c if column.name != "copy_id"]
    gone = or_(subscribers.c.state.in_(_GONE), subscribers.c.paused_until.is_not(None))
    _fill(conn, _PEOPLE, own, select(*(subscribers.c[name] for name in own)).where(gone))
    mine = subscribers.c.id == subscriptions.c.subscriber_id
    left = select(subscribers.c.public_id, subscriptions.c.digest).join(subscribers, mine)
    _fill(conn, _LEAVINGS, ["public_id", "digest"], left.where(subscriptions.c.active == 0))
    names = [column.name for column in _ACTS.c]
    acts = select(subscribers.c.public_id, *(consents.c[name] for name in names[1:])).join(
        subscribers, subscribers.c.id == consents.c.subscriber_id
    )
    told = or_(consents.c.act == _LEFT, subscribers.c.state.in_(_GONE))
    _fill(conn, _ACTS, names, acts.where(told))
    names = [column.name for column in suppressions.c]
    _fill(conn, _SUPPRESSED, names, select(*suppressions.c))


def carry_departures(conn: Connection, now: datetime) -> Carried:
    """Make the database at least as strict as what `remember_departures` kept, and let go of it."""
    at = int(now.timestamp())
    _recognise(conn)
    known = _PEOPLE.c.copy_id.is_not(None)
    unsubscribed = _end(conn, State.UNSUBSCRIBED, ["active", "pending"], at)
    erased = _end(conn, State.ERASED, ["active", "pending", "unsubscribed"], at)
    paused = _pause(conn)
    left = _leave_digests(conn, at)
    strangers = conn.scalars(select(_PEOPLE.c.public_id).where(~known, _PEOPLE.c.state.in_(_GONE)))
    new = len(strangers.all())
    _add_strangers(conn)
    _add_acts(conn)
    suppressed = _suppress(conn)
    _forget(conn)
    return Carried(unsubscribed + new, erased, suppressed, paused, left)


def _recognise(conn: Connection) -> None:
    """Say who is who in the copy: by the id in links, else by the address."""
    same = subscribers.c.public_id == _PEOPLE.c.public_id
    conn.execute(update(_PEOPLE).values(copy_id=_one(select(subscribers.c.id).where(same))))
    same = subscribers.c.address_hash == _PEOPLE.c.address_hash
    newest = _one(select(func.max(subscribers.c.id)).where(same))
    conn.execute(update(_PEOPLE).where(_PEOPLE.c.copy_id.is_(None)).values(copy_id=newest))


def _end(conn: Connection, state: State, before: Sequence[str], at: int) -> int:
    """Bring people of the copy into a state they had."""
    them = select(_PEOPLE.c.copy_id).where(_PEOPLE.c.state == state.value)
    changes: dict[str, Any] = {"state": state.value, "changed_at": at}
    if state is State.ERASED:
        changes |= {"address": None, "address_key": None, "name": ""}
    mine = subscribers.c.state.in_(before), subscribers.c.id.in_(_not_null(them))
    return conn.execute(update(subscribers).where(*mine).values(**changes)).rowcount


def _pause(conn: Connection) -> int:
    until = select(func.max(_PEOPLE.c.paused_until)).where(_PEOPLE.c.copy_id == subscribers.c.id)
    longer = _PEOPLE.c.paused_until > func.coalesce(subscribers.c.paused_until, 0)
    mine = exists().where(_PEOPLE.c.copy_id == subscribers.c.id, longer)
    return conn.execute(update(subscribers).where(mine).values(paused_until=_one(until))).rowcount


def _leave_digests(conn: Connection, at: int) -> int:
    them = exists().where(
        subscribers.c.id == subscriptions.c.subscriber_id,
        _LEAVINGS.c.public_id == subscribers.c.public_id,
        _LEAVINGS.c.digest == subscriptions.c.digest,
    )
    ended = update(subscriptions).where(subscriptions.c.active == 1, them)
    return conn.execute(ended.values(active=0, changed_at=at)).rowcount


def _add_strangers(conn: Connection) -> None:
    """Add who came and left since: an import must not bring them back."""
    names = [column.name for column in _PEOPLE.c if column.name != "copy_id"]
    unknown = _PEOPLE.c.copy_id.is_(None) & _PEOPLE.c.state.in_(_GONE)
    _fill(conn, subscribers, names, select(*(_PEOPLE.c[name] for name in names)).where(unknown))


def _add_acts(conn: Connection) -> None:
    """Add to the record what it lacks of these people's leaving."""
    person = func.coalesce(_PEOPLE.c.copy_id, subscribers.c.id)
    names = [column.name for column in _ACTS.c if column.name != "public_id"]
    facts = [_ACTS.c[name] for name in names]
    told = exists().where(
        consents.c.subscriber_id == person, *(consents.c[name] == _ACTS.c[name] for name in names)
    )
    is_new = and_(_PEOPLE.c.copy_id.is_(None), _PEOPLE.c.public_id.is_not(None))
    missing = (
        select(person, *facts)
        .select_from(_ACTS)
        .join(_PEOPLE, _PEOPLE.c.public_id == _ACTS.c.public_id, isouter=True)
        .join(subscribers, subscribers.c.public_id == _ACTS.c.public_id, isouter=True)
        .where(person.is_not(None), or_(_ACTS.c.act == _LEFT, is_new), ~told)
        .order_by(_ACTS.c.happened_at)
    )
    _fill(conn, consents, ["subscriber_id", *names], missing)


def _suppress(conn: Connection) -> int:
    same = suppressions.c.address_hash == _SUPPRESSED.c.address_hash
    longest = _one(
        select(
            case(
                (or_(_SUPPRESSED.c.until_at.is_(None), suppressions.c.until_at.is_(None)), None),
                (_SUPPRESSED.c.until_at > suppressions.c.until_at, _SUPPRESSED.c.until_at),
                else_=suppressions.c.until_at,
            )
        ).where(same)
    )
    ends = suppressions.c.until_at.is_not(None), exists().where(same)
    conn.execute(update(suppressions).where(*ends).values(until_at=longest))
    names = [column.name for column in suppressions.c]
    unknown = select(*_SUPPRESSED.c).where(~exists().where(same))
    before = conn.scalar(select(func.count()).select_from(suppressions)) or 0
    _fill(conn, suppressions, names, unknown)
    return (conn.scalar(select(func.count()).select_from(suppressions)) or 0) - before


def _fill(conn: Connection, table: Table, names: Sequence[str], rows: Select[Any]) -> None:
    conn.execute(insert(table).from_select(list(names), rows))


def _one(query: Select[Any]) -> ColumnElement[Any]:
    return query.scalar_subquery()


def _not_null(query: Select[Any]) -> Select[Any]:
    return query.where(_PEOPLE.c.copy_id.is_not(None))


def _forget(conn: Connection) -> None:
    for table in _metadata.sorted_tables:
        conn.execute(DropTable(table, if_exists=True))
