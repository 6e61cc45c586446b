from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.feeds import ics

from .calendar_reader import read, unescaped

LONG_ARABIC = "الندوة الإقليمية الأولى لفرق المدن بعد القمة العالمية في عمّان، " * 8


def unfolded(data: bytes) -> str:
    assert data.endswith(b"\r\n")
    return data[:-2].replace(b"\r\n ", b"").decode()


@pytest.mark.parametrize(
    "line", ["", "SHORT:1", "X:" + "a" * 73, "X:" + "a" * 74, "X:" + "😀" * 50, "X:" + LONG_ARABIC]
)
def test_a_folded_line_is_whole_again_when_unfolded(line):
    data = ics.folded(line)
    assert unfolded(data) == line
    for piece in data[:-2].split(b"\r\n"):
        assert len(piece) <= 75
        piece.decode()


def test_a_line_of_75_octets_is_not_folded_and_one_of_76_is():
    assert b"\r\n " not in ics.folded("X:" + "a" * 73)
    assert b"\r\n " in ics.folded("X:" + "a" * 74)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_no_text_can_leave_its_line(value):
    line = ics.text("SUMMARY", value)
    assert "\r" not in line
    assert "\n" not in line
    told = unescaped(line.removeprefix("SUMMARY:"))
    assert "\n" not in told
    data = ics.folded(line)
    assert unfolded(data) == line
    assert all(len(piece) <= 75 for piece in data[:-2].split(b"\r\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a, b; c", r"a\, b\; c"),
        ("a\\nb", r"a\\nb"),
        ("a\r\nBEGIN:VALARM\r\nATTACH:x", "a BEGIN:VALARM ATTACH:x"),
        ("a\u2028b\x85c\x0bd", "a b cd"),
        ("a\x00\x1b\x7fb", "ab"),
        ("a\u202egnp.exe", "agnp.exe"),
        ('"quoted": yes', '"quoted": yes'),
    ],
)
def test_what_the_standard_takes_for_its_own_is_escaped(text, told):
    assert ics.escaped(text) == told


def test_a_lone_surrogate_is_no_end_of_the_world():
    ics.folded("SUMMARY:\ud800").decode()


def test_paragraphs_stand_on_lines_of_their_own():
    assert ics.text("DESCRIPTION", "One.", "", "Two.") == r"DESCRIPTION:One.\nTwo."


def test_moments_are_in_utc_and_days_have_no_hours():
    at = datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=3)))
    assert ics.moment("DTSTART", at) == "DTSTART:20260228T213000Z"
    assert ics.day("DTSTART", date(2026, 3, 1)) == "DTSTART;VALUE=DATE:20260301"
    assert ics.moment("DTSTART", datetime(1000, 1, 1, tzinfo=UTC)) == "DTSTART:10000101T000000Z"


def test_a_calendar_without_events_is_one_all_the_same():
    calendar = read(ics.calendar(["NAME:Events"], []))
    assert [one.kind for one in calendar.inside] == ["VTIMEZONE"]


def test_the_events_of_a_calendar_are_found_again():
    one = ics.event(["UID:1", "SUMMARY:END:VEVENT"])
    both = one + ics.event(["UID:2"])
    assert ics.events_of(ics.calendar([], [one])) == one
    assert ics.events_of(ics.calendar(["NAME:Events"], [both])) == both
    assert ics.events_of(ics.calendar([], [])) == b""
