"""Days whose Solar Hijri dates are known from Iranian calendars."""

from datetime import date, timedelta

import pytest

from publisher.render.solar import AFGHANISTAN, IRAN, solar


@pytest.mark.parametrize(
    ("gregorian", "expected"),
    [
        ((1979, 2, 11), (1357, 11, 22)),  # the revolution, a public holiday ever since
        ((2016, 3, 20), (1395, 1, 1)),
        ((2017, 3, 20), (1395, 12, 30)),  # a leap year's last day
        ((2021, 3, 20), (1399, 12, 30)),
        ((2021, 3, 21), (1400, 1, 1)),
        ((2023, 3, 21), (1402, 1, 1)),
        ((2023, 9, 19), (1402, 6, 28)),
        ((2023, 9, 22), (1402, 6, 31)),
        ((2023, 9, 23), (1402, 7, 1)),
        ((2024, 3, 19), (1402, 12, 29)),
        ((2024, 3, 20), (1403, 1, 1)),
        ((2025, 3, 20), (1403, 12, 30)),
        ((2025, 3, 21), (1404, 1, 1)),
        ((2029, 3, 20), (1408, 1, 1)),
    ],
)
def test_known_days(gregorian, expected):
    assert solar(date(*gregorian)) == expected


def test_every_day_follows_the_day_before():
    day, before = date(1990, 1, 1), solar(date(1989, 12, 31))
    while day.year < 2060:
        now = solar(day)
        is_next = now[:2] == before[:2] and now[2] == before[2] + 1
        is_new_month = now[2] == 1 and before[2] >= 29
        assert is_next or is_new_month, (day, before, now)
        day, before = day + timedelta(days=1), now


def test_each_country_has_its_twelve_months():
    assert len(set(IRAN)) == len(set(AFGHANISTAN)) == 12
