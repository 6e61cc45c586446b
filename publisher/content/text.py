"""One text on its way from Markdown to the HTML that feeds, mails and pages show."""

import posixpath
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from publisher.content import doubts, finish, layout, markdown, plain, sanitise, shortcodes
from publisher.content.addresses import percent_encoded
from publisher.content.attached import local_path
from publisher.content.forms import WrongError
from publisher.content.frontmatter import Split
from publisher.content.item import Body, Item, LocalFile
from publisher.content.reading_time import reading_minutes
from publisher.errors import Level, Problem

if TYPE_CHECKING:
    from publisher.content.bodies import Bodies

_ALSO = {"summary": "description|excerpt"}  # the table's other names
_SCHEMES = ("http:", "https:", "mailto:", "tel:")


@dataclass(frozen=True, slots=True)
class Page:
    """What an item's text needs to know of it, for a text that is no item's."""

    path: str
    language: str
    link: str
    id: str
    summary: str = ""


class _RenderedBody(Body):
    """A body whose plain text is made when somebody asks: feeds never do, and it is a quarter of the work.

    The places of both fields stay empty until then, so Python comes to `__getattr__` for them.
    """

    __slots__ = ()

    def __init__(self, html: str, summary: str, files: tuple[LocalFile, ...]) -> None:
        for name, value in (("html", html), ("summary", summary), ("files", files)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> str | int:
        value: str | int
        if name == "text":
            value = plain.plain_text(self.html)
        elif name == "reading_minutes":
            value = reading_minutes(self.text)
        else:
            raise AttributeError(name)
        object.__setattr__(self, name, value)
        return value


class Text:
    """One item's text on its way to a body."""

    def __init__(self, bodies: "Bodies", item: Item | Page, source: Split) -> None:
        self.bodies, self.item, self.source = bodies, item, source
        self.files: dict[str, LocalFile] = {}
        self.problems: list[Problem] = []
        self.finished = finish.Finished()
        self.folder = posixpath.dirname(item.path.removeprefix("content/"))

    def made(self, removed: dict[str, list[tuple[str, int]]]) -> Body:
        """Return the body; the shortcodes taken out are added to removed."""
        text = self._capped(self.source.body)
        expanded = shortcodes.expand(text)
        for name, at in expanded.removed.items():
            line = self.source.body_line + self.source.body.count("\n", 0, at)
            removed.setdefault(name, []).append((self.item.path, line))
        html = markdown.to_html(expanded.text)
        clean = sanitise.clean(self._cut(html))
        finished = finish.finish(clean, self.item.language, self._prefix(), self.link, self.picture)
        self.finished = finished
        summary = self.item.summary or plain.first_paragraph(finished.html)
        return _RenderedBody(finished.html, summary, tuple(self.files.values()))

    def word(self) -> tuple[str, str, tuple[Problem, ...]]:
        """Return the text with nothing in it but what one sentence in a mail needs."""
        html = sanitise.clean(
            self._cut(markdown.to_html(shortcodes.expand(self._capped(self.source.body)).text))
        )
        few = sanitise.plain_words(html)
        if "<img" in html:
            self._warn(0, "a picture is left out of the editor's word", "put it into an item")
        finished = finish.finish(few, self.item.language, self._prefix(), self.link, self.picture)
        self.finished = finished
        self.look_over()
        text = plain.with_addresses(plain.plain_text(finished.html), finished.html)
        return finished.html, text, tuple(self.problems)

    def _prefix(self) -> str:
        return f"i{zlib.crc32(self.item.id.encode()):08x}-"

    def _capped(self, text: str) -> str:
        if len(text) <= markdown.MAX_SOURCE:
            return text
        self._warn(
            0, f"only the first {markdown.MAX_SOURCE:,} characters are used", "shorten the text"
        )
        return text[: markdown.MAX_SOURCE]

    def _cut(self, html: str) -> str:
        """Return a text, or as much of too long a one as may be published, ended at a tag."""
        if len(html) <= sanitise.MAX_HTML:
            return html
        self._warn(
            0,
            f"the text is longer than {sanitise.MAX_HTML:,} characters of HTML, and was cut",
            "part it into several items",
        )
        html = html[: sanitise.MAX_HTML]
        return html[: html.rfind("<")] if "<" in html[-5000:] else html

    def look_over(self) -> None:
        """Add what is doubtful in the text just made to problems."""
        for doubt in doubts.of_body(self.finished, self.item.language):
            self._warn(self._line_of(doubt.text), doubt.message, doubt.hint)

    def look_over_front(self, item: Item) -> None:
        """Add what is doubtful in the front matter's own words and picture to problems."""
        for name, words in (
            ("title", item.title),
            ("summary", item.summary),
            ("correction", item.correction),
        ):
            for doubt in doubts.of_line(words, item.language):
                line = self._front_line(name) or self._front_line(_ALSO.get(name, name))
                self._warn(line, f"in the {name}, {doubt.message}", doubt.hint)
        # A translation that shares its original's picture has nothing to mend.
        if item.image and not item.image.alt and (line := self._front_line("image")):
            self._warn(
                line,
                "the item's picture has no alternative text",
                "write `image: {src: …, alt: …}` with what it shows",
            )

    def _front_line(self, name: str) -> int:
        found = re.search(rf"^\s*(?:\[\s*)?(?:{name})\b", self.source.front, re.M | re.I)
        return 2 + self.source.front.count("\n", 0, found.end()) if found else 0

    def _line_of(self, text: str) -> int:
        body = self.source.body
        first = re.search(r"\w[\w ]*", text)  # of a place that holds a link or an entity
        for part in (text, text.rpartition(" ")[2], first[0] if first else ""):
            at = body.find(part) if part else -1
            if at >= 0:
                return self.source.body_line + body.count("\n", 0, at)
        return 0

    def _warn(self, line: int, message: str, hint: str) -> None:
        self.problems.append(Problem(self.item.path, line, message, hint, Level.WARNING))

    def link(self, written: str) -> str:
        """Return where a link leads, absolute; "" when it leads nowhere."""
        written = written.strip()
        if not written or written[0] in "#?":
            return percent_encoded(urljoin(self.item.link, written))
        if written.startswith(_SCHEMES) or written.lower().startswith(_SCHEMES):
            return percent_encoded(written)
        if written.startswith("//"):
            return percent_encoded("https:" + written)
        try:
            parts = urlsplit(written)
        except ValueError:
            return ""
        if parts.scheme:
            return ""
        after = (f"?{parts.query}" if parts.query else "") + (
            f"#{parts.fragment}" if parts.fragment else ""
        )
        if path := self._local(parts.path):
            if path.endswith(layout.SUFFIXES):
                if found := self.bodies.target(path, self.item.language):
                    return percent_encoded(found.link + after)
                self._warn(
                    self._line_of(written),
                    f'the link "{written[:120]}" leads to no item',
                    "mend its path",
                )
            elif self.bodies.files.has(path):
                if file := self._file(path):
                    return self.bodies.files.url(file)
            elif (found := self.bodies.target(path + ".md", self.item.language)) and (
                not written.startswith("/")
            ):
                return percent_encoded(found.link + after)
        base = self.bodies.site_url + "/" if written.startswith("/") else self.item.link
        return percent_encoded(urljoin(base, written))

    def picture(self, written: str) -> finish.Picture:
        """Return where a picture is, and how large."""
        written = written.strip()
        if not written:
            return finish.Picture("")
        lower = written.lower()
        if not lower.startswith(("http:", "https:", "//")) and ":" not in written.partition("/")[0]:
            path = self._local(written.partition("?")[0].partition("#")[0])
            if path and (file := self._file(path)):
                return finish.Picture(
                    self.bodies.files.url(file), *self.bodies.files.picture_size(path)
                )
        target = self.link(written)
        return finish.Picture(target if target.startswith(("http://", "https://")) else "")

    def _local(self, written: str) -> str:
        try:
            return local_path(unquote(written), self.folder, 0) if written.strip("/") else ""
        except WrongError:
            return ""

    def _file(self, path: str) -> LocalFile | None:
        file = self.bodies.files.get(path)
        if file is not None:
            self.files[file.path] = file
        return file
