"""What the rule is told of an item: an item dated by day alone may mean that whole day."""

from datetime import UTC, datetime

import pytest

from publisher.content import open_library
from publisher.digests.stories import version_of

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("date", "date_end"),
    [
        ("2026-03-03", "2026-03-03T23:59:59+00:00"),
        ("2026-07-07", "2026-07-07T23:59:59+01:00"),
        ("2026-03-29", "2026-03-29T23:59:59+01:00"),  # 23 hours long in London
        ("2026-10-25", "2026-10-25T23:59:59+00:00"),  # 25 hours
        ("2026-03-03T10:00:00Z", "2026-03-03T10:00:00Z"),
    ],
)
@pytest.mark.parametrize("name", ["a", "b", "c"])  # each day's items appear at seconds of their own
def test_the_last_moment_a_date_can_mean(site, name, date, date_end):
    site.item(f"{name}.en.md", "Title", date)
    (item,) = open_library(site.settings, now=NOW).items
    assert version_of(item, site.settings.site.zone).date_end == seconds(date_end)


def test_what_is_dated_on_the_very_day_of_the_last_slot_is_not_from_before_the_start(house):
    # The weekly digest leaves on Tuesdays at 07:00; it starts on the Wednesday after one.
    reader = house.reader("emma", at=datetime(2026, 3, 4, 8, tzinfo=UTC))
    house.site.item("that-day.en.md", "That day", "2026-03-03")
    house.site.item("day-before.en.md", "The day before", "2026-03-02")
    house.open(datetime(2026, 3, 4, 9, tzinfo=UTC))
    house.open(datetime(2026, 3, 10, 8, tzinfo=UTC))
    assert house.received(reader) == [["that-day/en"]]
