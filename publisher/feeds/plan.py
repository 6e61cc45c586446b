"""Which feeds exist, and which items each of them holds: decided here, written elsewhere.

Per language one feed of everything, one a kind and one a category; beside them one feed over all
languages. No feed comes into being empty. One that was ever published stays at its address, even
with nothing in it, because readers keep asking for it, until the site retires it (see `retired`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from publisher.content.item import Item, Kind

FORMATS = ("rss", "atom", "json")
MEDIA_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
CATEGORY = "category-"
_SAFE = re.compile(r"[\w.-]+")  # a slug that can be part of a file's name

_ORDER = {"all": 0} | {kind.value: place for place, kind in enumerate(Kind, start=1)}


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed: the same items in the same order, in each format."""

    language: str  # "" for the feed over all languages
    name: str  # "all", a kind, or "category-<slug>"
    items: tuple[Item, ...] = ()

    @property
    def path(self) -> str:
        """Where it lies under feeds/, without the format."""
        return f"{self.language}/{self.name}" if self.language else self.name

    def file(self, format_: str) -> str:
        """Where it lies under feeds/ in one format."""
        return f"{self.path}.{format_}"

    @property
    def category(self) -> str:
        """The slug of the category it is about, or ""."""
        return self.name.removeprefix(CATEGORY) if self.name.startswith(CATEGORY) else ""


def plan(items: Iterable[Item], most: int, published: Iterable[str] = ()) -> tuple[Feed, ...]:
    """Return every feed in a stable order, each with its newest items.

    items      published items, newest first
    most       how many entries a feed holds
    published  paths of feeds that were ever published; they stay, even when empty
    """
    chosen: dict[tuple[str, str], list[Item]] = {("", "all"): []}
    full: set[tuple[tuple[str, str], ...]] = set()  # most items are older than all their feeds
    for item in items:
        places = _places(item.language, item.kind.value, item.categories)
        if places in full:
            continue
        for place in places:
            into = chosen.setdefault(place, [])
            if len(into) < most:
                into.append(item)
        if all(len(chosen[place]) >= most for place in places):
            full.add(places)
    if not chosen["", "all"]:
        del chosen["", "all"]
    for path in published:
        language, _, name = path.rpartition("/")
        chosen.setdefault((language, name), [])
    return tuple(
        Feed(language, name, tuple(chosen[language, name]))
        for language, name in sorted(chosen, key=_place)
    )


@lru_cache(maxsize=4096)  # ten thousand items share a few hundred answers
def _places(language: str, kind: str, slugs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    categories = (CATEGORY + slug for slug in slugs if _SAFE.fullmatch(slug))
    return ("", "all"), *((language, name) for name in ("all", kind, *categories))


def wanted_items(feeds: Sequence[Feed]) -> dict[str, Item]:
    """Return the items that stand in any of these feeds, by id."""
    return {item.id: item for feed in feeds for item in feed.items}


def _place(feed: tuple[str, str]) -> tuple[str, int, str]:
    language, name = feed
    return language, _ORDER.get(name, len(_ORDER)), name
