import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from publisher.ops import Clock

START = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_clock_runs_on_from_where_it_starts():
    clock = Clock(START)
    first = clock.now()
    time.sleep(0.01)
    assert START <= first < clock.now() < START + timedelta(minutes=1)
    assert not clock.is_real


def test_without_a_start_it_is_the_machines():
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert Clock().is_real


def test_every_moment_is_utc():
    clock = Clock(START.astimezone(timezone(timedelta(hours=3))))
    assert clock.now().tzinfo is UTC


def test_a_moment_without_a_zone_is_no_start():
    with pytest.raises(ValueError, match="aware"):
        Clock(datetime(2026, 1, 1))
