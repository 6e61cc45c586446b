"""How many messages may leave now: the limits per hour and day, and a slow beginning.

What left is counted per minute and per day in a table of its own, so a new process knows what the
last one sent, and several at once share one limit.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select

from publisher.delivery.ledger.ledger import IS_SENDING, moment, seconds
from publisher.settings.model import Delivery
from publisher.store import Prepared, insert_for
from publisher.store.tables import tallies

_MINUTE, _DAY = 60, 86_400
_KEEP_MINUTES_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many messages may leave now, and when there will be more."""

    left: int | None  # None: no limit
    again_at: datetime | None = None  # only when none is left


def is_limited(settings: Delivery) -> bool:
    """Return whether any limit is set that has to be looked up."""
    return bool(settings.per_hour or settings.per_day or settings.warm_up)


def allowance(conn: Connection, settings: Delivery, now: datetime) -> Allowance:
    """Return what the limits allow, given what left before and what is on its way.

    A minute counts as a whole, so never more leave in an hour than per_hour says.
    """
    under_way = conn.execute(select(func.count()).where(IS_SENDING)).scalar_one()
    found = [
        _within(conn, limit, window, now, under_way)
        for limit, window in (
            (settings.per_hour, timedelta(hours=1)),
            (settings.per_day, timedelta(days=1)),
        )
        if limit
    ]
    if settings.warm_up:
        found.append(_warming(conn, settings, now, under_way))
    blocked = [each.again_at for each in found if each.again_at]
    if blocked:
        return Allowance(0, max(blocked))
    return Allowance(min((each.left for each in found if each.left is not None), default=None))


def warm_up_today(conn: Connection, settings: Delivery, now: datetime) -> int:
    """Return what a new sender may send on a day: twice as many as on the last day it sent."""
    days = select(func.count()).where(tallies.c.span == "day", tallies.c.began_at < _midnight(now))
    first = int(settings.warm_up.partition("/")[0])
    return int(first * 2 ** min(conn.execute(days).scalar_one(), 40))


def tally(conn: Connection, count: int, now: datetime) -> None:
    """Note that so many messages left now."""
    at = seconds(now)
    for span, length in (("minute", _MINUTE), ("day", _DAY)):
        _TALLY.run(conn, {"span": span, "began_at": at - at % length, "sent": count})


def forget_minutes(conn: Connection, now: datetime) -> None:
    """Drop the minutes that no limit asks about any more; days are kept for the warm-up."""
    old = seconds(now - _KEEP_MINUTES_FOR)
    conn.execute(delete(tallies).where(tallies.c.span == "minute", tallies.c.began_at < old))


def _add(kind: str) -> Any:
    row = insert_for(kind, tallies).values(
        span=bindparam("span"), began_at=bindparam("began_at"), sent=bindparam("sent")
    )
    return row.on_conflict_do_update(
        index_elements=[tallies.c.span, tallies.c.began_at],
        set_={"sent": tallies.c.sent + row.excluded.sent},
    )


_TALLY = Prepared(_add)


def _within(
    conn: Connection, limit: int, window: timedelta, now: datetime, under_way: int
) -> Allowance:
    since = seconds(now - window)
    minutes = (tallies.c.span == "minute") & (tallies.c.began_at > since - _MINUTE)
    sent = conn.execute(select(func.coalesce(func.sum(tallies.c.sent), 0)).where(minutes))
    left = limit - int(sent.scalar_one()) - under_way
    if left > 0:
        return Allowance(left)
    # Room comes when the oldest minute with messages leaves the window.
    oldest = conn.execute(select(func.min(tallies.c.began_at)).where(minutes)).scalar_one()
    return Allowance(0, _after(oldest, window, now))


def _after(oldest: int | None, window: timedelta, now: datetime) -> datetime:
    if oldest is None:
        return now + timedelta(seconds=1)
    return moment(oldest + _MINUTE) + window


def _warming(conn: Connection, settings: Delivery, now: datetime, under_way: int) -> Allowance:
    today = _midnight(now)
    sent_today = conn.execute(
        select(func.coalesce(func.sum(tallies.c.sent), 0)).where(
            tallies.c.span == "day", tallies.c.began_at >= today
        )
    ).scalar_one()
    left = warm_up_today(conn, settings, now) - int(sent_today) - under_way
    if left > 0:
        return Allowance(left)
    return Allowance(0, moment(today + _DAY))


def _midnight(now: datetime) -> int:
    return seconds(now) - seconds(now) % _DAY
