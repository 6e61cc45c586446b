from datetime import UTC, date, datetime, timedelta

import pytest

from publisher.content.item import Event, EventState, Kind, Translation
from publisher.feeds import ics
from publisher.feeds.calendar_event import about, component
from publisher.feeds.calendar_facts import Number, facts_of

from .calendar_reader import events_of, read
from .shelf import ARABIC, make_item

START = datetime(2026, 5, 1, 9, tzinfo=UTC)
LINK = "https://example.org/en/summit/"


@pytest.fixture
def event_with(site, now):
    """Return an event as a strict reader of calendars sees it."""

    def make(event=None, summary="What it is about.", sequence=0, **facts):
        event = event or Event(START, START + timedelta(hours=2), False)
        item = make_item(kind=Kind.EVENT, event=event, **facts)
        made = component(item, event, summary, Number(sequence, "f"), site.settings, now)
        (found,) = events_of(read(ics.calendar([], [made])))
        return found

    return make


def test_an_event_says_what_calendars_ask(event_with):
    place = {"place": "Hall 4", "city": "Amman", "country": "Jordan"}
    event = event_with(
        Event(START, START + timedelta(hours=2), False, **place), categories=("prevention",)
    )
    assert event.text("UID") == "tag:example.org,2026:summit/en"
    assert event.when("DTSTART") == START
    assert event.when("DTEND") == START + timedelta(hours=2)
    assert event.text("SUMMARY") == "Fourth global summit"
    assert event.text("LOCATION") == "Hall 4, Amman, Jordan"
    assert event.text("DESCRIPTION") == f"What it is about.\n{LINK}"
    assert event.raw("URL") == LINK
    assert event.raw("CATEGORIES") == "Prevention"
    assert (event.raw("STATUS"), event.raw("SEQUENCE")) == ("CONFIRMED", "0")


def test_its_stamps_are_the_items_own_and_never_the_builds(event_with, now):
    updated = now - timedelta(hours=1)
    event = event_with(updated=updated)
    assert event.when("DTSTAMP") == event.when("LAST-MODIFIED") == updated
    assert event.when("CREATED") < updated
    later = event_with(updated=now + timedelta(days=1))
    assert later.when("DTSTAMP") == later.when("CREATED")


@pytest.mark.parametrize("days", [0, 2])
def test_whole_days_end_with_the_first_day_after_in_the_sites_zone(event_with, days):
    midnight = datetime(2026, 7, 9, 23, tzinfo=UTC)  # the 10th in London
    end = midnight + timedelta(days=days) if days else None
    event = event_with(Event(midnight, end, True))
    assert event.when("DTSTART") == date(2026, 7, 10)
    assert event.when("DTEND") == date(2026, 7, 11 + days)


@pytest.mark.parametrize("end", [None, START])
def test_an_event_without_a_length_has_no_end(event_with, end):
    assert "DTEND" not in event_with(Event(START, end, False)).names()


def test_a_cancelled_event_says_so_in_its_state_and_in_words(event_with):
    event = event_with(Event(START, None, False, state=EventState.CANCELLED), sequence=3)
    assert (event.raw("STATUS"), event.raw("SEQUENCE")) == ("CANCELLED", "3")
    assert event.text("DESCRIPTION").startswith("This event is cancelled.\n")


def test_a_moved_event_is_confirmed_and_says_that_it_moved(event_with):
    event = event_with(Event(START, None, False, state=EventState.MOVED))
    assert event.raw("STATUS") == "CONFIRMED"
    assert event.text("DESCRIPTION").startswith("This event was moved.\n")


def test_a_correction_and_a_machine_translation_are_told(event_with):
    event = event_with(correction="It begins at nine.", translation=Translation("ar", True))
    lines = event.text("DESCRIPTION").split("\n")
    assert lines[0] == "Correction: It begins at nine."
    assert lines[1] == "This text was translated by a machine."


def test_an_arabic_event_is_arabic_throughout(event_with):
    event = event_with(
        Event(START, None, False, "قاعة المدينة", "عمّان", state=EventState.CANCELLED),
        language="ar",
        title=f"COP: {ARABIC * 12}",
        categories=("prevention",),
    )
    assert event.text("SUMMARY") == f"\u200fCOP: {ARABIC * 12}"
    assert event.text("LOCATION") == "قاعة المدينة، عمّان"
    assert event.text("CATEGORIES") == "الوقاية"
    assert "cancelled" not in event.text("DESCRIPTION")


HOSTILE = 'Hall\r\nBEGIN:VALARM\r\nATTACH:http://evil.test\r\nEND:VALARM; <b>x</b>, "y"\\n\x00\x7f'


def test_nothing_that_an_editor_writes_becomes_a_line_of_its_own(event_with):
    event = event_with(
        Event(START, None, False, HOSTILE, HOSTILE, HOSTILE),
        summary=HOSTILE,
        title=HOSTILE,
        correction=HOSTILE,
        categories=(HOSTILE, "a,b;c"),
        id="tag:example.org,2026:a\r\nBEGIN:VALARM",
        link="https://example.org/a\r\nATTACH:x/ü;,",
    )
    plain = 'Hall BEGIN:VALARM ATTACH:http://evil.test END:VALARM; <b>x</b>, "y"\\n'
    assert event.text("LOCATION") == f"{plain}, {plain}, {plain}"
    assert event.text("SUMMARY") == plain
    assert not {"ATTACH", "BEGIN", "END"} & set(event.names())


def test_the_calendar_of_a_language_says_what_it_is_in_that_language(site):
    calendar = read(ics.calendar(about("ar", site.settings), []))
    assert calendar.text("X-WR-CALNAME") == calendar.text("NAME")
    assert "مدن المثال" in calendar.text("NAME")
    assert calendar.raw("METHOD") == "PUBLISH"
    assert calendar.raw("REFRESH-INTERVAL") == "PT12H"


@pytest.mark.parametrize(
    "changed",
    [
        Event(START + timedelta(minutes=1), None, False, "Hall"),
        Event(START, START + timedelta(hours=1), False, "Hall"),
        Event(START, None, True, "Hall"),
        Event(START, None, False, "Hall 5"),
        Event(START, None, False, "Hall", city="Amman"),
        Event(START, None, False, "Hall", country="Jordan"),
        Event(START, None, False, "Hall", state=EventState.MOVED),
    ],
)
def test_start_end_place_and_state_count_for_a_number(site, changed):
    assert facts_of(changed, site.settings) != facts_of(
        Event(START, None, False, "Hall"), site.settings
    )


def test_the_page_of_an_event_does_not_count_for_its_number(site):
    one, other = Event(START, None, False), Event(START, None, False, url="https://example.org/x")
    assert facts_of(one, site.settings) == facts_of(other, site.settings)
