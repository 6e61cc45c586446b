"""Bodies and entries while a build is at work: each made once, and only when a feed needs it.

What is remembered of a body between builds is a hash and which files it uses, so that an unchanged
item needs no rendering to know what its feed is made of. A text with links into its own site leans
on other files too: where they lead, and whether they are there. It is rendered again whenever any
file of the site changed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from publisher.content.item import Body, Item, Kind
from publisher.errors import ContentError, Problem
from publisher.feeds.calendar_address import calendar_url
from publisher.feeds.memory import Memory, digest, mark

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.feeds.syndication import SyndicatedEntry

_MEETINGS = (Kind.EVENT, Kind.EVENT_REPORT)  # kinds that know of each other
LOOKED_AT = 100  # newest items of a language whose texts are searched for files: digests show them


class Bodies:
    """The texts of a build's items, their files and their entries.

    patient  leave an item out when its file changes under our hands, rather than give up
    """

    def __init__(
        self, library: "Library", before: Memory, base: str, now: datetime, *, patient: bool
    ) -> None:
        self._library, self._now, self._is_patient = library, now, patient
        self._before = before.bodies if before.base == base else {}
        self._is_same_site = before.stamp == library.stamp
        self.in_calendars: frozenset[str] = frozenset()  # ids of events with a calendar file
        self.known: dict[str, list[Any]] = {}  # what the memory keeps of each body
        self.broken: dict[str, Problem] = {}  # item id -> why it is in no feed
        self._bodies: dict[str, Body] = {}
        self._entries: dict[str, SyndicatedEntry] = {}
        self._prints: dict[str, str] = {}

    def print_of(self, item: Item) -> str:
        """Return what an item's entry is made of, without rendering what is already known."""
        if item.id not in self._prints:
            others = [(other.language, other.link, other.title) for other in self._others(item)]
            updated = item.updated is not None and item.updated <= self._now
            parts = [item, others, updated, self._facts(item)]
            if item.kind in _MEETINGS:
                parts += [(one.link, one.title) for one in self._related(item)]
                parts.append(self._calendar(item))
            self._prints[item.id] = digest(*parts)
        return self._prints[item.id]

    def entry(self, item: Item) -> "SyndicatedEntry | None":
        """Return an item ready for every format, or None when it is broken; why is in `broken`."""
        from publisher.feeds.entry import make_entry
        from publisher.feeds.syndication import SyndicatedEntry

        if item.id not in self._entries and item.id not in self.broken:
            body, others = self._body(item), self._others(item)
            if item.id in self.broken:
                return None
            try:
                around = (self._related(item), self._calendar(item))
                settings = self._library.settings
                entry = make_entry(item, body, others, settings, self._now, *around)
                self._entries[item.id] = SyndicatedEntry(entry)
            except (ValueError, TypeError, KeyError) as error:
                why = str(error) or type(error).__name__
                self.broken[item.id] = Problem(
                    item.path, 0, f"left out of the feeds: {why}", "mend the file and build again"
                )
        return self._entries.get(item.id)

    def look_at(self, published: Sequence[Item]) -> None:
        """Learn the files of the newest items of each language, and of all known before."""
        seen: dict[str, int] = {}
        for item in published:
            seen[item.language] = seen.get(item.language, 0) + 1
            if seen[item.language] <= LOOKED_AT or item.id in self._before:
                self._facts(item)

    def summary(self, item: Item) -> str | None:
        """Return an item's summary in plain text, None when the item is broken."""
        summary = item.summary or self._body(item).summary
        return None if item.id in self.broken else summary

    def _related(self, item: Item) -> "tuple[Item, ...]":
        return self._library.related(item, self._now) if item.kind in _MEETINGS else ()

    def _calendar(self, item: Item) -> str:
        """Return the address of an event's own calendar file, "" when it has none."""
        is_there = item.id in self.in_calendars
        return calendar_url(self._library.settings, item) if is_there else ""

    def _others(self, item: Item) -> "tuple[Item, ...]":
        return self._library.translations(item, self._now)

    def _facts(self, item: Item) -> list[Any]:
        """Return what is remembered of a text, from before where that still holds."""
        if item.id not in self.known:
            left = self._before.get(item.id)
            if left and left[0] == item.content_hash and self._holds(left):
                self.known[item.id] = left
            else:
                self.known[item.id] = self._learn(item)
        return self.known[item.id]

    def _learn(self, item: Item) -> list[Any]:
        body = self._body(item)
        home = "/".join(item.link.split("/")[:3])
        leans = f'href="{home}' in body.html or f'src="{home}' in body.html
        files = [
            [file.path, file.name, file.size, file.type, file.sha256, self._mark(file.path)]
            for file in body.files
        ]
        return [item.content_hash, leans, digest(body.html, body.summary), files]

    def _body(self, item: Item) -> Body:
        """Return an item's text; a file that changed since it was read breaks its item.

        Raises ContentError instead where it pays to read the library anew.
        """
        if item.id not in self._bodies:
            try:
                self._bodies[item.id] = self._library.body(item)
            except ContentError as error:
                if not self._is_patient:
                    raise
                self.broken[item.id] = error.problems[0]
                self._bodies[item.id] = Body("", "", "", 1, ())
        return self._bodies[item.id]

    def _holds(self, left: list[Any]) -> bool:
        _, leans, _, files = left
        if leans and not self._is_same_site:
            return False
        return all(self._mark(path) == known for path, *_, known in files)

    def _mark(self, path: str) -> list[int] | None:
        return mark(self._library.settings.root / path)
