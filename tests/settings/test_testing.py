from datetime import UTC, datetime

import pytest

from publisher.errors import SettingsError
from publisher.settings import Testing
from publisher.settings import testing as wishes_of

WISHES = {
    "PUBLISHER_NOW": "2026-03-29T01:30:00Z",
    "PUBLISHER_CRASH_AT": "3",
    "PUBLISHER_REACH": "127.0.0.1:8081, 127.0.0.1:8082",
    "PUBLISHER_DNS": "127.0.0.1:5353",
    "PUBLISHER_REPLY_SECONDS": "2.5",
    "PUBLISHER_LEASE_SECONDS": "10",
}


def test_nothing_is_wished_without_the_switch():
    assert wishes_of(WISHES) == Testing()


def test_wishes_are_read_with_the_switch():
    wishes = wishes_of({**WISHES, "PUBLISHER_TESTING": "1"})
    assert wishes.now == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert wishes.crash_at == 3
    assert wishes.reach == {"127.0.0.1:8081", "127.0.0.1:8082"}
    assert wishes.dns == ("127.0.0.1", 5353)
    assert (wishes.reply_seconds, wishes.lease_seconds) == (2.5, 10)
    assert len(wishes.notices()) == 6


def test_wrong_wishes_are_all_named():
    wrong = ("soon", "-1", "localhost:53", "a while", "-2")
    names = ("NOW", "CRASH_AT", "DNS", "REPLY_SECONDS", "LEASE_SECONDS")
    environ = {f"PUBLISHER_{name}": word for name, word in zip(names, wrong, strict=True)}
    with pytest.raises(SettingsError) as caught:
        wishes_of({**environ, "PUBLISHER_TESTING": "1"})
    assert [problem.path for problem in caught.value.problems] == list(environ)


@pytest.mark.parametrize("place", ["127.0.0.1", ":53", "127.0.0.1:0x35", "300.0.0.1:53", "::1"])
def test_a_resolver_is_an_address_and_a_port(place):
    with pytest.raises(SettingsError, match="PUBLISHER_DNS"):
        wishes_of({"PUBLISHER_TESTING": "1", "PUBLISHER_DNS": place})
    wishes = wishes_of({"PUBLISHER_TESTING": "1", "PUBLISHER_DNS": "::1:53"})
    assert wishes.dns == ("::1", 53)


def test_a_clock_beyond_the_calendar_is_refused():
    with pytest.raises(SettingsError):
        wishes_of({"PUBLISHER_TESTING": "1", "PUBLISHER_NOW": "9999-12-31T00:00:00Z"})
