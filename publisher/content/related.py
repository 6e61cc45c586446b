"""Events and the reports about them: which items of one language tell of the same occasion."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta, timezone, tzinfo

from publisher.content.item import Event, Item, Kind, Status

_Occasions = dict[tuple[str, str], list[Item]]


def related_items(items: Iterable[Item], zone: tzinfo) -> dict[str, tuple[Item, ...]]:
    """Return, by an item's path, the ready items that belong to it, newest first.

    items   newest first
    zone    of events whose hours were written without offset

    An event belongs to its reports, and a report to its announcements, when both begin on the
    same day and share page, place or city. A shared page says more than a shared place, and that
    more than a shared city: a pair that shares only a city is none when either of the two has a
    closer one, so that two events of one day in one town keep their own reports.
    """
    events: _Occasions = defaultdict(list)
    reports: _Occasions = defaultdict(list)
    for item in items:
        if item.event is not None and item.status is Status.READY:
            if item.kind is Kind.EVENT:
                events[item.language, _day(item.event, zone)].append(item)
            elif item.kind is Kind.EVENT_REPORT:
                reports[item.language, _day(item.event, zone)].append(item)
    found: dict[str, tuple[Item, ...]] = {}
    for when, announced in events.items():
        if when in reports:
            found |= _paired(announced, reports[when])
    return found


def _paired(announced: list[Item], told: list[Item]) -> dict[str, tuple[Item, ...]]:
    """Return who belongs to whom among the events and reports of one day and language."""
    bonds = {
        (event.path, report.path): bond
        for event in announced
        for report in told
        if (bond := _bond(event.event, report.event))
    }
    closest: dict[str, int] = {}
    for pair, bond in bonds.items():
        for path in pair:
            closest[path] = max(bond, closest.get(path, 0))
    kept = {pair for pair, bond in bonds.items() if bond == closest[pair[0]] == closest[pair[1]]}
    found = {
        one.path: tuple(other for other in told if (one.path, other.path) in kept)
        for one in announced
    }
    found |= {
        one.path: tuple(other for other in announced if (other.path, one.path) in kept)
        for one in told
    }
    return found


def _bond(one: Event | None, other: Event | None) -> int:
    """Return how surely two events are one: 3 same page, 2 same place, 1 same city, 0 not."""
    if one is None or other is None:
        return 0
    if one.url and one.url.rstrip("/") == other.url.rstrip("/"):
        return 3
    if one.place and _folded(one.place) == _folded(other.place):
        return 2
    return int(bool(one.city) and _folded(one.city) == _folded(other.city))


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())


def _day(event: Event, zone: tzinfo) -> str:
    """Return the day an event begins on where it takes place."""
    if event.offset is not None:
        zone = timezone(timedelta(minutes=event.offset))
    return event.start.astimezone(zone).date().isoformat()
