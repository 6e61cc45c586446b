"""When and where an event is, as calendars count it: what gives it a new number."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from publisher.content.item import Event
from publisher.feeds import ics
from publisher.feeds.memory import digest

if TYPE_CHECKING:
    from publisher.settings.model import Settings

FACTS = "X-PUBLISHER-FACTS"  # tells a build without memory what an event's number was given for


@dataclass(frozen=True, slots=True)
class Number:
    """An event's SEQUENCE and the facts it was given for."""

    sequence: int
    facts: str


def facts_of(event: Event, settings: "Settings") -> str:
    """Return a hash of an event's start, end, place and state."""
    where = (event.place, event.city, event.country)
    return digest(*when(event, settings), *where, event.state.value)[:16]


def when(event: Event, settings: "Settings") -> list[str]:
    """Return the lines that say when an event begins and ends.

    Whole days end with the first day after (RFC 5545, section 3.6.1).
    """
    if event.is_whole_day:
        zone = settings.site.zone
        first = event.start.astimezone(zone).date()
        last = (event.end or event.start).astimezone(zone).date()
        return [ics.day("DTSTART", first), ics.day("DTEND", last + timedelta(days=1))]
    lines = [ics.moment("DTSTART", event.start)]
    if event.end and event.end > event.start:
        lines.append(ics.moment("DTEND", event.end))
    return lines
