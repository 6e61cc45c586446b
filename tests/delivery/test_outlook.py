"""When what waits will be through, by the limits that hold and by what a server said."""

from datetime import timedelta

import pytest

from publisher.delivery import outlook
from publisher.delivery.ledger.limits import tally
from publisher.delivery.sender.memory import remember
from publisher.delivery.smtp.servers import Health
from publisher.settings.model import Delivery
from publisher.store import read, write

from .world import QUEUED, add_people, open_edition

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def waiting(db):
    """Ten messages that are due."""
    add_people(db, 10)
    open_edition(db)
    return db


def through(db, **limits):
    with read(db) as conn:
        found = outlook(conn, Delivery(**limits), QUEUED)
    assert found.waiting == 10
    return None if found.through_at is None else found.through_at - QUEUED


def test_without_limits_nobody_can_say(waiting):
    assert through(waiting) is None


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"per_second": 0.1}, timedelta(seconds=100)),
        ({"per_hour": 20}, timedelta(0)),
        ({"per_hour": 4}, 2 * HOUR),
        ({"per_day": 3}, 3 * DAY),
        ({"per_hour": 4, "per_day": 3}, 3 * DAY),
        ({"warm_up": "2/day"}, 2 * DAY),  # 2 today, 4 and 8 on the days after
    ],
)
def test_limits_say_when_all_will_have_left(waiting, limits, expected):
    assert through(waiting, **limits) == expected


def test_what_left_before_counts(waiting):
    with write(waiting) as conn:
        tally(conn, 4, QUEUED)
    assert through(waiting, per_hour=4) >= 3 * HOUR


def test_a_server_that_rests_is_told_with_its_words(waiting):
    said = "550 5.4.5 daily limit"
    with write(waiting) as conn:
        health = Health(failures=1, rest_seconds=3600, words=said)
        remember(conn, {"server:a:25": health}, QUEUED)
    with read(waiting) as conn:
        found = outlook(conn, Delivery(), QUEUED)
    assert (found.rests_until, found.through_at) == (QUEUED + HOUR, QUEUED + HOUR)
    assert found.words == said


def test_nothing_due_is_nothing_to_wait_for(small_db):
    with read(small_db) as conn:
        assert outlook(conn, Delivery(per_hour=1), QUEUED).through_at is None
