"""Which items have a calendar file of their own, and where it lies; light, for mails ask only this."""

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from publisher.content.item import Event, Item, Kind

if TYPE_CHECKING:
    from publisher.settings.model import Settings

FOLDER = "events"  # under a language's folder: one file an event
SUFFIX = ".ics"
_ALL = FOLDER + SUFFIX
_SAFE = re.compile(r"[\w-][\w.-]*")  # a slug that can be a file's name on every disk
_LONGEST = 200  # bytes of a name, in UTF-8; disks take 255


def event_of(item: Item) -> Event | None:
    """Return the event that an item announces; a report of one stands in no calendar."""
    return item.event if item.kind is Kind.EVENT else None


def all_events_path(language: str) -> str:
    """Return where the calendar of all events of a language lies under feeds/."""
    return f"{language}/{_ALL}"


def calendar_path(item: Item) -> str:
    """Return where an event's own calendar file lies under feeds/."""
    name = item.slug
    if not _SAFE.fullmatch(name) or len(name.encode()) > _LONGEST:
        name = hashlib.sha256(item.id.encode()).hexdigest()[:16]
    return f"{item.language}/{FOLDER}/{name}{SUFFIX}"


def calendar_url(settings: "Settings", item: Item) -> str:
    """Return the address of an event's own calendar file, "" when the item is no event."""
    if event_of(item) is None:
        return ""
    return f"{settings.feeds_url}/{quote(calendar_path(item))}"
