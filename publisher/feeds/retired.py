"""Feeds that the site has retired: named in [feeds] retired, gone from feeds/, answered with 410.

A feed without entries is not retired by that: its readers may wait for the next one. Only the site
can say that none will come, and says it by name: a language or a category that fell out of the
settings by mistake must not make readers' programs let go of its feeds for ever.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from publisher.feeds.manifest import NAME as MANIFEST
from publisher.feeds.packing import SUFFIXES
from publisher.feeds.plan import FORMATS, Feed

_FORMATS = (*FORMATS, "ics")
_ALL = "all"  # the feed over all languages, and no language


def kept(feeds: Iterable[Feed], retired: Collection[str]) -> tuple[Feed, ...]:
    """Return the feeds that are not retired, be it by themselves or with their language."""
    return tuple(feed for feed in feeds if not is_retired_path(feed.file(FORMATS[0]), retired))


def is_retired_path(path: str, retired: Collection[str]) -> bool:
    """Return whether a path under feeds/ is that of a retired feed, or lies in a retired language."""
    for suffix in SUFFIXES.values():
        path = path.removesuffix(suffix)
    language = path.partition("/")[0]
    if language in retired and language != _ALL:
        return True
    feed, _, format_ = path.rpartition(".")
    return format_ in _FORMATS and feed in retired


def retired_files(
    known: Iterable[str], before: Mapping[str, str], retired: Collection[str], now: datetime
) -> dict[str, str]:
    """Return the files of feeds that are retired, each with the moment since when.

    known   files that a build left in feeds/ at any time
    before  what the last build returned
    """
    return {
        path: before.get(path, now.isoformat(timespec="seconds"))
        for path in sorted({*known, *before})
        if _is_feed(path) and is_retired_path(path, retired)
    }


def _is_feed(path: str) -> bool:
    """Return whether a path is one that the manifest lists: an event's own calendar is none."""
    return path.endswith(_FORMATS) and path.count("/") < 2 and path != MANIFEST
