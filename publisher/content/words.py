"""The editor's word: what somebody wrote for one edition, in content/editions/<digest>/.

A file is named by the edition's slot and its language, `2026-03-29T07:00.en.md`, and holds subject,
preheader and one sentence, each of which may be left out. These files are no items.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from publisher.content import layout, values
from publisher.content.fields import MAX_TITLE
from publisher.content.forms import WrongError, text
from publisher.content.frontmatter import (
    Fields,
    FrontMatterError,
    Split,
    decode,
    read_front,
    split,
)
from publisher.content.item import Word
from publisher.content.plain import plain_text
from publisher.content.reading import read_whole
from publisher.content.walk import WORDS, Scan
from publisher.errors import Level, Problem

if TYPE_CHECKING:
    from publisher.content.bodies import Bodies
    from publisher.settings import Settings

KEYS = ("subject", "preheader")
FIELDS = ("name", "first", "count", "date")  # what {…} may name in both
LONG_SUBJECT = 200  # characters; mail programs show about 60
LONG_WORD = 600  # characters; it is one sentence, not an article
PAST = timedelta(days=35)  # words of editions longer ago are not looked over again

_SLOT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2})[:-]?(\d{2}))?", re.ASCII)
_FIELD = re.compile(r"\{(\w+)\}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _Place(NamedTuple):
    """Which edition a file is for."""

    digest: str
    slot: str  # "2026-03-29T07:00", or "2026-03-29" for every slot of that day
    language: str


class _Said(NamedTuple):
    """What one file says, before its text is made into HTML."""

    subject: str
    preheader: str
    source: Split


class Words:
    """The editor's words of one library, read when somebody asks."""

    def __init__(self, settings: "Settings", scan: Scan, bodies: "Callable[[], Bodies]") -> None:
        self._settings, self._scan, self._bodies = settings, scan, bodies
        self._problems: list[Problem] = []
        self._paths: dict[_Place, str] = {}
        if scan.words:
            self._paths = self._placed()

    def word(self, digest: str, slot: str, language: str) -> Word | None:
        """Return what an editor wrote for an edition, None when nobody did or it cannot be read."""
        path = self._path_for(digest, slot, language) if self._paths else None
        if path is None:
            return None
        said, _ = self._read(path)
        if said is None:
            return None
        html, plain, _ = self._bodies().word(f"content/{path}", language, said.source)
        if not (said.subject or said.preheader or plain):
            return None
        return Word(said.subject, said.preheader, html, plain, f"content/{path}")

    def problems(self, now: datetime) -> Iterator[Problem]:
        """Yield what is wrong with names, and with front matter that may still be used."""
        yield from self._problems
        for path in self._current(now):
            yield from self._read(path)[1]

    def text_problems(self, now: datetime) -> Iterator[Problem]:
        """Yield what is doubtful in the texts that may still be used."""
        for path, place in self._current(now).items():
            said, _ = self._read(path)
            if said is None:
                continue
            shown = f"content/{path}"
            html, plain, doubts = self._bodies().word(shown, place.language, said.source)
            yield from doubts
            if not (said.subject or said.preheader or plain):
                yield Problem(shown, 0, "the file says nothing", "write a sentence, or remove it")
            length = len(plain_text(html))
            if length > LONG_WORD:
                yield Problem(
                    shown,
                    said.source.body_line,
                    f"the word is {length} characters long",
                    "say it in a sentence or two, and the rest in an item",
                    Level.WARNING,
                )

    def _current(self, now: datetime) -> dict[str, _Place]:
        since = (now - PAST).date().isoformat()
        return {path: place for place, path in self._paths.items() if place.slot >= since}

    def _path_for(self, digest: str, slot: str, language: str) -> str | None:
        asked = _slot(slot[:16]) or _slot(slot[:10])
        if asked is None:
            return None
        for name in (asked, asked[:10]):
            if path := self._paths.get(_Place(digest, name, language)):
                return path
        if len(asked) > 10:
            return None
        # An edition named by its day alone: a word that names an hour of it can mean no other.
        of_day = [
            path
            for place, path in self._paths.items()
            if place.digest == digest and place.language == language and place.slot[:10] == asked
        ]
        return of_day[0] if len(of_day) == 1 else None

    def _placed(self) -> dict[_Place, str]:
        """Return the file for each edition; what cannot be one is noted as a problem."""
        found: dict[_Place, list[str]] = defaultdict(list)
        astray: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self._scan.words):
            if not _is_meant(path):
                continue
            folder = posixpath.dirname(path.removeprefix(WORDS))
            if folder not in self._settings.digests:
                astray[folder].append(path)
            elif place := self._place(folder, path):
                found[place].append(path)
        for folder, paths in astray.items():
            self._note_astray(folder, paths)
        for twins in found.values():
            for path in twins if len(twins) > 1 else ():
                others = " and ".join(f"content/{one}" for one in twins if one != path)
                self._note(
                    path, f"{others} is for the same edition, so neither is used", "keep one"
                )
        return {place: paths[0] for place, paths in found.items() if len(paths) == 1}

    def _place(self, digest: str, path: str) -> _Place | None:
        name = posixpath.basename(path)
        if not path.endswith(layout.SUFFIXES):
            said = "only Markdown files are used here, so this one is not"
            self._note(path, said, 'end its name in ".md", or remove it', Level.WARNING)
            return None
        stem, _, tag = posixpath.splitext(name)[0].rpartition(".")
        languages = self._settings.site.languages
        if not stem:  # one part alone: a slot without language, or nothing of the kind
            example = f"{_slot(tag) or '2026-03-29T07:00'}.{languages[0]}.md"
            self._note(path, "the file's name does not say its language", f"name it {example}")
            return None
        language, slot = layout.listed(tag, languages), _slot(stem)
        if not language:
            hint = f"write one of: {', '.join(languages)}"
            self._note(path, f'the site does not have the language "{tag[:80]}"', hint)
        if not slot:
            example = f"2026-03-29T07:00.{language or languages[0]}.md"
            hint = f"name it for instance {example}, or 2026-03-29.{language or languages[0]}.md"
            self._note(path, f'"{stem[:80]}" is not the time of an edition', hint)
        return _Place(digest, slot, language) if language and slot else None

    def _note_astray(self, folder: str, paths: list[str]) -> None:
        count = "a file" if len(paths) == 1 else f"{len(paths)} files"
        digests = list(self._settings.digests)
        if not folder:
            said = f"{count} here is in no digest's folder"
            hint = f"put it into one of: {', '.join(digests)}" if digests else "remove it"
            self._note(paths[0], said, hint)
            return
        near = get_close_matches(folder[:80], digests, 1)
        top = folder.partition("/")[0]
        if top in self._settings.digests:
            hint = f"put it into content/{WORDS}{top}/ itself"
        elif near:
            hint = f'did you mean "{near[0]}"?'
        else:
            hint = f'rename it, or leave it out with [content] exclude = ["{WORDS}**"]'
        said = f'the site has no digest "{folder[:80]}", so {count} in its folder says nothing'
        self._problems.append(Problem(f"content/{WORDS}{folder}/", 0, said, hint))

    def _note(self, path: str, message: str, hint: str, level: Level = Level.ERROR) -> None:
        self._problems.append(Problem(f"content/{path}", 0, message, hint, level))

    def _read(self, path: str) -> tuple[_Said | None, list[Problem]]:
        """Return what a file says and what is wrong with it."""
        shown = f"content/{path}"
        try:
            data = read_whole(f"{self._scan.root}/{path}")[0]
            source = _parted(decode(data))
            front = read_front(source) if source.fence else {}
        except OSError as error:
            why = f"the file cannot be read: {error.strerror or error}"
            return None, [Problem(shown, 0, why, "look at its rights")]
        except FrontMatterError as error:
            return None, [Problem(shown, error.line, error.message, error.hint)]
        read = _Front(shown, front)
        if not (read.said or read.is_wrong or source.body.strip()):
            read.note(0, "the file says nothing", "write a sentence, or remove it")
        if read.is_wrong:
            return None, read.problems
        said = _Said(read.said.get("subject", ""), read.said.get("preheader", ""), source)
        return said, read.problems


class _Front:
    """The front matter of one file."""

    def __init__(self, shown: str, front: Fields) -> None:
        self.shown = shown
        self.said: dict[str, str] = {}
        self.problems: list[Problem] = []
        for key, node in front.items():
            name = key.lower()
            if name not in KEYS:
                near = get_close_matches(name[:80], KEYS, 1)
                hint = f'did you mean "{near[0]}"?' if near else f"there are: {', '.join(KEYS)}"
                self.note(node.line, f'the key "{key[:80]}" is unknown', hint, Level.WARNING)
                continue
            try:
                words = text(node, name, MAX_TITLE)
            except WrongError as error:
                self.note(error.line or node.line, error.message, error.hint)
                continue
            if words and words != "~":
                self.said[name] = words
                self.look_over(name, str(node.value), node.line)

    @property
    def is_wrong(self) -> bool:
        return any(problem.is_error for problem in self.problems)

    def look_over(self, name: str, written: str, line: int) -> None:
        if _CONTROL.search(written.strip()):
            said = f"{name} holds a line end or a control character, which is taken out"
            self.note(line, said, f"write `{name}: …` on one line", Level.WARNING)
        length = len(values.one_line(written))
        if name == "subject" and length > LONG_SUBJECT:
            said = f"the subject is {length} characters long, and mail programs show about 60"
            self.note(line, said, "shorten it", Level.WARNING)
        for field in dict.fromkeys(_FIELD.findall(written)):
            if field not in FIELDS:
                said = f"{{{field[:40]}}} in the {name} stands for nothing, and readers see it so"
                near = get_close_matches(field[:40], FIELDS, 1)
                known = ", ".join(f"{{{one}}}" for one in FIELDS)
                hint = f"did you mean {{{near[0]}}}?" if near else f"there are: {known}"
                self.note(line, said, hint, Level.WARNING)

    def note(self, line: int, message: str, hint: str, level: Level = Level.ERROR) -> None:
        self.problems.append(Problem(self.shown, line, message, hint, level))


def _is_meant(path: str) -> bool:
    """Return whether a file may be somebody's word, and not a README beside the others."""
    return layout.is_item(path) or not path.endswith(layout.SUFFIXES)


def _parted(whole: str) -> Split:
    """Part a file at its fences; front matter may be left out altogether."""
    return split(whole) if whole.startswith(("---", "+++")) else Split("", "", whole, 0)


def _slot(written: str) -> str | None:
    """Return a slot in its one spelling, None when it is no time of any calendar."""
    found = _SLOT.fullmatch(written)
    if not found:
        return None
    day, hour, minute = found.groups()
    try:
        date.fromisoformat(day)
    except ValueError:
        return None
    if hour is None:
        return day
    return f"{day}T{hour}:{minute}" if int(hour) < 24 and int(minute) < 60 else None
