"""A pace that is halved when a receiver asks for it, and grows back by itself."""

import pytest

from publisher.delivery.pace import SLOWEST, Pace
from publisher.delivery.sender.groups import Groups
from publisher.delivery.smtp.servers import Health
from publisher.settings.model import Receivers


def served(pace, seconds, start=0.0):
    """Return how many messages go within some seconds to somebody who never tires."""
    at, count = start, 0
    while at < start + seconds:
        at += pace.reserve(at) + 0.001
        count += 1
    return count


def test_nobody_waits_without_a_limit():
    pace = Pace()
    assert [pace.reserve(at) for at in (0, 0, 0)] == [0, 0, 0]
    assert pace.wait_seconds(0) == 0


def test_messages_are_spaced_by_what_the_site_sets():
    pace = Pace(most=20)
    assert [round(pace.reserve(0), 3) for _ in range(3)] == [0, 0.05, 0.1]
    assert served(Pace(most=20), 10) == pytest.approx(200, abs=2)


def test_too_fast_halves_what_was_measured_and_quiet_brings_it_back():
    pace = Pace()
    assert served(pace, 5) > 4000
    pace.slower(5.0)
    first = served(pace, 1, 5.0)
    assert 400 < first < 700
    assert pace.learnt(5.5) is not None
    assert pace.learnt(40.0) is None
    assert pace.wait_seconds(40.0) == 0


def test_again_and_again_never_stops_it_altogether():
    pace = Pace(most=1)
    for _ in range(40):
        pace.slower(0.0)
    assert pace.learnt(0.0) == SLOWEST


def test_a_limit_of_the_site_holds_while_the_learnt_one_grows():
    pace = Pace(most=10)
    pace.slower(0.0)
    assert served(pace, 1, 0.0) <= 7
    assert served(pace, 1, 60.0) == pytest.approx(10, abs=1)


def test_domains_of_one_provider_share_a_pace():
    groups = Groups({"small": Receivers(domains=["a.test", "B.test"], per_second=1)})
    waits = [groups.wait_seconds(f"x@{domain}", 0.0) for domain in ("a.test", "b.test", "c.test")]
    assert waits == [0, 1, 0]
    groups.slower("x@gmail.com", 0.0)
    assert groups.wait_seconds("y@googlemail.com", 0.0) > 0
    assert groups.wait_seconds("y@elsewhere.test", 0.0) == 0


def test_what_was_learnt_of_receivers_outlives_the_run():
    groups = Groups({})
    for n in range(500):
        groups.wait_seconds("x@gmail.com", n / 100)
    groups.slower("x@gmail.com", 5.0)
    learnt = groups.learnt(5.0)
    again = Groups({})
    again.recall(learnt, 0.0)
    assert set(learnt) == {"group:gmail"}
    assert again.learnt(0.0) == {"group:gmail": Health(per_second=learnt["group:gmail"].per_second)}
