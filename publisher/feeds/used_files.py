"""The files that published items use, copied to feeds/files/<16 hex of sha256>/<name>.

Only files of published items are ever there: nothing of a draft, a held or a future item. An
address names its bytes, so a changed file gets a new address and the old one is kept for 30 days,
because mails and readers still hold it; but when no published item used a file, it goes at once.
A copy and not a hard link, so that an editor's next change cannot reach published bytes.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from publisher.content.item import Item, LocalFile
from publisher.errors import Problem
from publisher.feeds.memory import Memory, mark
from publisher.feeds.stage import Stage

if TYPE_CHECKING:
    from publisher.content import Library

FOLDER = "files"
GRACE = timedelta(days=30)
_BLOCK = 1 << 20  # bytes read at once


def address_of(file: LocalFile) -> str:
    """Return where a file lies under feeds/."""
    return f"{FOLDER}/{file.sha256[:16]}/{file.name}"


def own_files(item: Item) -> Iterator[LocalFile]:
    """Yield the files that an item's front matter names."""
    if item.image and item.image.file:
        yield item.image.file
    for download in item.downloads:
        if download.file:
            yield download.file


def body_files(known: Iterable[Any]) -> Iterator[LocalFile]:
    """Yield the files of a body as the memory holds them."""
    for path, name, size, type_, sha256, *_ in known:
        yield LocalFile(path, name, size, type_, sha256)


def wanted_files(items: Iterable[Item], memory: Memory) -> dict[str, tuple[LocalFile, list[str]]]:
    """Return every file in use by its place under feeds/, with the items that use it."""
    wanted: dict[str, tuple[LocalFile, list[str]]] = {}
    for item in items:
        known = memory.bodies.get(item.id)
        if not known and item.image is None and not item.downloads:
            continue
        for file in (*own_files(item), *(body_files(known[3]) if known else ())):
            wanted.setdefault(address_of(file), (file, []))[1].append(item.id)
    return wanted


def stage_files(
    library: "Library",
    stage: Stage,
    wanted: Mapping[str, tuple[LocalFile, list[str]]],
    memory: Memory,
    feeds_dir: Path,
) -> Iterator[Problem]:
    """Stage the files that are not in place yet; yield one problem for each that cannot be."""
    for path, (file, _) in wanted.items():
        known = memory.outputs.get(path)
        if known and known[1:] == mark(feeds_dir / path):
            continue
        try:
            if _hash(feeds_dir / path) == file.sha256:
                continue
        except OSError:
            pass
        try:
            draft = stage.draft(path)
            found = _copy(library.path_of(file), draft)
        except (OSError, ValueError) as error:
            yield Problem(file.path, 0, f"this file cannot be published: {error}")
            continue
        if found != file.sha256:
            draft.unlink()
            yield Problem(file.path, 0, "this file changed during the build", "build again")
        else:
            stage.keep(path)


def stage_removals(
    stage: Stage,
    wanted: Mapping[str, tuple[LocalFile, list[str]]],
    published: Mapping[str, str],
    memory: Memory,
    feeds_dir: Path,
    now: datetime,
) -> tuple[dict[str, list[Any]], tuple[str, ...]]:
    """Stage the removal of what is no longer used; return what is known of files now, and those."""
    kept: dict[str, list[Any]] = {path: [ids, 0] for path, (_, ids) in wanted.items()}
    gone: list[str] = []
    for path in sorted(set(_existing(feeds_dir)) - set(wanted)):
        users, since = memory.files.get(path) or [None, 0]
        since = since or int(now.timestamp())
        is_withdrawn = users is not None and not any(user in published for user in users)
        if is_withdrawn or now.timestamp() - since >= GRACE.total_seconds():
            stage.remove(path)
            gone.append(path)
        else:
            kept[path] = [users, since]
    return kept, tuple(gone)


def next_removal(files: Mapping[str, list[Any]]) -> float | None:
    """Return when the grace of the first unused file ends, in unix seconds."""
    ends = [since + GRACE.total_seconds() for _, since in files.values() if since]
    return min(ends, default=None)


def _existing(feeds_dir: Path) -> Iterator[str]:
    try:
        folders = [entry for entry in os.scandir(feeds_dir / FOLDER) if entry.is_dir()]
    except OSError:
        return
    for folder in folders:
        for entry in os.scandir(folder.path):
            if entry.is_file(follow_symlinks=False):
                yield f"{FOLDER}/{folder.name}/{entry.name}"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> str:
    """Copy a regular file that is no link; return the hash of what was copied."""
    found = hashlib.sha256()
    handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file, target.open("wb") as draft:
        while block := file.read(_BLOCK):
            found.update(block)
            draft.write(block)
    return found.hexdigest()
