"""Feeds: RSS, Atom and JSON Feed files for readers to poll, and the pages that explain them.

`build` brings feeds/ up to date with a library, all of it or nothing. `is_current` says cheaply
that there is nothing to do, and `is_untouched` more cheaply still, without the settings. `recover`
finishes or discards what a crash left; `feed_links` says which feeds there are. What makes feeds
is imported only when a feed really changed: asking whether one did must cost next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from publisher.feeds.build import BuildReport, build
from publisher.feeds.memory import is_current, is_untouched

if TYPE_CHECKING:
    from publisher.feeds.manifest import FeedLink, feed_links
    from publisher.feeds.stage import recover

__all__ = [
    "BuildReport",
    "FeedLink",
    "build",
    "feed_links",
    "is_current",
    "is_untouched",
    "recover",
]

_HOMES = {"FeedLink": "manifest", "feed_links": "manifest", "recover": "stage"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"publisher.feeds.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
