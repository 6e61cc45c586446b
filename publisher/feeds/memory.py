"""What the last build left behind, so that the next one does only what is needed.

Two files in var/, both safe to delete: `feeds-now.json` is small and answers "is everything as it
was left?"; `feeds-memory.json` holds the rest. They speed a build up and arm the guard against
mass withdrawal; no byte of any feed depends on the first, a feed without entries keeps its time by
the manifest, and an event its number by the calendar that lies in feeds/.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from publisher import __version__
from publisher.files import write_if_changed

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.settings.model import Settings

_FORM = 1  # raise it when the meaning of what is stored changes
_BYTES = 3  # raise it when the same content becomes other bytes or other files than before
_NOW = "feeds-now.json"
_MEMORY = "feeds-memory.json"
_SHAPING = {"site", "content", "categories", "feeds", "web", "look"}  # sections that shape bytes

Mark = list[int]  # size in bytes and mtime in ns: enough to see that nobody touched a file


@dataclass(slots=True)
class Memory:
    """What is known of the last build."""

    base: str = ""  # all that shapes every feed, apart from the content
    stamp: str = ""  # the library's
    rules: str = ""  # the settings that decide which files are items, and their ids
    published: dict[str, str] = field(default_factory=dict)  # item id -> path
    prints: dict[str, str] = field(default_factory=dict)  # output or feed -> what it was made of
    outputs: dict[str, list[Any]] = field(default_factory=dict)  # path -> [sha256, size, mtime]
    # item id -> [content hash, whether it leans on other files, hash of its HTML, its files]
    bodies: dict[str, list[Any]] = field(default_factory=dict)
    files: dict[str, list[Any]] = field(default_factory=dict)  # path -> [item ids, unused since]
    calendars: dict[str, str] = field(default_factory=dict)  # an event's own file -> item id
    events: dict[str, list[Any]] = field(default_factory=dict)  # item id -> [SEQUENCE, its facts]


def load(var_dir: Path) -> Memory:
    """Return what the last build left; an empty memory when there is none that can be read."""
    stored = _read(var_dir / _MEMORY)
    if not stored:
        return Memory()
    try:
        return Memory(**stored["memory"])
    except (TypeError, KeyError):
        return Memory()


def save(var_dir: Path, memory: Memory) -> None:
    """Keep what this build leaves."""
    _write(
        var_dir / _MEMORY, {"memory": {name: getattr(memory, name) for name in Memory.__slots__}}
    )


def save_now(
    library: "Library", since: float, until: float | None, outputs: dict[str, Mark]
) -> None:
    """Keep that everything is built: from these files, from one moment until another."""
    settings = library.settings
    left = {
        "stamp": library.stamp,
        "ours": fingerprint_of(settings),
        "untouched": _untouched(settings.root, library.tree) if _still_says(settings) else "",
        "since": since,
        "until": until,
        "outputs": outputs,
    }
    _write(settings.var_dir / _NOW, left)


def forget_now(var_dir: Path) -> None:
    """Say that a build is under way: until it ends, nothing counts as built."""
    (var_dir / _NOW).unlink(missing_ok=True)


def is_current(settings: "Settings", stamp: str, now: datetime) -> bool:
    """Return whether a build would change nothing: same content, nothing due, nothing touched."""
    left = _read(settings.var_dir / _NOW)
    if left.get("stamp") != stamp or left.get("ours") != fingerprint_of(settings):
        return False
    return _stands(left, settings.root, now)


def is_untouched(root: Path, now: datetime) -> bool:
    """Return whether a site is, to the last file and setting, as the last build left it.

    Needs no settings, whose reading costs as much as all else that a build without work does.
    False proves nothing: ask `is_current`.
    """
    left = _read(root / "var" / _NOW)
    known = left.get("untouched")
    if not known or (root / "feeds" / ".next").exists():
        return False
    from publisher.content import tree

    return known == _untouched(root, tree(root / "content")) and _stands(left, root, now)


def _stands(left: dict[str, Any], root: Path, now: datetime) -> bool:
    """Return whether what was built is there still, and nothing fell due since."""
    if not left.keys() >= {"since", "until", "outputs"}:
        return False
    moment = now.timestamp()
    if moment < left["since"] or (left["until"] is not None and moment >= left["until"]):
        return False
    folder = os.fspath(root / "feeds")
    return all(mark(f"{folder}/{path}") == known for path, known in left["outputs"].items())


def _untouched(root: Path, tree: str) -> str:
    """Return a hash of all that a build starts from: files, settings, templates, our version."""
    try:
        said = (root / "publisher.toml").read_bytes().hex()
    except OSError:
        return ""
    return digest(__version__, _BYTES, tree, said, *_templates(root))


def _still_says(settings: "Settings") -> bool:
    """Return whether publisher.toml says what this build began with; it may be edited meanwhile."""
    from publisher.errors import PublisherError
    from publisher.settings import load

    try:
        return load(settings.root) == settings
    except PublisherError:
        return False


def mark(path: str | Path) -> Mark | None:
    """Return what shows that a file was not touched, or None when it is not there."""
    try:
        # Not by Path: thousands of files are asked, most of them by name.
        found = os.stat(path, follow_symlinks=False)  # noqa: PTH116
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def digest(*parts: object) -> str:
    """Return a short hash of anything that prints the same when it is the same."""
    told = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()[:32]


def rules_of(settings: "Settings") -> str:
    """Return a hash of the settings that decide which items there are and what their ids are."""
    return digest(settings.site.languages, settings.feeds.id_authority, settings.content)


def fingerprint_of(settings: "Settings") -> str:
    """Return a hash of all that shapes the bytes of every feed, apart from the content."""
    shaping = settings.model_dump_json(include=_SHAPING)
    return digest(__version__, _BYTES, shaping, *_templates(settings.root))


def _templates(root: Path) -> Iterable[str]:
    """Yield what feeds are made with: our templates and words, and the site's own."""
    from publisher.settings import packaged

    for templates in (packaged("templates"), root / "templates"):
        for folder in ("feeds", "locale"):
            try:
                found = sorted(os.scandir(templates / folder), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in found:
                status = entry.stat()
                yield f"{folder}/{entry.name}:{status.st_size}:{status.st_mtime_ns}"


def _read(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) and stored.get("form") == _FORM else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps({"form": _FORM, **content}, ensure_ascii=False, separators=(",", ":"))
    write_if_changed(path, text.encode(errors="surrogatepass"))
