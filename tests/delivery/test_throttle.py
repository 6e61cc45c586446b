import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from publisher.delivery.throttle import Allowance, Pace, allowance
from publisher.settings.model import Delivery
from publisher.store import read, write
from publisher.store.tables import deliveries

from .world import QUEUED, add_people, open_edition


@pytest.fixture
def sent(db):
    """Four messages sent: 30, 20, 10 and 0 minutes before QUEUED."""
    add_people(db, 4)
    open_edition(db)
    with write(db) as conn:
        for n in range(1, 5):
            at = QUEUED - timedelta(minutes=10 * (4 - n))
            conn.execute(
                update(deliveries)
                .where(deliveries.c.id == n)
                .values(state="sent", settled_at=int(at.timestamp()))
            )
    return db


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, Allowance(None)),
        ({"per_hour": 10}, Allowance(6)),
        ({"per_hour": 10, "per_day": 7}, Allowance(3)),
        ({"per_hour": 4}, Allowance(0, QUEUED + timedelta(minutes=30))),
        ({"per_hour": 2}, Allowance(0, QUEUED + timedelta(minutes=50))),
        ({"per_hour": 4, "per_day": 4}, Allowance(0, QUEUED + timedelta(days=1, minutes=-30))),
    ],
)
def test_what_was_sent_within_the_window_counts(sent, limits, expected):
    with read(sent) as conn:
        assert allowance(conn, Delivery(**limits), QUEUED) == expected


def test_room_comes_back_when_the_window_moves_on(sent):
    with read(sent) as conn:
        later = QUEUED + timedelta(minutes=35)
        assert allowance(conn, Delivery(per_hour=4), later) == Allowance(1)


def test_messages_are_spaced():
    pace = Pace(20)
    started = time.monotonic()
    for _ in range(4):
        time.sleep(pace.wait_seconds())
        pace.went()
    assert time.monotonic() - started >= 0.15


def test_no_limit_never_waits():
    pace = Pace(0)
    pace.went()
    assert pace.wait_seconds() == 0
