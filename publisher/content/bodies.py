"""Texts of items, made into HTML when somebody asks for them."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from publisher.content import layout
from publisher.content.files import Files
from publisher.content.frontmatter import Split, decode, split
from publisher.content.item import Body, Item
from publisher.content.reading import read_whole
from publisher.content.text import Page, Text
from publisher.content.walk import Scan
from publisher.errors import ContentError, Level, Problem

if TYPE_CHECKING:
    from publisher.settings import Settings

MAX_KEPT = 24_000_000  # characters of bodies kept at hand


class Bodies:
    """The bodies of one library; those asked for last are kept."""

    def __init__(
        self,
        settings: "Settings",
        items: Sequence[Item],
        files: Files,
        scan: Scan,
        fresh: dict[str, bytes],
    ) -> None:
        self.site_url, self._languages = settings.site.url, settings.site.languages
        self._items, self.files, self._scan, self._fresh = items, files, scan, fresh
        self._kept: OrderedDict[str, Body] = OrderedDict()
        self._size = 0
        self._shortcodes: dict[str, list[tuple[str, int]]] = {}
        self._targets: dict[tuple[str, str], Item] | None = None
        self._resolved: dict[tuple[str, str], Item | None] = {}

    def body(self, item: Item) -> Body:
        """Return an item's body; raises ContentError when its file changed meanwhile."""
        kept = self._kept.get(item.path)
        if kept is not None:
            self._kept.move_to_end(item.path)
            return kept
        made = Text(self, item, self._source(item)).made({})
        self._kept[item.path] = made
        self._size += _size(made)
        while self._size > MAX_KEPT and len(self._kept) > 1:
            self._size -= _size(self._kept.popitem(last=False)[1])
        return made

    def word(self, path: str, language: str, source: Split) -> tuple[str, str, tuple[Problem, ...]]:
        """Return an editor's word as HTML fit for a mail and as plain text, and what is doubtful."""
        page = Page(path, language, self.site_url + "/", path)
        return Text(self, page, source).word()

    def problems(self, items: Sequence[Item]) -> Iterator[Problem]:
        """Yield what is doubtful in all texts; then each shortcode that was taken out, once."""
        self._shortcodes.clear()
        for item in items:
            try:
                text = Text(self, item, self._source(item))
            except ContentError as error:
                yield from error.problems
                continue
            text.made(self._shortcodes)
            text.look_over()
            text.look_over_front(item)
            yield from text.problems
        for name, places in sorted(self._shortcodes.items()):
            path, line = places[0]
            times = "1 place" if len(places) == 1 else f"{len(places)} files, here first"
            yield Problem(
                path,
                line,
                f'the shortcode "{name[:80]}" is not known and was taken out ({times})',
                "write what it stands for, or leave it: the text around it stays",
                Level.WARNING,
            )

    def _source(self, item: Item) -> Split:
        path = item.path.removeprefix("content/")
        data = self._fresh.get(path)
        why = "the file changed while it was being read"
        if data is None:
            try:
                data = read_whole(f"{self._scan.root}/{path}")[0]
            except OSError as error:
                why = f"the file cannot be read any more: {error.strerror or error}"
        if data is not None:
            if hashlib.sha256(data, usedforsecurity=False).hexdigest()[:32] == item.content_hash:
                return split(decode(data))
            why = "the file changed while it was being read"
        raise ContentError([Problem(item.path, 0, why, "run again")])

    def target(self, path: str, language: str) -> Item | None:
        """Return the item that a path under content/ leads to: in this language, else in any."""
        if (path, language) not in self._resolved:
            self._resolved[path, language] = self._resolve(path, language)
        return self._resolved[path, language]

    def _resolve(self, path: str, language: str) -> Item | None:
        if self._targets is None:
            self._targets = {}
            for item in reversed(self._items):
                place = layout.place(item.path.removeprefix("content/"), self._languages)
                self._targets["", item.path.removeprefix("content/")] = item
                for name in {place.whole, place.key}:
                    self._targets[item.language, name] = item
                    self._targets.setdefault(("*", name), item)
        try:
            place = layout.place(path, self._languages)
        except layout.UnlistedLanguageError:
            return None
        targets = self._targets
        if place.language and (exact := targets.get(("", path))):
            return exact
        for tag in dict.fromkeys((place.language or language, language, "*")):
            if found := targets.get((tag, place.whole)):
                return found
        return targets.get(("", path))


def _size(body: Body) -> int:
    return 2 * len(body.html)  # its plain text is never longer
