"""The sentences feeds say in a reader's own language, and the dates and sizes beside them.

Everything here is loaded only when a feed is really written: catalogues and calendars cost more
than looking at a site in which nothing changed.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from publisher.content.item import Event, EventState

if TYPE_CHECKING:
    from publisher.render.phrases import Word
    from publisher.settings.model import Settings

MACHINE_TRANSLATED = "This text was translated by a machine."
READ_ORIGINAL = "Read the original"
WHEN = "When:"
WHERE = "Where:"
CANCELLED = "This event is cancelled."
MOVED = "This event was moved."
EVENT_PAGE = "About the event"
WATCH = "Watch the video"
DOWNLOADS = "Downloads"
CORRECTION = "Correction"
ADD_TO_CALENDAR = "Add to calendar"
READ_REPORT = "Read the report"
ANNOUNCEMENT = "The announcement"
CALENDAR = "Events for your calendar"
COMMA = ", "

STATES = {EventState.CANCELLED: CANCELLED, EventState.MOVED: MOVED}


def speaker(language: str, settings: "Settings") -> "Callable[..., Word]":
    """Return what says a sentence of the interface in this language."""
    from publisher.render import phrases
    from publisher.settings import packaged

    ours = packaged("templates") / "locale"
    site = settings.root / "templates" / "locale"
    return phrases(language, (site, ours) if site != ours and site.is_dir() else (ours,)).t


def event_dates(event: Event, language: str, settings: "Settings") -> str:
    """Return when an event takes place, in words."""
    from publisher.render import format_range

    return format_range(
        event.start, event.end, language, settings.site, event.is_whole_day, event.offset
    )


def file_size(size: int, language: str, settings: "Settings") -> str:
    """Return the size of a file in the reader's units."""
    from publisher.render import format_size

    return format_size(size, language, settings.site)
