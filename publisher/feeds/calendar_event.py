"""An event as calendars take it: every fact a property, the same bytes on every build."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from publisher.content.item import Event, EventState, Item
from publisher.feeds import clean, ics, words
from publisher.feeds.calendar_facts import FACTS, Number, when
from publisher.feeds.channel import site_name
from publisher.feeds.entry import category_name, changed_at

if TYPE_CHECKING:
    from publisher.render.phrases import Word
    from publisher.settings.model import Settings

REFRESH = "PT12H"  # how often programs should ask again

_TITLE = "%(site)s: events"
_ABOUT = "Coming events of %(site)s."


def component(
    item: Item, event: Event, summary: str, number: Number, settings: "Settings", now: datetime
) -> bytes:
    """Return an event of a calendar.

    Its time stamps are the item's own, so that two builds agree. There is no ORGANIZER: programs
    would show an invitation to answer.
    """
    say = words.speaker(item.language, settings)
    changed = max(item.date, changed_at(item, now))
    where = [clean.one_line(part) for part in (event.place, event.city, event.country) if part]
    names = [ics.escaped(category_name(slug, item.language, settings)) for slug in item.categories]
    lines = [
        ics.text("UID", item.id),
        ics.moment("DTSTAMP", changed),
        ics.moment("CREATED", item.date),
        ics.moment("LAST-MODIFIED", changed),
        *when(event, settings),
        ics.text("SUMMARY", clean.title_text(item.title, item.language)),
        ics.text("LOCATION", say(words.COMMA).join(where)) if where else "",
        ics.text("DESCRIPTION", *_notes(item, event, say), summary, clean.web_address(item.link)),
        f"URL:{clean.web_address(item.link)}",
        f"CATEGORIES:{','.join(names)}" if names else "",
        f"STATUS:{'CANCELLED' if event.state is EventState.CANCELLED else 'CONFIRMED'}",
        f"SEQUENCE:{number.sequence}",
        f"{FACTS}:{number.facts}",
    ]
    return ics.event(line for line in lines if line)


def _notes(item: Item, event: Event, say: "Callable[..., Word]") -> list[str]:
    """Return what must be read first; many calendars show no state of an event."""
    notes = [f"{say(words.CORRECTION)}: {item.correction}"] if item.correction else []
    if event.state in words.STATES:
        notes.append(say(words.STATES[event.state]))
    if item.is_machine_translated:
        notes.append(say(words.MACHINE_TRANSLATED))
    return notes


def calendar_title(language: str, settings: "Settings") -> str:
    """Return what the calendar of all events of a language is called."""
    title = words.speaker(language, settings)(_TITLE, site=site_name(language, settings))
    return clean.title_text(title, language)


def about(language: str, settings: "Settings") -> list[str]:
    """Return what the calendar of all events of a language says about itself (RFC 7986)."""
    title = calendar_title(language, settings)
    say = words.speaker(language, settings)
    described = say(_ABOUT, site=site_name(language, settings))
    return [
        ics.text("NAME", title),
        ics.text("X-WR-CALNAME", title),  # what programs knew before there was a standard
        ics.text("DESCRIPTION", described),
        ics.text("X-WR-CALDESC", described),
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
    ]
