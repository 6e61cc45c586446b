"""One walk over `content/`: what is there, and a stamp that changes when any of it does."""

import fnmatch
import hashlib
import marshal
import os
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import publisher
from publisher.content import layout
from publisher.errors import ContentError, Level, Problem

if TYPE_CHECKING:
    from publisher.settings import Settings

FORM = 3  # of all that is derived from files; a new number makes every stamp and cache new
IDS_NAME = "ids.json"
WORDS = "editions/"  # the editor's word for each edition lies here, and no item
MAX_DEPTH = 40  # folders in folders
Stat = tuple[int, int, int]  # size, mtime_ns, ctime_ns


@dataclass(frozen=True, slots=True)
class Scan:
    """What lay under `content/` at one moment, and what else the outcome depends on."""

    stamp: str
    root: str  # the content folder, its real path
    files: dict[str, Stat] = field(repr=False)  # every regular file, by path under content/
    items: tuple[str, ...] = field(repr=False)  # those that hold items, sorted
    problems: tuple[Problem, ...] = ()
    base: str = ""  # the stamp without ids.json
    tree: str = ""  # what lies there, whatever the settings make of it, without ids.json
    ids: Stat | None = None  # of ids.json
    words: dict[str, Stat] = field(default_factory=dict, repr=False)  # files below editions/


def scan(settings: "Settings") -> Scan:
    """Walk `content/` once, reading no file.

    Links to folders are never followed, links to files only when they stay inside `content/`.
    Raises ContentError when the folder itself cannot be listed: a disk that is not mounted must
    not look like a site whose items were all deleted.
    """
    root = os.path.realpath(settings.content_dir)
    _see_that_it_is_there(root, settings)
    files: dict[str, Stat] = {}
    problems: list[Problem] = []
    _walk(root, "", 0, files, problems)
    ids = files.pop(IDS_NAME, None)
    chosen = _chosen(settings.content.include, settings.content.exclude)
    tree = _tree(files)
    names = sorted(files)
    words = _taken_out(files, names, settings.content.exclude)
    items = []
    for path in names:
        if layout.is_item(path) and (chosen is None or chosen(path)):
            reason = _unfit(path)
            if reason:
                problems.append(Problem(f"content/{path}", 0, reason, "rename the file"))
            else:
                items.append(path)
    problems += _unlisted_folders(items, settings.site.languages)
    told = f"{tree}{outcome(settings)}".encode(errors="surrogateescape")
    base = hashlib.sha256(told).hexdigest()[:32]
    stamp = stamp_with(base, ids)
    return Scan(stamp, root, files, tuple(items), tuple(problems), base, tree, ids, words)


def tree(content_dir: Path) -> str:
    """Return what `Library.tree` says as long as no file changes; needs no settings.

    "" when the folder cannot be listed.
    """
    files: dict[str, Stat] = {}
    if content_dir.is_dir():
        _walk(os.path.realpath(content_dir), "", 0, files, [])
    ids = files.pop(IDS_NAME, None)
    return stamp_with(_tree(files), ids) if files else ""


def _taken_out(files: dict[str, Stat], names: list[str], exclude: Iterable[str]) -> dict[str, Stat]:
    """Take the files below editions/ out of all the others and return those that are not excluded."""
    first, end = bisect_left(names, WORDS), bisect_left(names, WORDS[:-1] + "0")  # "0" follows "/"
    if first == end:
        return {}
    unwanted = _pattern(exclude)
    words = {path: files.pop(path) for path in names[first:end]}
    del names[first:end]
    return {path: stat for path, stat in words.items() if not (unwanted and unwanted.match(path))}


def _tree(files: dict[str, Stat]) -> str:
    # Version 2 of marshal writes equal values as equal bytes; later ones do not.
    told = marshal.dumps([(path, files[path]) for path in sorted(files)], 2)
    return hashlib.sha256(told).hexdigest()[:32]


def stamp_with(base: str, ids: Stat | None) -> str:
    """Return a scan's stamp, given what ids.json is like."""
    return hashlib.sha256(f"{base}{ids}".encode()).hexdigest()[:32]


def outcome(settings: "Settings") -> str:
    """Return, as a text, all that items depend on beside the files."""
    return repr(
        (
            publisher.__version__,
            FORM,
            settings.site,
            settings.content,
            settings.categories,
            settings.feeds,
            settings.web.url,
        )
    )


def stat_of(path: Path) -> Stat | None:
    """Return what tells one state of a file from another, None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _see_that_it_is_there(root: str, settings: "Settings") -> None:
    try:
        os.scandir(root).close()
    except FileNotFoundError:
        hint = "make the folder and put your items into it, or name the site with --site"
        problem = Problem("content/", 0, f"there is none in {settings.root}", hint)
        raise ContentError([problem]) from None
    except OSError as error:
        message = f"the folder cannot be read: {error.strerror}"
        raise ContentError([Problem("content/", 0, message, "look at its rights")]) from error


def _walk(
    folder: str, prefix: str, depth: int, files: dict[str, Stat], problems: list[Problem]
) -> None:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(
            Problem(
                f"content/{prefix}",
                0,
                f"the folder cannot be read: {error.strerror}",
                "look at its rights",
            )
        )
        return
    if depth > MAX_DEPTH:
        problems.append(
            Problem(
                f"content/{prefix}", 0, f"folders lie more than {MAX_DEPTH} deep", "flatten them"
            )
        )
        return
    root = folder[: len(folder) - len(prefix)] if prefix else folder
    for entry in entries:
        name = entry.name
        if name[0] == "." or name[-1] == "~":
            continue
        path = prefix + name
        try:
            if entry.is_symlink():
                _follow(entry.path, path, root.rstrip("/"), files, problems)
            elif entry.is_file(follow_symlinks=False):
                found = entry.stat(follow_symlinks=False)
                files[path] = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            elif entry.is_dir(follow_symlinks=False):
                _walk(entry.path, path + "/", depth + 1, files, problems)
            elif not entry.is_dir(follow_symlinks=False) and layout.is_item(path):
                said = "this is no file but a pipe, a socket or a device, so it is left out"
                problems.append(Problem(f"content/{path}", 0, said, "remove it", Level.WARNING))
        except OSError:
            continue  # gone since the folder was listed


def _follow(
    link: str, path: str, root: str, files: dict[str, Stat], problems: list[Problem]
) -> None:
    target = os.path.realpath(link)
    if Path(target).is_dir():
        return
    if layout.is_item(path):
        problems.append(
            Problem(
                f"content/{path}",
                0,
                "the file is a symbolic link, so it is left out",
                "put the file itself there",
                Level.WARNING,
            )
        )
    elif target.startswith(root + "/") and Path(target).is_file():
        found = Path(target).stat()
        files[path] = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _unfit(path: str) -> str:
    if path.isascii() and path.isprintable():
        return ""
    try:
        path.encode()
    except UnicodeEncodeError:
        return "the file's name is not UTF-8"
    if any(ord(c) < 32 or c in "\x7f\x85\u2028\u2029" for c in path):
        return "the file's name holds a control character"
    return ""


def _unlisted_folders(items: Iterable[str], languages: Iterable[str]) -> list[Problem]:
    """Return a warning for each first folder that looks like a language the site does not have."""
    site = tuple(languages)
    folders = dict.fromkeys(path.partition("/")[0] for path in items if "/" in path)
    return [
        Problem(
            f"content/{folder}",
            0,
            f'"{folder}" looks like the folder of a language that the site does not have',
            f'add it to [site] languages, or exclude it with [content] exclude = ["{folder}/**"]',
            Level.WARNING,
        )
        for folder in folders
        if layout.looks_like_language(folder) and not layout.listed(folder, site)
    ]


def _chosen(include: Iterable[str], exclude: Iterable[str]) -> Callable[[str], bool] | None:
    wanted, unwanted = _pattern(include), _pattern(exclude)
    if not wanted and not unwanted:
        return None
    return lambda path: bool(
        (not wanted or wanted.match(path)) and not (unwanted and unwanted.match(path))
    )


def _pattern(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """Return globs as one expression: "**" crosses folders, "*" does not, "x/" means all in it."""
    parts = []
    for pattern in patterns:
        pattern = pattern.removeprefix("content/").lstrip("/")
        if pattern.endswith("/"):
            pattern += "**"
        if "/" not in pattern:
            pattern = "**/" + pattern
        made = ""
        for piece in re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern):
            if piece == "**/":
                made += "(?:.*/)?"
            elif piece == "**":
                made += ".*"
            elif piece == "*":
                made += "[^/]*"
            elif piece == "?":
                made += "[^/]"
            elif piece.startswith("[") and piece.endswith("]"):
                made += fnmatch.translate(piece)[4:-3]
            else:
                made += re.escape(piece)
        parts.append(f"(?:{made})\\Z")
    return re.compile("|".join(parts), re.S) if parts else None
