"""Change many files as one: staged and fsynced in feeds/.next/ with a list, then renamed.

The list is what decides. Without it a stage never happened and is thrown away; with it every file
it names is whole on the disk, and whoever comes next finishes the renames. So after a crash the
set is the old one or the new one, and at every moment each file is whole. What was made of another
file is renamed before it, and goes before anything is renamed.
"""

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from publisher import faults
from publisher.files import sync_folder

STAGE = ".next"
_LIST = "list.json"
_FILE_MODE = 0o644
_AT_ONCE = 8  # fsyncs under way together


class Stage:
    """Changes to a folder, gathered until `commit` makes them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stage = folder / STAGE
        self._first: list[str] = []  # renamed before those written
        self._written: list[str] = []
        self._dropped: list[str] = []  # gone before anything is renamed
        self._removed: list[str] = []

    def put(self, path: str, data: bytes) -> None:
        """Stage a file's new content; path is relative to the folder, "/" between parts."""
        target = self.draft(path)
        target.write_bytes(data)
        self.keep(path)

    def put_beside(self, path: str, data: bytes, of: str) -> None:
        """Stage what was made of another file, staged or in place, with that file's time stamp."""
        target = self.draft(path)
        target.write_bytes(data)
        target.chmod(_FILE_MODE)
        staged = self._stage / of
        moment = (staged if staged.exists() else self._folder / of).stat().st_mtime_ns
        os.utime(target, ns=(moment, moment))
        self._first.append(path)

    def draft(self, path: str) -> Path:
        """Return where a file's new content is to be written before `keep` takes it."""
        target = self._stage / _checked(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def keep(self, path: str) -> None:
        """Take what was written at a draft's place into the stage."""
        (self._stage / path).chmod(_FILE_MODE)
        self._written.append(path)

    def kept(self, folder: str) -> list[str]:
        """Return what is staged so far below a folder."""
        return [path for path in self._written if path.startswith(folder + "/")]

    def remove(self, path: str) -> None:
        """Stage that a file goes away."""
        self._removed.append(_checked(path))

    def remove_first(self, path: str) -> None:
        """Stage that what was made of another file goes away."""
        self._dropped.append(_checked(path))

    def commit(self) -> None:
        """Make every staged change. Raises OSError; nothing has changed then, or all will."""
        written = [*self._first, *self._written]
        if not written and not self._dropped and not self._removed:
            shutil.rmtree(self._stage, ignore_errors=True)
            return
        self._stage.mkdir(parents=True, exist_ok=True)
        _sync_files([self._stage / path for path in written])
        for folder in sorted({(self._stage / path).parent for path in written}):
            sync_folder(folder)
        work = {"drop": self._dropped, "write": written, "remove": self._removed}
        draft = self._stage / (_LIST + ".new")
        draft.write_text(json.dumps(work), encoding="utf-8")
        _sync_files([draft])
        faults.point()
        draft.rename(self._stage / _LIST)
        sync_folder(self._stage)
        sync_folder(self._folder)
        _finish(self._folder, work)


@contextmanager
def exclusive(feeds_dir: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the one lock that lets a process on this machine change feeds/; yield whether it does.

    The system gives it back when the process ends, however it ends.
    """
    var = feeds_dir.parent / "var"
    var.mkdir(parents=True, exist_ok=True)
    with (var / "feeds.lock").open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def recover(feeds_dir: Path) -> None:
    """Finish or discard what a crash left; a build still at work is left alone."""
    if not (feeds_dir / STAGE).is_dir():
        return
    with exclusive(feeds_dir, wait=False) as is_ours:
        if is_ours:
            settle(feeds_dir)


def settle(feeds_dir: Path) -> None:
    """Finish or discard a stage; only for who holds the lock."""
    stage = feeds_dir / STAGE
    with suppress(FileNotFoundError):
        work = json.loads((stage / _LIST).read_text(encoding="utf-8"))
        _finish(feeds_dir, work)
        return
    shutil.rmtree(stage, ignore_errors=True)


def _finish(folder: Path, work: dict[str, list[str]]) -> None:
    """Do what a list says; doing it again after a crash halfway does the rest."""
    stage = folder / STAGE
    touched = {_removed(folder, path) for path in work.get("drop", ())}
    for path in work["write"]:
        target = folder / _checked(path)
        touched.add(target.parent)
        if not (stage / path).exists():
            continue  # renamed before the crash
        target.parent.mkdir(parents=True, exist_ok=True)
        faults.point()
        (stage / path).replace(target)
    touched |= {_removed(folder, path) for path in work["remove"]}
    for place in sorted(touched):
        if place.is_dir():
            sync_folder(place)
    faults.point()
    (stage / _LIST).unlink()
    shutil.rmtree(stage)


def _removed(folder: Path, path: str) -> Path:
    """Take a file away, and its folder if it was the last there; return what it was taken from."""
    target = folder / _checked(path)
    faults.point()
    target.unlink(missing_ok=True)
    with suppress(OSError):  # not empty, or gone
        target.parent.rmdir()
    return target.parent if target.parent.is_dir() else target.parent.parent


def _sync_files(paths: Sequence[Path]) -> None:
    """Wait until files are on the disk; many at a time, because a disk writes them together."""
    failed: list[OSError] = []

    def sync(some: Sequence[Path]) -> None:
        try:
            for path in some:
                handle = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
        except OSError as error:
            failed.append(error)

    for _ in paths:
        faults.point()
    count = min(_AT_ONCE, len(paths))
    others = [threading.Thread(target=sync, args=(paths[n::count],)) for n in range(1, count)]
    for thread in others:
        thread.start()
    sync(paths[0::count] if count else ())
    for thread in others:
        thread.join()
    if failed:
        raise failed[0]


def _checked(path: str) -> str:
    """Return a path that stays inside the folder. Raises ValueError for any other."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or {"..", STAGE} & set(parts) or "\\" in path:
        raise ValueError(f"not a path inside the feeds folder: {path!r}")
    return path
