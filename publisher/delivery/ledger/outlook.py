"""When what waits will be through: what the limits allow, and how long a server wants to rest."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from publisher.delivery.ledger.ledger import IS_QUEUED, moment, seconds
from publisher.delivery.ledger.limits import allowance, is_limited, warm_up_today
from publisher.settings.model import Delivery
from publisher.store.tables import deliveries, paces


@dataclass(frozen=True, slots=True)
class Outlook:
    """What waits in the ledger and is due, and when the last of it will have left at the earliest."""

    waiting: int
    through_at: datetime | None = None  # None: as fast as it goes
    rests_until: datetime | None = None  # when a server that refused us is asked again
    words: str = ""  # what it said


def outlook(conn: Connection, settings: Delivery, now: datetime) -> Outlook:
    """Return when all that is due now will have left."""
    resting = conn.execute(
        select(paces.c.rests_until, paces.c.words)
        .where(paces.c.name.startswith("server:"), paces.c.rests_until > seconds(now))
        .order_by(paces.c.rests_until.desc())
    ).first()
    rests_until = moment(resting.rests_until) if resting else None
    words = resting.words if resting else ""
    until = seconds(rests_until or now)
    due = select(func.count()).where(IS_QUEUED, deliveries.c.next_at <= until)
    left = conn.execute(due).scalar_one()
    if not left:
        return Outlook(0, None, rests_until, words)
    begins = rests_until or now
    ends = [begins] if resting else []
    if settings.per_second:
        ends.append(begins + timedelta(seconds=left / settings.per_second))
    if is_limited(settings):
        ends += _limited(conn, settings, left, begins, now)
    return Outlook(left, max(ends, default=None), rests_until, words)


def _limited(
    conn: Connection, settings: Delivery, left: int, begins: datetime, now: datetime
) -> list[datetime]:
    allowed = allowance(conn, settings, now)
    later = max(left - (allowed.left or 0), 0)
    if not later:
        return [begins]
    ends = [allowed.again_at or begins]
    for limit, window in (
        (settings.per_hour, timedelta(hours=1)),
        (settings.per_day, timedelta(days=1)),
    ):
        if limit:
            ends.append(begins + window * -(-later // limit))
    if settings.warm_up:
        ends.append(
            begins + timedelta(days=_days_of_warm_up(later, warm_up_today(conn, settings, now)))
        )
    return ends


def _days_of_warm_up(left: int, today: int) -> int:
    """Return how many days it takes when each allows twice as many as the one before."""
    days, limit = 0, today
    while left > 0:
        days, limit = days + 1, limit * 2
        left -= limit
    return days
