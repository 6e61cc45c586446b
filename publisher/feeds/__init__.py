"""Feeds: RSS, Atom, JSON Feed and iCalendar files, and the pages that explain them.

`build` brings feeds/ up to date with a library, all of it or nothing. `is_current` says cheaply
that there is nothing to do, and `is_untouched` more cheaply still, without the settings. `recover`
finishes or discards what a crash left; `feed_links` says which feeds there are, `calendar_url` where
an event's own calendar file is, `is_retired_path` whether the site took a feed away, `twin_problems`
which compressed copies are none. What makes feeds is imported only when a feed really changed:
asking whether one did must cost next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from publisher.feeds.build import BuildReport, build
from publisher.feeds.memory import is_current, is_untouched

if TYPE_CHECKING:
    from publisher.feeds.calendar_address import calendar_url
    from publisher.feeds.manifest import FeedLink, feed_links
    from publisher.feeds.packing import packed
    from publisher.feeds.place import Place, places
    from publisher.feeds.retired import is_retired_path
    from publisher.feeds.stage import recover
    from publisher.feeds.twins import twin_problems

__all__ = [
    "BuildReport",
    "FeedLink",
    "Place",
    "build",
    "calendar_url",
    "feed_links",
    "is_current",
    "is_retired_path",
    "is_untouched",
    "packed",
    "places",
    "recover",
    "twin_problems",
]

_HOMES = {
    "FeedLink": "manifest",
    "Place": "place",
    "calendar_url": "calendar_address",
    "feed_links": "manifest",
    "is_retired_path": "retired",
    "packed": "packing",
    "places": "place",
    "recover": "stage",
    "twin_problems": "twins",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"publisher.feeds.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
