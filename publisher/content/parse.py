"""One file -> its facts, or all that is wrong with it."""

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from datetime import tzinfo
from typing import TypeVar

from publisher import language
from publisher.content import attached, authors, forms, layout, occasion, values
from publisher.content import fields as table
from publisher.content.facts import Facts, PlainEvent, PlainMoment, PlainProblem, Unreadable
from publisher.content.forms import WrongError
from publisher.content.frontmatter import (
    Fields,
    FrontMatterError,
    Node,
    decode,
    read_front,
    split,
)

Read = TypeVar("Read")
_PATH_DATE = re.compile(r"/?(\d{4}/\d{1,2}/\d{1,2})/", re.ASCII)
_NO_NODE = Node(0, "")


def parse(path: str, data: bytes, languages: Sequence[str], zone: tzinfo) -> Facts | Unreadable:
    """Read one file of `content/`.

    path        under content/, "/" between parts
    languages   [site] languages, normalised
    zone        of times written without offset

    Never raises for what an editor wrote: what is wrong comes back as problems.
    """
    digest = hashlib.sha256(data, usedforsecurity=False).hexdigest()[:32]
    try:
        place = layout.place(path, languages)
        front = read_front(split(decode(data)))
    except layout.UnlistedLanguageError as error:
        problem = (
            0,
            f'the file name ends in the language "{error.tag}", which the site does not have',
            f'add "{error.tag}" to [site] languages, or rename the file',
            True,
        )
        return Unreadable(path, digest, (problem,))
    except FrontMatterError as error:
        return Unreadable(path, digest, ((error.line, error.message, error.hint, True),))
    return _Reading(path, front, place, languages, zone).facts(digest)


class _Reading:
    """The fields of one file, read one by one; a wrong one is noted and the rest read on."""

    def __init__(
        self,
        path: str,
        front: Fields,
        place: layout.Place,
        languages: Sequence[str],
        zone: tzinfo,
    ) -> None:
        self.path, self.place, self.languages, self.zone = path, place, languages, zone
        self.folder = path.rpartition("/")[0]
        self.problems: list[PlainProblem] = []
        self.unknown: list[tuple[str, int]] = []
        self.said: dict[str, Node] = {}
        self.names: dict[str, str] = {}  # field -> the other name it came under
        for key, node in front.items():
            name = table.NAMES.get(key) or table.NAMES.get(key.lower())
            if name is None:
                self.unknown.append((key[:80], node.line))
            elif node.value == "" or node.value == "~":
                continue
            elif name == key:
                tags = self.said.get(name) if name == "categories" else None
                self.said[name] = forms.joined(node, tags) if tags else node
                self.names.pop(name, None)
            else:
                self.also(name, key, node)

    def also(self, name: str, key: str, node: Node) -> None:
        """Take a field that comes under another name, unless it is there under its own."""
        if name == "date" and isinstance(node.value, str) and node.value.lower() in _FLAGS:
            # Jekyll's `published: false` is no date: it keeps a page from being published.
            if "draft" not in self.said:
                self.said["draft"] = Node(node.line, _FLAGS[node.value.lower()])
                self.names["draft"] = key
        elif name == "categories" and name in self.said:
            self.said[name] = forms.joined(self.said[name], node)
        elif name not in self.said or name in self.names:
            self.said[name] = node
            self.names[name] = key

    def warn(self, line: int, message: str, hint: str) -> None:
        self.problems.append((line, message, hint, False))

    def wrong(self, line: int, error: WrongError) -> None:
        self.problems.append((error.line or line, error.message, error.hint, True))

    def text(self, name: str, limit: int) -> str:
        node = self.said.get(name)
        if node is None:
            return ""
        try:
            return forms.text(node, self.names.get(name, name), limit)
        except WrongError as error:
            self.wrong(node.line, error)
            return ""

    def word(self, name: str, choices: Collection[str]) -> str | None:
        node = self.said.get(name)
        if node is None:
            return None
        try:
            return forms.choice(node, name, choices)
        except WrongError as error:
            self.wrong(node.line, error)
            return None

    def moment(self, name: str) -> PlainMoment | None:
        node = self.said.get(name)
        if node is None:
            return None
        try:
            return forms.moment(node, self.names.get(name, name), self.zone)
        except WrongError as error:
            self.wrong(node.line, error)
            return None

    def facts(self, digest: str) -> Facts | Unreadable:
        """Read all fields."""
        said = self.said
        if "timezone" in said:
            self.time_zone(said["timezone"])
        title = self.title()
        date, written_date = self.date()
        link = self.link() if "link" in said else ""
        facts = Facts(
            path=self.path,
            whole=self.place.whole,
            key=self.place.key,
            language=self.language(),
            hash=digest,
            about=_about(title, written_date),
            title=title,
            date=date,
            updated=self.moment("updated") if "updated" in said else None,
            kind=self.kind(),
            summary=self.text("summary", table.MAX_TEXT) if "summary" in said else "",
            slug=self.slug() if "slug" in said else self.file_slug(),
            is_slug_written="slug" in said,
            folder=self.place.folder,
            link=link,
            id=self.text("id", table.MAX_WORD) if "id" in said else "",
            categories=self.categories(),
            authors=self.form("authors", authors.authors) if "authors" in said else None,
            image=self.local("image", attached.image) if "image" in said else None,
            video=self.form("video", forms.web_page) if "video" in said else None,
            downloads=self.local("downloads", attached.downloads) if "downloads" in said else None,
            event=self.event(),
            translation=self.translation(),
            correction=self.correction() if "correction" in said else "",
            status=self.status(),
            digest=self.word("digest", table.DIGEST_WORDS) if "digest" in said else None,
            unknown=tuple(self.unknown),
            lines={name: said[name].line for name in _WITH_LINE if name in said},
            problems=tuple(self.problems),
        )
        if self.problems and any(problem[3] for problem in facts.problems):
            needs = tuple((one.file, one.line) for one in facts.downloads or () if one.file)
            return Unreadable(self.path, digest, facts.problems, needs)
        return facts

    def form(self, name: str, read: Callable[[Node], Read]) -> Read | None:
        """Read a field with a function of `forms`; None when it is wrong."""
        node = self.said[name]
        try:
            return read(node)
        except WrongError as error:
            self.wrong(node.line, error)
            return None

    def local(
        self, name: str, read: Callable[[Node, str, list[WrongError]], Read | None]
    ) -> Read | None:
        """Read a field that may name files beside this one, with every wrong one noted."""
        node = self.said[name]
        faults: list[WrongError] = []
        found = self.form(name, lambda node: read(node, self.folder, faults))
        for fault in faults:
            self.wrong(node.line, fault)
        return found

    def time_zone(self, node: Node) -> None:
        try:
            self.zone = values.time_zone(node.value if isinstance(node.value, str) else "")
        except ValueError as error:
            self.wrong(node.line, WrongError(str(error), 'write for instance "Europe/Berlin"'))

    def title(self) -> str:
        title = self.text("title", table.MAX_TITLE)
        if not title and not self.problems:
            line = self.said["title"].line if "title" in self.said else 1
            self.wrong(line, WrongError("the item has no title", "write `title: …`"))
        return title

    def date(self) -> tuple[PlainMoment | None, str]:
        """Return the date and the text it was read from."""
        node = self.said.get("date")
        if node is not None:
            return self.moment("date"), str(node.value)
        text = self.place.date
        path = self.said.get("path")
        if not text and path and isinstance(path.value, str):
            found = _PATH_DATE.match(path.value)
            text = found[1] if found else ""
        if not text:
            return None, ""
        try:
            return values.moment(text, self.zone), text
        except ValueError as error:
            self.wrong(
                0, WrongError(f'"{text}" in the path is no date: {error}', "write `date: …`")
            )
            return None, ""

    def language(self) -> str:
        node = self.said.get("lang")
        if node is None:
            return self.place.language or self.languages[0]
        try:
            tag = language.normalise(node.value if isinstance(node.value, str) else "")
        except ValueError:
            self.wrong(
                node.line, WrongError("lang is not a language tag", 'write for instance "ar"')
            )
            return self.languages[0]
        if tag in self.languages:
            return tag
        if language.base(tag) in self.languages:
            return language.base(tag)
        hint = f'add "{tag}" to [site] languages, or write one of: {", ".join(self.languages)}'
        self.wrong(node.line, WrongError(f'the site does not have the language "{tag}"', hint))
        return self.languages[0]

    def kind(self) -> str | None:
        node = self.said.get("kind")
        if node is None:
            return None
        if "kind" not in self.names:
            return self.word("kind", table.KINDS)
        word = node.value.strip().lower() if isinstance(node.value, str) else ""
        if word in table.KINDS:
            return word
        self.warn(
            node.line,
            f'"{word[:80]}" is no kind of item, so this is news',
            f"write `kind:` with one of: {', '.join(table.KINDS)}",
        )
        return "news"

    def slug(self) -> str:
        node = self.said["slug"]
        try:
            slug, is_changed = forms.slug(node)
        except WrongError as error:
            self.wrong(node.line, error)
            return ""
        if is_changed:
            self.warn(node.line, f'the slug is used as "{slug}"', "use letters, digits and hyphens")
        return slug

    def file_slug(self) -> str:
        return (
            self.place.slug
            or "item-" + hashlib.sha256(self.path.encode(errors="surrogateescape")).hexdigest()[:8]
        )

    def link(self) -> str:
        node = self.said["link"]
        text = node.value if isinstance(node.value, str) else ""
        if ":" in text and not text.startswith(("http://", "https://")) and text.startswith("/"):
            return ""  # Jekyll's pattern "/:year/:title/": no address
        return self.form("link", forms.address) or ""

    def categories(self) -> tuple[str, ...] | None:
        zola = self.said.get("taxonomies")
        if zola is not None and isinstance(zola.value, dict):
            for name in ("categories", "tags"):
                if name in zola.value:
                    self.said["categories"] = forms.joined(
                        self.said.get("categories", _NO_NODE), zola.value[name]
                    )
        if "categories" not in self.said:
            return None
        return self.form("categories", forms.words)

    def event(self) -> PlainEvent | None:
        said = self.said
        if not ("event" in said or "event_start" in said or "event_end" in said or "place" in said):
            return None
        self.unknown_parts("event", table.EVENT_KEYS)
        faults: list[WrongError] = []
        event = occasion.event(said, self.zone, faults)
        line = next(
            said[n].line for n in ("event", "event_start", "event_end", "place") if n in said
        )
        for fault in faults:
            self.wrong(line, fault)
        return event

    def correction(self) -> str:
        words = self.text("correction", table.MAX_TEXT)
        if len(words) > table.LONG_CORRECTION:
            self.warn(
                self.said["correction"].line,
                f"the correction is {len(words)} characters long, and it opens the next edition",
                "say in one sentence what was wrong and what is right",
            )
        return words

    def unknown_parts(self, name: str, known: Collection[str]) -> None:
        """Note keys below a key that nobody knows: a state spelt wrong is no state at all."""
        node = self.said.get(name)
        if node is not None and isinstance(node.value, dict):
            for key, part in node.value.items():
                if key not in known:
                    self.unknown.append((f"{name}.{key[:80]}", part.line))

    def translation(self) -> tuple[str, bool, str] | None:
        said = self.said
        if "translation" not in said and "machine_translated" not in said:
            return None
        self.unknown_parts("translation", table.TRANSLATION_KEYS)
        line = (said.get("translation") or said["machine_translated"]).line
        try:
            return forms.translation(said)
        except WrongError as error:
            self.wrong(line, error)
            return None

    def status(self) -> str | None:
        if "status" in self.said:
            return self.word("status", table.STATUSES)
        if "draft" in self.said:
            is_draft = self.form("draft", lambda node: forms.flag(node, "draft"))
            return "draft" if is_draft else None
        return None


_FLAGS = dict.fromkeys(table.TRUE, "false") | dict.fromkeys(table.FALSE, "true")
_WITH_LINE = (
    "slug",
    "id",
    "categories",
    "correction",
    "downloads",
    "event",
    "event_start",
    "date",
    "image",
    "link",
)


def _about(title: str, date: str) -> str:
    return hashlib.sha256(f"{title}\n{date}".encode(), usedforsecurity=False).hexdigest()[:16]
