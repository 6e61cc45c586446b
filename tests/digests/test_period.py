"""Slots of the local calendar: DST both ways, month ends, late and settled ones."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.period import (
    Slot,
    is_too_late,
    last_slot,
    next_slot,
    read_at,
    settled_slot,
    slot_at,
    slots_between,
)
from publisher.settings.model import Digest

LONDON = ZoneInfo("Europe/London")
ZONES = [
    "UTC",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Asia/Amman",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "America/St_Johns",
    "Asia/Tehran",
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def digest(every: str, at: str = "", **more: object) -> Digest:
    return Digest(every=every, at=at, **more)


@pytest.mark.parametrize(
    ("every", "at", "after", "expected"),
    [
        ("day", "07:00", "2026-03-02T12:00", "2026-03-03T07:00"),
        ("day", "07:00", "2026-03-02T06:59", "2026-03-02T07:00"),
        ("day", "07:00", "2026-03-02T07:00", "2026-03-03T07:00"),
        ("week", "Tue 07:00", "2026-03-02T12:00", "2026-03-03T07:00"),
        ("week", "Tue 07:00", "2026-03-03T07:00", "2026-03-10T07:00"),
        ("month", "1 07:00", "2026-03-02T12:00", "2026-04-01T07:00"),
        ("month", "28 23:59", "2026-12-29T00:00", "2027-01-28T23:59"),
        ("month", "last 07:00", "2026-02-02T12:00", "2026-02-28T07:00"),
        ("month", "last 07:00", "2028-02-02T12:00", "2028-02-29T07:00"),
    ],
)
def test_the_next_slot_follows_the_calendar(every, at, after, expected):
    slot = next_slot(digest(every, at), ZoneInfo("UTC"), utc(after))
    assert slot == Slot(expected, utc(expected))


@pytest.mark.parametrize(
    ("zone", "local", "due"),
    [
        ("Europe/London", "2026-03-29T07:00", "2026-03-29T06:00"),
        ("Europe/London", "2026-03-29T01:30", "2026-03-29T01:00"),  # skipped: 02:00 BST
        ("Europe/London", "2026-10-25T01:30", "2026-10-25T00:30"),  # doubled: the first
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),  # a gap of half an hour
        ("Pacific/Apia", "2011-12-30T07:00", "2011-12-30T10:00"),  # a day that never was
    ],
)
def test_a_skipped_time_is_the_end_of_the_gap_and_a_doubled_one_the_first(zone, local, due):
    slot = slot_at(datetime.fromisoformat(local), ZoneInfo(zone))
    assert slot == Slot(local, utc(due))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:30", "01:30", "02:30", "07:00", "23:59"])
def test_each_local_day_of_a_year_has_one_slot_in_order(zone, at):
    slots = slots_between(
        digest("day", at), ZoneInfo(zone), utc("2025-12-31T12:00"), utc("2026-12-31T12:00")
    )
    assert len({slot.local for slot in slots}) == len(slots) == 365
    assert [slot.due_at for slot in slots] == sorted({slot.due_at for slot in slots})
    assert all(slot.local.endswith(at) for slot in slots)


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from([("day", "01:30"), ("week", "Sun 02:30"), ("month", "last 00:00")]),
    st.datetimes(datetime(2009, 1, 1), datetime(2037, 1, 1)),
    st.timedeltas(timedelta(0), timedelta(days=90)),
    st.timedeltas(timedelta(0), timedelta(days=90)),
)
def test_two_spans_have_the_slots_of_the_whole(zone, rhythm, start, first, second):
    asked, place, start = digest(*rhythm), ZoneInfo(zone), start.replace(tzinfo=UTC)
    middle, end = start + first, start + first + second
    parts = slots_between(asked, place, start, middle) + slots_between(asked, place, middle, end)
    assert parts == slots_between(asked, place, start, end)


def test_next_and_last_slot_stand_on_both_sides_of_a_moment():
    weekly, moment = digest("week", "Tue 07:00"), utc("2026-03-03T07:00")
    assert last_slot(weekly, LONDON, moment).due_at == moment
    assert next_slot(weekly, LONDON, moment).due_at == moment + timedelta(days=7)


@pytest.mark.parametrize(
    ("every", "at", "example"),
    [
        ("day", "7:00", '"07:00"'),
        ("day", "24:00", '"07:00"'),
        ("day", "٠٧:٠٠", '"07:00"'),
        ("week", "07:00", '"Tue 07:00"'),
        ("week", "Tuxday 07:00", '"Tue 07:00"'),
        ("month", "29 07:00", '"last 07:00"'),
        ("month", "0 07:00", '"last 07:00"'),
        ("item", "07:00", "settle"),
    ],
)
def test_a_wrong_time_is_answered_with_what_to_write(every, at, example):
    with pytest.raises(ValueError, match=example):
        read_at(digest(every, at))


@pytest.mark.parametrize(
    ("every", "expected"),
    [("day", "2026-03-03T07:00"), ("week", "2026-03-03T07:00"), ("month", "2026-04-01T07:00")],
)
def test_no_time_means_the_usual_one(every, expected):
    slot = next_slot(digest(every), ZoneInfo("UTC"), utc("2026-03-02T12:00"))
    assert slot.local == expected


def test_a_digest_of_single_items_has_no_calendar():
    asked = digest("item")
    assert read_at(asked) is None
    assert next_slot(asked, LONDON, utc("2026-03-02T12:00")) is None
    assert slots_between(asked, LONDON, utc("2026-03-02T12:00"), utc("2027-03-02T12:00")) == ()


@pytest.mark.parametrize(
    ("newest", "due", "local"),
    [
        ("2026-03-02T12:00:00", "2026-03-02T12:10", "2026-03-02T12:10"),
        ("2026-03-02T12:00:01", "2026-03-02T12:11", "2026-03-02T12:11"),
        ("2026-07-02T12:00:00", "2026-07-02T12:10", "2026-07-02T13:10"),
    ],
)
def test_items_settle_to_the_next_whole_minute_with_a_local_name(newest, due, local):
    assert settled_slot(utc(newest), timedelta(minutes=10), LONDON) == Slot(local, utc(due))


def test_a_slot_is_missed_only_after_its_lateness():
    asked = digest("day", "07:00", max_lateness="6h")
    slot = Slot("2026-03-02T07:00", utc("2026-03-02T07:00"))
    assert not is_too_late(asked, slot, LONDON, utc("2026-03-02T13:00"))
    assert is_too_late(asked, slot, LONDON, utc("2026-03-02T13:00:01"))
