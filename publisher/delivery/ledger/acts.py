"""What somebody may do to rows one by one: try them again, stop them, let them go.

A row that is being sent is never touched: its sender's answer counts. Every act is one UPDATE
that says which rows it may move, so doing it twice changes nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, update

from publisher.delivery.ledger.ledger import seconds
from publisher.delivery.ledger.rows import IS_IN_DOUBT, IS_STOPPED, Selection
from publisher.delivery.ledger.states import OPERATOR_CODE, STOPPED_CODES, State, move
from publisher.delivery.ledger.tries import try_anew
from publisher.store.tables import deliveries, editions, segments, subscribers, suppressions


class Act(StrEnum):
    """What is done to a row; also the words of the command."""

    RETRY = "retry"  # what failed, and what is held because it is in doubt
    HOLD = "hold"  # what waits
    RELEASE = "release"  # what somebody stopped


class Left(StrEnum):
    """Why a row stays as it is."""

    SENDING = "being sent"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    WAITS = "waits"
    STOPPED = "stopped"
    IN_DOUBT = "in doubt"
    EDITION_HELD = "its edition is held"
    EDITION_CANCELLED = "its edition was cancelled"
    SUPPRESSED = "suppressed"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Moved:
    """What an act came to."""

    rows: int
    left: Mapping[Left, int]
    purposes: tuple[str, ...]  # of rows that the act could move


_STATES = {
    State.SENDING: Left.SENDING,
    State.SENT: Left.SENT,
    State.SKIPPED: Left.SKIPPED,
    State.FAILED: Left.FAILED,
    State.QUEUED: Left.WAITS,
    State.HELD: Left.STOPPED,
    State.IN_DOUBT: Left.IN_DOUBT,
}
_MAY: dict[Act, frozenset[Left]] = {
    Act.RETRY: frozenset({Left.FAILED, Left.IN_DOUBT}),
    Act.HOLD: frozenset({Left.WAITS}),
    Act.RELEASE: frozenset({Left.STOPPED}),
}
_CONDITIONS: dict[Act, ColumnElement[bool]] = {
    Act.RETRY: or_(deliveries.c.state == State.FAILED, IS_IN_DOUBT),
    Act.HOLD: deliveries.c.state == State.QUEUED,
    Act.RELEASE: IS_STOPPED,
}
# Words of the table of editions, which a room above this one writes.
_CLOSED = {"held": Left.EDITION_HELD, "cancelled": Left.EDITION_CANCELLED}
_ERASED = exists().where(
    subscribers.c.id == deliveries.c.subscriber_id, subscribers.c.address.is_(None)
)


def act_on(conn: Connection, act: Act, selection: Selection, now: datetime) -> Moved:
    """Do something to all rows of a selection that it can be done to; count and explain the rest."""
    left: Counter[Left] = Counter()
    bodies: dict[str, int] = {}
    numbers: Counter[str] = Counter()
    for row in _groups(conn, selection):
        why = why_not(act, State(row.state), row.code or "")
        if why:
            left[why] += row.number
        else:
            bodies[row.purpose] = row.body_id  # of one edition, whichever it is
            numbers[row.purpose] += row.number
    for purpose, why in _stopped_editions(conn, bodies).items():
        if act is not Act.HOLD:
            left[why] += numbers.pop(purpose)
    purposes = tuple(numbers)
    which = [*selection.conditions(), _CONDITIONS[act], deliveries.c.purpose.in_(purposes)]
    if act is not Act.HOLD:
        for why, is_blocked in ((Left.ERASED, _ERASED), (Left.SUPPRESSED, _suppressed(now))):
            left[why] += _count(conn, [*which, is_blocked])
            which.append(~is_blocked)
    if act is Act.RETRY:
        try_anew(conn, which, now)
    changed = conn.execute(update(deliveries).where(*which).values(**_changes(act, now)))
    return Moved(changed.rowcount, {why: left[why] for why in Left if left[why]}, purposes)


def why_not(act: Act, state: State, code: str) -> Left | None:
    """Return why a row in this state cannot be moved so; None when it can.

    code   of the row; says of one that is held whether somebody stopped it
    """
    found = _STATES[state]
    if found is Left.STOPPED and code not in STOPPED_CODES:
        found = Left.IN_DOUBT
    return None if found in _MAY[act] else found


def _groups(conn: Connection, selection: Selection) -> Any:
    alike = deliveries.c.purpose, deliveries.c.state, deliveries.c.code
    counted = func.min(deliveries.c.body_id).label("body_id"), func.count().label("number")
    query = select(*alike, *counted).where(*selection.conditions()).group_by(*alike)
    return conn.execute(query).all()


def _stopped_editions(conn: Connection, bodies: Mapping[str, int]) -> dict[str, Left]:
    """Return the purposes whose whole edition an editor stopped."""
    states = conn.execute(
        select(segments.c.body_id, editions.c.state)
        .join(editions, editions.c.id == segments.c.edition_id)
        .where(segments.c.body_id.in_(bodies.values()), editions.c.state.in_(list(_CLOSED)))
    )
    found = {row.body_id: _CLOSED[row.state] for row in states}
    return {purpose: found[body] for purpose, body in bodies.items() if body in found}


def _count(conn: Connection, which: list[ColumnElement[bool]]) -> int:
    query = select(func.count()).select_from(deliveries).where(*which)
    return conn.execute(query).scalar_one()


def _suppressed(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        subscribers.c.id == deliveries.c.subscriber_id,
        suppressions.c.address_hash == subscribers.c.address_hash,
        or_(suppressions.c.until_at.is_(None), suppressions.c.until_at > seconds(now)),
    )


def _changes(act: Act, now: datetime) -> dict[str, Any]:
    if act is Act.HOLD:
        return {"state": move("a delivery", State.QUEUED, State.HELD), "code": OPERATOR_CODE}
    again = {"state": move("a delivery", State.HELD, State.QUEUED), "code": None}
    if act is Act.RELEASE:
        return again
    for before in (State.FAILED, State.IN_DOUBT):
        move("a delivery", before, State.QUEUED)
    return {**again, "settled_at": None, "next_at": seconds(now)}
