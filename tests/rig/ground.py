"""Where a scenario takes place: a scratch folder, a kind of database, a size."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from . import site
from .harness import Rig, rig
from .postgres import Postgres

SQLITE, POSTGRES = "SQLite", "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a scenario is given."""

    folder: Path
    kind: str
    is_full: bool
    server: Callable[[], Postgres]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def size(self, full: int, cut: int) -> int:
        """Return the one number or the other: at full size, and in the test suite."""
        return full if self.is_full else cut

    def database(self) -> str:
        return site.SQLITE if self.kind == SQLITE else self.server().new_database()

    def new_folder(self) -> Path:
        made = self.folder / str(next(self._numbers))
        made.mkdir()
        return made

    def rig(self, **options: object) -> AbstractContextManager[Rig]:
        """Set up a rig on a database of this kind."""
        given = options if "database" in options else {"database": self.database(), **options}
        return rig(self.new_folder(), **given)
