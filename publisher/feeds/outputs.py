"""What one build leaves in feeds/: each file is staged only where it would become another."""

import hashlib
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

from publisher.feeds.memory import Memory, mark
from publisher.feeds.plan import FORMATS
from publisher.feeds.stage import Stage


class Outputs:
    """The files of one build.

    hashes   output -> sha256, for all that stay or come
    changed  outputs that are written
    removed  outputs that go
    """

    def __init__(self, folder: Path, before: Memory, listed: Container[str]) -> None:
        """Begin with what the last build left; `listed` are the paths that its manifest has."""
        self.folder, self._before, self._listed = folder, before, listed
        self.stage = Stage(folder)
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
        self.hashes.update((path, left[0]) for path, left in zip(paths, known, strict=True) if left)
        return True

    def put(self, path: str, data: bytes) -> bool:
        """Stage an output unless the very same bytes are in place; return whether they differ."""
        self.hashes[path] = _sha256(data)
        target = self.folder / path
        if target.is_file() and target.read_bytes() == data:
            return False
        self.stage.put(path, data)
        self.changed.append(path)
        return True

    def keep(self, paths: Sequence[str]) -> None:
        """Leave outputs as they are, where they are."""
        for path in paths:
            if (self.folder / path).is_file():
                self.hashes[path] = _sha256((self.folder / path).read_bytes())

    def remove(self, path: str) -> None:
        """Stage that an output goes."""
        self.stage.remove(path)
        self.removed.append(path)

    def left(self) -> dict[str, list[Any]]:
        """Return what the memory keeps of every output that is there: [sha256, size, mtime]."""
        found = {path: (sha256, mark(self.folder / path)) for path, sha256 in self.hashes.items()}
        return {path: [sha256, *left] for path, (sha256, left) in found.items() if left}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
