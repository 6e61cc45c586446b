"""What one build leaves in feeds/: each file is staged only where it would become another.

A text file takes its twins along; they are counted nowhere, as they are the same in other words.
"""

import hashlib
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

from publisher.feeds.memory import Memory, mark
from publisher.feeds.plan import FORMATS
from publisher.feeds.stage import Stage
from publisher.feeds.twins import Twins


class Outputs:
    """The files of one build.

    hashes   output -> sha256, for all that stay or come
    changed  outputs that are written
    removed  outputs that go
    """

    def __init__(
        self, folder: Path, before: Memory, listed: Container[str], *, with_twins: bool
    ) -> None:
        """Begin with what the last build left; `listed` are the paths that its manifest has."""
        self.folder, self._before, self._listed = folder, before, listed
        self.stage = Stage(folder)
        self.twins = Twins(folder, before, self.stage, are_wanted=with_twins)
        self.hashes: dict[str, str] = {}
        self.changed: list[str] = []
        self.removed: list[str] = []

    def is_as_left(self, name: str, print_: str, paths: Sequence[str]) -> bool:
        """Return whether these outputs were made of the same and nobody touched them since."""
        if self._before.prints.get(name) != print_:
            return False
        known = [self._before.outputs.get(path) for path in paths]
        for path, left in zip(paths, known, strict=True):
            if not left or mark(self.folder / path) != left[1:]:
                return False
            if path.endswith(FORMATS) and path not in self._listed:
                return False
            if not self.twins.are_as_left(path):
                return False
        for path in paths:
            self.twins.keep(path)
        self.hashes.update((path, left[0]) for path, left in zip(paths, known, strict=True) if left)
        return True

    def put(self, path: str, data: bytes) -> bool:
        """Stage an output unless the very same bytes are in place; return whether they differ."""
        sha256 = self.hashes[path] = _sha256(data)
        target = self.folder / path
        is_new = not target.is_file() or target.read_bytes() != data
        if is_new:
            self.stage.put(path, data)
            self.changed.append(path)
        self.twins.put(path, data, sha256, is_new=is_new)
        return is_new

    def keep(self, paths: Sequence[str]) -> None:
        """Leave outputs as they are, where they are."""
        for path in paths:
            if (self.folder / path).is_file():
                self.put(path, (self.folder / path).read_bytes())

    def remove(self, path: str) -> None:
        """Stage that an output goes."""
        self.twins.remove(path)
        self.stage.remove(path)
        self.removed.append(path)

    def commit(self) -> None:
        """Make all that is staged so. Raises OSError; nothing has changed then, or all will."""
        self.twins.finish()
        self.stage.commit()

    def close(self) -> None:
        """End, whether or not anything was committed."""
        self.twins.close()

    def left(self) -> dict[str, list[Any]]:
        """Return what the memory keeps of all that is there, twins too: [sha256, size, mtime]."""
        hashes = self.hashes | self.twins.hashes
        found = {path: (sha256, mark(self.folder / path)) for path, sha256 in hashes.items()}
        return {path: [sha256, *left] for path, (sha256, left) in found.items() if left}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
