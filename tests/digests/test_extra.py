"""Editions outside the rhythm: their slots, their hours, and who is left out."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update

from publisher.digests import State
from publisher.store import read, tables, write
from tests.digests.conftest import DAY, House, utc

START = utc("2026-03-02T12:00")  # a Monday
FIRST = utc("2026-03-03T07:00")


def filled(house: House) -> None:
    house.site.item("a.en.md", "A")
    house.site.item("b.en.md", "B")
    house.open(START)


def hours(house: House) -> dict[int, datetime]:
    """When each subscriber's mail is due."""
    columns = tables.deliveries.c
    with read(house.db) as conn:
        rows = conn.execute(select(columns.subscriber_id, columns.next_at)).all()
    return {number: datetime.fromtimestamp(at, ZoneInfo("UTC")) for number, at in rows}


def test_it_goes_out_at_once_and_has_a_minute_for_its_name(house: House):
    reader = house.reader("one")
    filled(house)
    now = START + timedelta(minutes=5, seconds=30)
    acted = house.extra(["a"], now)
    assert (acted.slot.local, acted.slot.due_at) == ("2026-03-02T12:05", now)
    assert (acted.edition.state, acted.edition.is_extra) == (State.SENDING, True)
    assert (acted.opened.stories, acted.opened.recipients) == (1, 1)
    assert hours(house) == {reader: now}
    assert house.received(reader) == [["a/en"]]


def test_two_in_one_minute_have_two_names(house: House):
    house.reader("one")
    filled(house)
    named = [house.extra([key], START).slot.local for key in "ab"]
    assert named == ["2026-03-02T12:00", "2026-03-02T12:01"]


def test_it_takes_no_slot_of_the_rhythm(house: House):
    reader = house.reader("one")
    filled(house)
    acted = house.extra(["a"], START, datetime.fromisoformat("2026-03-03T07:00"))
    assert acted.slot.local == "2026-03-03T07:01"
    assert acted.slot.due_at == FIRST
    house.open(FIRST)
    assert house.received(reader) == [["a/en"], ["b/en"]]
    assert [state for _, _, state in house.editions()] == ["sending", "sending"]


def test_a_later_hour_is_waited_for_and_it_can_be_cancelled_until_then(house: House):
    reader = house.reader("one")
    filled(house)
    at = datetime.fromisoformat("2026-03-04T16:00")
    assert house.extra(["a"], START, at).slot.due_at == utc("2026-03-04T16:00")
    assert hours(house) == {reader: utc("2026-03-04T16:00")}
    assert house.decide("cancel", START + timedelta(hours=1), "2026-03-04").edition.is_extra
    house.open(FIRST)
    assert house.received(reader)[1:] == [["a/en", "b/en"]]


def test_called_off_after_an_edition_left_its_items_to_it_they_come_with_the_next(house: House):
    english, arab = house.reader("one"), house.reader("two", "ar")
    filled(house)
    at = datetime.fromisoformat("2026-03-04T16:00")
    house.extra(["a"], START, at)
    house.open(FIRST)  # carries b alone: a is the extra edition's
    house.decide("cancel", FIRST + timedelta(hours=5), "2026-03-04")
    house.site.item("c.en.md", "C", date="2026-03-05")
    for week in (1, 2):
        house.open(FIRST + week * 7 * DAY)
    for reader in (english, arab):
        had = [key.split("/")[0] for got in house.received(reader)[1:] for key in got]
        assert sorted(had) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("at", "local", "london", "tokyo", "honolulu"),
    [
        # Without a zone: each reader's own hour, also where it has passed for some of them.
        ("2026-03-04T09:00", "2026-03-04T09:00", "04T09:00", "04T00:00", "04T19:00"),
        ("2026-03-02T16:00", "2026-03-02T16:00", "02T16:00", "02T07:00", "03T02:00"),
        # With one, or none at all: one moment for all.
        ("2026-03-04T09:00+01:00", "2026-03-04T08:00", "04T08:00", "04T08:00", "04T08:00"),
        ("", "2026-03-02T12:00", "02T12:00", "02T12:00", "02T12:00"),
    ],
)
def test_where_each_readers_hour_counts_a_bare_hour_is_theirs(
    house: House, at, local, london, tokyo, honolulu
):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\nzone = "subscriber"')
    zones = ("", "Asia/Tokyo", "Pacific/Honolulu")
    readers = [house.reader(f"r{n}", time_zone=zone) for n, zone in enumerate(zones)]
    filled(house)
    acted = house.extra(["a"], START, datetime.fromisoformat(at) if at else None)
    assert acted.slot.local == local
    expected = [utc(f"2026-03-{hour}") for hour in (london, tokyo, honolulu)]
    assert hours(house) == dict(zip(readers, expected, strict=True))


def test_a_delay_counts_for_it_too(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\ndelay = "10m"')
    reader = house.reader("one")
    filled(house)
    house.extra(["a"], START)
    assert hours(house) == {reader: START + timedelta(minutes=10)}


def test_it_needs_no_approval_and_is_not_too_large(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\napprove = "editor"\nmost = 1')
    house.reader("one")
    filled(house)
    assert house.extra(["a", "b"], START).edition.state is State.SENDING


def test_with_nobody_to_write_to_it_is_sent_at_once(house: House):
    filled(house)
    acted = house.extra(["a"], START)
    assert (acted.edition.state, acted.opened.recipients) == (State.SENT, 0)


def test_it_moves_no_slot_and_no_window_of_the_rhythm(house: House):
    reader = house.reader("one")
    filled(house)
    house.open(FIRST)
    house.site.item("c.en.md", "C", date="2026-03-04T10:00:00Z")
    house.extra(["a"], FIRST + 2 * DAY)
    house.open(FIRST + 7 * DAY)
    assert [slot for _, slot, state in house.editions() if state == "sending"] == [
        "2026-03-03T07:00",
        "2026-03-10T07:00",
    ]
    assert house.received(reader)[1:] == [["c/en"]]


def test_half_open_it_is_finished_by_the_next_command(house: House):
    readers = [house.reader("one"), house.reader("two")]
    filled(house)
    house.extra(["a"], START)
    with write(house.db) as conn:  # as if killed before the second reader's chunk
        conn.execute(delete(tables.deliveries).where(tables.deliveries.c.id == 2))
        conn.execute(update(tables.editions).values(state="opening", opened_through=readers[0]))
    house.open(START + timedelta(minutes=1))
    assert [house.received(one) for one in readers] == [[["a/en"]]] * 2
    assert house.extra(["a"], START + DAY).opened.recipients == 0
