"""What a path or a word names: an item, a file that is none and why, or nothing and what is near."""

import posixpath
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

from publisher.content import scan
from publisher.errors import Problem

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.content.item import Item
    from publisher.settings import Settings


_MARKDOWN = (".md", ".markdown")


class FileIs(StrEnum):
    """What lies at a path."""

    ITEM = "item"
    BROKEN = "broken"  # it should be an item and cannot be read as one
    LEFT_OUT = "left out"  # by [content] include or exclude
    NO_ITEM = "not an item"  # README, _index, a download, a picture
    WORD = "editor's word"  # for one edition
    OUTSIDE = "outside content"
    WITHDRAWN = "withdrawn"  # no file has it any more, and editions carried it
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was asked about."""

    word: str  # as it was asked
    path: str  # relative to the site, "" when no file was named
    what: FileIs
    problems: tuple[Problem, ...] = ()
    used_by: tuple[str, ...] = ()  # paths of items that offer or show this file
    nearest: tuple[str, ...] = ()


def look_up(
    settings: "Settings", library: "Library", word: str
) -> tuple[FileFacts, tuple["Item", ...]]:
    """Return what a word names and the items it is about, which may be several translations.

    word   a path relative to the site or to content/, a key, key/language, an id or a link
    """
    path = posixpath.normpath(word.replace("\\", "/")) if word else ""
    for candidate in (path, f"content/{path}"):
        # Two files may claim one key and language, so all of a path's story is told.
        if items := [item for item in library.items if item.path == candidate]:
            file = FileFacts(word, candidate, FileIs.ITEM, _problems(library, candidate))
            return file, _story(library, items[0].key)
    for item in library.items:
        if word in _names(item) or path in _names(item):
            story = _story(library, item.key)
            problems = tuple(p for one in story for p in _problems(library, one.path))
            return FileFacts(word, "", FileIs.ITEM, problems), story
    return _no_item(settings, library, word, path), ()


def keys_of(word: str) -> tuple[str, ...]:
    """Return the keys that a path or a key may mean when no file is there to ask."""
    path = posixpath.normpath(word.replace("\\", "/")).removeprefix("content/")
    stem = next((path.removesuffix(end) for end in _MARKDOWN if path.endswith(end)), path)
    return tuple(dict.fromkeys((path, stem, posixpath.splitext(stem)[0])))


def _story(library: "Library", key: str) -> tuple["Item", ...]:
    return tuple(item for item in library.items if item.key == key)


def _no_item(settings: "Settings", library: "Library", word: str, path: str) -> FileFacts:
    found = scan(settings)
    for below in (path.removeprefix("content/"), path):
        shown = f"content/{below}"
        problems = _problems(library, shown)
        if below in found.words:
            return FileFacts(word, shown, FileIs.WORD, problems)
        if below in found.items:
            return FileFacts(word, shown, FileIs.BROKEN, problems)
        if below in found.files:
            return _other(settings, library, word, below, problems)
        if problems:
            return FileFacts(word, shown, FileIs.BROKEN, problems)
    if path and not path.startswith("../") and (settings.root / path).is_file():
        outside = FileIs.NO_ITEM if path.startswith("content/") else FileIs.OUTSIDE
        return FileFacts(word, path, outside)
    return FileFacts(word, "", FileIs.MISSING, nearest=_nearest(library, path))


def _other(
    settings: "Settings", library: "Library", word: str, below: str, problems: tuple[Problem, ...]
) -> FileFacts:
    shown = f"content/{below}"
    if problems:
        return FileFacts(word, shown, FileIs.BROKEN, problems)
    open_to_all = settings.content.model_copy(update={"include": [], "exclude": []})
    would_be = scan(settings.model_copy(update={"content": open_to_all})).items
    if below in would_be:
        return FileFacts(word, shown, FileIs.LEFT_OUT)
    used_by = tuple(item.path for item in library.items if shown in _files(item))
    return FileFacts(word, shown, FileIs.NO_ITEM, used_by=used_by)


def _names(item: "Item") -> tuple[str, ...]:
    return (
        item.key,
        f"{item.key}/{item.language}",
        f"{item.key}.{item.language}",
        item.id,
        item.link,
    )


def _files(item: "Item") -> set[str]:
    used = {each.file.path for each in item.downloads if each.file}
    if item.image and item.image.file:
        used.add(item.image.file.path)
    return used


def _problems(library: "Library", path: str) -> tuple[Problem, ...]:
    return tuple(problem for problem in library.problems if problem.path == path)


def _nearest(library: "Library", path: str) -> tuple[str, ...]:
    """Return what somebody may have meant: by the whole path first, then by the name alone."""
    is_path = path.endswith(_MARKDOWN)
    whole: dict[str, str] = {}
    last: dict[str, str] = {}
    for item in library.items:
        meant = item.path if is_path else item.key
        whole.setdefault(_bare(item.path) if is_path else item.key, meant)
        last.setdefault(posixpath.basename(item.key), meant)
    asked = _bare(path)
    found = [whole[name] for name in get_close_matches(asked, whole, 3, 0.75)]
    name = posixpath.basename(asked).partition(".")[0]
    found += [last[name] for name in get_close_matches(name, last, 3, 0.75)]
    return tuple(dict.fromkeys(found))[:3]


def _bare(path: str) -> str:
    """Return a path without what nearly all paths have, which would make any two look alike."""
    return posixpath.splitext(path.removeprefix("content/"))[0] if path else ""
