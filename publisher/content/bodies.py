"""Texts of items, made into HTML when somebody asks for them."""

import hashlib
import posixpath
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from publisher.content import finish, layout, markdown, plain, sanitise, shortcodes
from publisher.content.addresses import percent_encoded
from publisher.content.attached import local_path
from publisher.content.files import Files
from publisher.content.forms import WrongError
from publisher.content.frontmatter import Split, decode, split
from publisher.content.item import Body, Item, LocalFile
from publisher.content.reading import read_whole
from publisher.content.reading_time import reading_minutes
from publisher.content.walk import Scan
from publisher.errors import ContentError, Level, Problem

if TYPE_CHECKING:
    from publisher.settings import Settings

MAX_KEPT = 24_000_000  # characters of bodies kept at hand
_SCHEMES = ("http:", "https:", "mailto:", "tel:")


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
        self._site_url, self._languages = settings.site.url, settings.site.languages
        self._items, self._files, self._scan, self._fresh = items, files, scan, fresh
        self._kept: OrderedDict[str, tuple[Body, tuple[Problem, ...]]] = OrderedDict()
        self._size = 0
        self._shortcodes: dict[str, list[tuple[str, int]]] = {}
        self._targets: dict[tuple[str, str], Item] | None = None
        self._resolved: dict[tuple[str, str], Item | None] = {}

    def body(self, item: Item) -> Body:
        """Return an item's body; raises ContentError when its file changed meanwhile."""
        return self._made(item)[0]

    def problems(self, items: Sequence[Item]) -> Iterator[Problem]:
        """Yield what is doubtful in all texts; then each shortcode that was taken out, once."""
        self._shortcodes.clear()
        for item in items:
            try:
                yield from _Text(self, item, self._source(item)).made(self._shortcodes)[1]
            except ContentError as error:
                yield from error.problems
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

    def _made(self, item: Item) -> tuple[Body, tuple[Problem, ...]]:
        kept = self._kept.get(item.path)
        if kept is not None:
            self._kept.move_to_end(item.path)
            return kept
        made = _Text(self, item, self._source(item)).made({})
        self._kept[item.path] = made
        self._size += _size(made[0])
        while self._size > MAX_KEPT and len(self._kept) > 1:
            _, (old, _) = self._kept.popitem(last=False)
            self._size -= _size(old)
        return made

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


class _Text:
    """One item's text on its way to a body."""

    def __init__(self, bodies: Bodies, item: Item, source: Split) -> None:
        self.bodies, self.item, self.source = bodies, item, source
        self.files: dict[str, LocalFile] = {}
        self.problems: list[Problem] = []
        self.folder = posixpath.dirname(item.path.removeprefix("content/"))

    def made(self, removed: dict[str, list[tuple[str, int]]]) -> tuple[Body, tuple[Problem, ...]]:
        """Return the body and what is doubtful; the shortcodes taken out are added to removed."""
        text = self._capped(self.source.body)
        expanded = shortcodes.expand(text)
        for name, at in expanded.removed.items():
            line = self.source.body_line + self.source.body.count("\n", 0, at)
            removed.setdefault(name, []).append((self.item.path, line))
        html = markdown.to_html(expanded.text)
        if len(html) > sanitise.MAX_HTML:
            html = self._cut(html)
        clean = sanitise.clean(html)
        prefix = f"i{zlib.crc32(self.item.id.encode()):08x}-"
        finished = finish.finish(clean, self.item.language, prefix, self.link, self.picture)
        self._doubts(finished)
        summary = self.item.summary or plain.first_paragraph(finished.html)
        made = _RenderedBody(finished.html, summary, tuple(self.files.values()))
        return made, tuple(self.problems)

    def _capped(self, text: str) -> str:
        if len(text) <= markdown.MAX_SOURCE:
            return text
        self._warn(
            0, f"only the first {markdown.MAX_SOURCE:,} characters are used", "shorten the text"
        )
        return text[: markdown.MAX_SOURCE]

    def _cut(self, html: str) -> str:
        """Return as much of too long a text as may be published, ended at a tag."""
        self._warn(
            0,
            f"the text is longer than {sanitise.MAX_HTML:,} characters of HTML, and was cut",
            "part it into several items",
        )
        html = html[: sanitise.MAX_HTML]
        return html[: html.rfind("<")] if "<" in html[-5000:] else html

    def _doubts(self, finished: finish.Finished) -> None:
        for source in finished.pictures_without_alt:
            self._warn(
                self._line_of(source),
                f'the picture "{source[:120]}" has no alternative text',
                "write what it shows between the square brackets",
            )
        if bold := markdown.literal_bold(finished.html):
            self._warn(
                self._line_of(bold),
                f'"{bold[:80]}" shows its asterisks instead of being bold',
                "put the punctuation after the closing marks, or a space",
            )

    def _line_of(self, text: str) -> int:
        at = self.source.body.find(text) if text else -1
        return self.source.body_line + self.source.body.count("\n", 0, at) if at >= 0 else 0

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
            elif self.bodies._files.has(path):
                if file := self._file(path):
                    return self.bodies._files.url(file)
            elif (found := self.bodies.target(path + ".md", self.item.language)) and (
                not written.startswith("/")
            ):
                return percent_encoded(found.link + after)
        base = self.bodies._site_url + "/" if written.startswith("/") else self.item.link
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
                    self.bodies._files.url(file), *self.bodies._files.picture_size(path)
                )
        target = self.link(written)
        return finish.Picture(target if target.startswith(("http://", "https://")) else "")

    def _local(self, written: str) -> str:
        try:
            return local_path(unquote(written), self.folder, 0) if written.strip("/") else ""
        except WrongError:
            return ""

    def _file(self, path: str) -> LocalFile | None:
        file = self.bodies._files.get(path)
        if file is not None:
            self.files[file.path] = file
        return file
