from datetime import timedelta

import pytest

from publisher.delivery.ledger.limits import Allowance, allowance, forget_minutes, tally
from publisher.settings.model import Delivery
from publisher.store import read, write

from .world import QUEUED, add_people, open_edition


@pytest.fixture
def sent(db):
    """Four messages sent: 30, 20, 10 and 0 minutes before QUEUED."""
    with write(db) as conn:
        for n in range(4):
            tally(conn, 1, QUEUED - timedelta(minutes=10 * n))
    return db


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, Allowance(None)),
        ({"per_hour": 10}, Allowance(6)),
        ({"per_hour": 10, "per_day": 7}, Allowance(3)),
        ({"per_hour": 4}, Allowance(0, QUEUED + timedelta(minutes=31))),
        ({"per_hour": 4, "per_day": 4}, Allowance(0, QUEUED + timedelta(days=1, minutes=-29))),
    ],
)
def test_what_was_sent_within_the_window_counts(sent, limits, expected):
    with read(sent) as conn:
        assert allowance(conn, Delivery(**limits), QUEUED) == expected


def test_room_comes_back_when_the_window_moves_on(sent):
    with read(sent) as conn:
        later = QUEUED + timedelta(minutes=35)
        assert allowance(conn, Delivery(per_hour=4), later) == Allowance(1)


def test_what_is_on_its_way_counts_too(db):
    add_people(db, 3)
    open_edition(db)
    with write(db) as conn:
        conn.exec_driver_sql("UPDATE deliveries SET state = 'sending' WHERE id < 3")
        assert allowance(conn, Delivery(per_hour=3), QUEUED) == Allowance(1)
        assert allowance(conn, Delivery(per_hour=2), QUEUED).left == 0


def test_a_warm_up_doubles_with_each_day_of_mail(db):
    settings = Delivery(warm_up="100/day")
    with write(db) as conn:
        assert allowance(conn, settings, QUEUED) == Allowance(100)
        tally(conn, 100, QUEUED)
        midnight = QUEUED.replace(hour=0) + timedelta(days=1)
        assert allowance(conn, settings, QUEUED) == Allowance(0, midnight)
        assert allowance(conn, settings, QUEUED + timedelta(days=1)) == Allowance(200)
        assert allowance(conn, settings, QUEUED + timedelta(days=9)) == Allowance(200)
        tally(conn, 150, QUEUED + timedelta(days=9))
        assert allowance(conn, settings, QUEUED + timedelta(days=9)) == Allowance(50)
        assert allowance(conn, settings, QUEUED + timedelta(days=10)) == Allowance(400)


def test_old_minutes_are_forgotten_and_days_are_not(sent):
    with write(sent) as conn:
        forget_minutes(conn, QUEUED + timedelta(days=3))
        later = QUEUED + timedelta(days=3)
        assert allowance(conn, Delivery(warm_up="10/day"), later) == Allowance(20)
        assert conn.exec_driver_sql("SELECT count(*) FROM tallies").scalar_one() == 1
