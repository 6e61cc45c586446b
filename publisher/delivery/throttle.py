"""How fast and how much: the limits of a mail provider, kept over restarts.

Hours and days are counted in the ledger itself, so a new process knows what the last one sent.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from publisher.delivery.ledger import moment, seconds
from publisher.delivery.states import State
from publisher.settings.model import Delivery
from publisher.store.tables import deliveries


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many messages may leave now, and when there will be more."""

    left: int | None  # None: no limit
    again_at: datetime | None = None  # only when none is left


def allowance(conn: Connection, settings: Delivery, now: datetime) -> Allowance:
    """Return what per_hour and per_day allow, given what was sent within the last hour and day."""
    limits = [
        (limit, window)
        for limit, window in (
            (settings.per_hour, timedelta(hours=1)),
            (settings.per_day, timedelta(days=1)),
        )
        if limit
    ]
    found = [_within(conn, limit, window, now) for limit, window in limits]
    blocked = [each.again_at for each in found if each.again_at]
    if blocked:
        return Allowance(0, max(blocked))
    return Allowance(min((each.left for each in found if each.left is not None), default=None))


class Pace:
    """Spaces messages evenly for per_second; 0 lets them go as fast as the server takes them."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        self._next = 0.0

    def wait_seconds(self) -> float:
        """Return how long to wait before the next message."""
        return max(0.0, self._next - time.monotonic()) if self._gap else 0.0

    def went(self) -> None:
        """Note that a message leaves now."""
        self._next = time.monotonic() + self._gap


def _within(conn: Connection, limit: int, window: timedelta, now: datetime) -> Allowance:
    recent = (deliveries.c.state == str(State.SENT)) & (
        deliveries.c.settled_at > seconds(now - window)
    )
    sent = conn.execute(select(func.count()).where(recent)).scalar_one()
    if sent < limit:
        return Allowance(limit - sent)
    # Room comes when the oldest of the newest `limit` messages leaves the window.
    newest = select(deliveries.c.settled_at).where(recent).order_by(deliveries.c.settled_at.desc())
    oldest = conn.execute(newest.limit(1).offset(limit - 1)).scalar_one()
    return Allowance(0, moment(oldest) + window)
