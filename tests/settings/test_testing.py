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
}


def test_nothing_is_wished_without_the_switch():
    assert wishes_of(WISHES) == Testing()


def test_wishes_are_read_with_the_switch():
    wishes = wishes_of({**WISHES, "PUBLISHER_TESTING": "1"})
    assert wishes.now == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert wishes.crash_at == 3
    assert wishes.reach == {"127.0.0.1:8081", "127.0.0.1:8082"}
    assert wishes.dns == ("127.0.0.1", 5353)
    assert len(wishes.notices()) == 4


def test_wrong_wishes_are_all_named():
    environ = {
        "PUBLISHER_TESTING": "1",
        "PUBLISHER_NOW": "soon",
        "PUBLISHER_CRASH_AT": "-1",
        "PUBLISHER_DNS": "localhost:53",
    }
    with pytest.raises(SettingsError) as caught:
        wishes_of(environ)
    assert [problem.path for problem in caught.value.problems] == [
        "PUBLISHER_NOW",
        "PUBLISHER_CRASH_AT",
        "PUBLISHER_DNS",
    ]


@pytest.mark.parametrize("place", ["127.0.0.1", ":53", "127.0.0.1:0x35", "300.0.0.1:53", "::1"])
def test_a_resolver_is_an_address_and_a_port(place):
    with pytest.raises(SettingsError, match="PUBLISHER_DNS"):
        wishes_of({"PUBLISHER_TESTING": "1", "PUBLISHER_DNS": place})
    wishes = wishes_of({"PUBLISHER_TESTING": "1", "PUBLISHER_DNS": "::1:53"})
    assert wishes.dns == ("::1", 53)


def test_a_clock_beyond_the_calendar_is_refused():
    with pytest.raises(SettingsError):
        wishes_of({"PUBLISHER_TESTING": "1", "PUBLISHER_NOW": "9999-12-31T00:00:00Z"})
