"""What a digest says of an event besides its dates: where it is, and how it gets into a calendar."""

from typing import TYPE_CHECKING

from publisher.content.item import Event, EventState, Item, Kind
from publisher.digests.compose.text import sentence
from publisher.feeds import calendar_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.settings.model import Settings

_LONGEST = 300  # characters of a place, a city, a country


def place_of(event: Event | None) -> list[str]:
    """Return where an event is, from the house to the country, each once."""
    parts = (event.place, event.city, event.country) if event else ()
    return [sentence(part, _LONGEST) for part in dict.fromkeys(parts) if part]


def calendar_link(settings: "Settings", item: Item) -> str:
    """Return the address of an event's own calendar file; "" where it has none or is cancelled."""
    if item.event is None or item.event.state is EventState.CANCELLED:
        return ""
    return calendar_url(settings, item)


def other_side(item: Item, related: "Sequence[Item]") -> Item | None:
    """Return the report about an event, or the announcement a report belongs to."""
    wanted = {Kind.EVENT: Kind.EVENT_REPORT, Kind.EVENT_REPORT: Kind.EVENT}.get(item.kind)
    return next((other for other in related if other.kind is wanted), None)
