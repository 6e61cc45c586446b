"""The twins of files: compressed copies beside them, which web servers hand out as they are.

A twin is made of the very bytes of its file, in the same build, and has its time stamp. It comes
before its file and goes before it. Caddy takes a twin's date from the file (2.6.2): for a moment it
may give new bytes under the old date, which are asked for once more, but never old bytes under the
new one, with which a reader would hear "not modified" until the next change.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from publisher.errors import Problem
from publisher.feeds.memory import Memory, mark
from publisher.feeds.packing import SUFFIXES, Packing, unpacked
from publisher.feeds.stage import STAGE, Stage
from publisher.feeds.used_files import FOLDER

# A smaller file and the 600 bytes of its headers fill one packet of 1,460 bytes: it would not arrive
# sooner, and two more files on the disk would be all that came of it.
LEAST = 860  # bytes
_TEXTS = (".rss", ".atom", ".json", ".ics", ".opml", ".html", ".css")


def twins_of(path: str) -> list[str]:
    """Return where the twins of a file are, if it has any."""
    return [path + suffix for suffix in SUFFIXES.values()]


class Twins:
    """The twins of one build.

    hashes  twin -> sha256, for all that stay or come
    alone   how many come or go though their file stays as it is
    """

    def __init__(self, folder: Path, before: Memory, stage: Stage, *, are_wanted: bool) -> None:
        self._folder, self._before, self._stage = folder, before, stage
        self._are_wanted = are_wanted
        self._packing = Packing()
        self._is_new: dict[str, bool] = {}  # file -> whether it is written itself
        self.hashes: dict[str, str] = {}
        self.alone = 0

    def are_as_left(self, path: str) -> bool:
        """Return whether a file's twins are as the last build left them, be it that there are none."""
        return all(self._left(twin) == mark(self._folder / twin) for twin in twins_of(path))

    def keep(self, path: str) -> None:
        """Leave a file's twins as they are."""
        known = self._before.outputs
        self.hashes |= {twin: known[twin][0] for twin in twins_of(path) if twin in known}

    def put(self, path: str, data: bytes, sha256: str, *, is_new: bool) -> None:
        """See to it that a file of these bytes gets its twins.

        is_new  the file itself is written
        """
        if not self._are_wanted or len(data) < LEAST:
            self._drop(path, twins_of(path), is_new=is_new)
        elif not is_new and self._belong(path, sha256):
            self.keep(path)
        else:
            self._is_new[path] = is_new
            self._packing.give(path, data)

    def remove(self, path: str) -> None:
        """Stage that the twins of a file go that goes itself."""
        self._drop(path, twins_of(path), is_new=True)

    def finish(self) -> None:
        """Wait until all are packed, and stage those that are others than what is in place."""
        packed = self._packing.wait()
        for path, is_new in self._is_new.items():
            for coding, suffix in SUFFIXES.items():
                data = packed[path].get(coding)
                if data is None:
                    self._drop(path, [path + suffix], is_new=is_new)
                else:
                    self._place(path + suffix, data, path, is_new=is_new)

    def close(self) -> None:
        """End without staging anything more."""
        self._packing.close()

    def _place(self, twin: str, data: bytes, path: str, *, is_new: bool) -> None:
        self.hashes[twin] = hashlib.sha256(data).hexdigest()
        target = self._folder / twin
        if not target.is_file() or target.read_bytes() != data:
            self._stage.put_beside(twin, data, path)
            self.alone += not is_new

    def _drop(self, path: str, twins: list[str], *, is_new: bool) -> None:
        for twin in twins:
            if mark(self._folder / twin):
                self._stage.remove_first(twin)
                self.alone += not is_new

    def _belong(self, path: str, sha256: str) -> bool:
        """Return whether both twins are there, untouched since they were made of these bytes."""
        known = self._before.outputs
        was = known.get(path)
        is_known = all(twin in known for twin in twins_of(path))
        return bool(was and was[0] == sha256) and is_known and self.are_as_left(path)

    def _left(self, twin: str) -> list[int] | None:
        known = self._before.outputs.get(twin)
        return known[1:] if known else None


def twin_problems(feeds_dir: Path) -> Iterator[Problem]:
    """Yield the twins that a web server would hand out and that are no copy of their file."""
    for coding, suffix in SUFFIXES.items():
        for path in sorted(feeds_dir.rglob(f"*{suffix}")):
            place, file = path.relative_to(feeds_dir), path.with_suffix("")
            if place.parts[0] in (FOLDER, STAGE) or file.suffix not in _TEXTS:
                continue
            wrong = _wrong(coding, path, file)
            if wrong:
                to_do = "run `publisher build`" if file.is_file() else "delete it"
                yield Problem(f"feeds/{place.as_posix()}", 0, wrong, to_do)


def _wrong(coding: str, twin: Path, file: Path) -> str:
    """Return why a file is no twin of another, or ""."""
    try:
        if unpacked(coding, twin.read_bytes()) == file.read_bytes():
            return ""
    except FileNotFoundError:
        return f"there is no {file.name} that it could be a copy of"
    except (OSError, ValueError) as error:
        return f"it cannot be unpacked ({error})"
    return f"it is no copy of {file.name}"
