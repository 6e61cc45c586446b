"""The form of a backup: a zip that any program opens, with lines of JSON that any program reads.

    secret                  the site's var/secret as it is; missing where there was none
    tables/<name>.jsonl     one JSON array a row, in the order of the columns; bytes as base64
    manifest.json           written last: what the file holds, and a SHA-256 of each part

Tables stand in the order in which they can be filled. Two databases with the same rows give the
same bytes of every table, whichever kind they are.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from publisher.errors import BackupError
from publisher.store.rows import Stored

FORMAT = 1  # raised when an older publisher could not read the file any more
SECRET, MANIFEST = "secret", "manifest.json"
ABOUT = (
    "A backup made by publisher. It holds people's addresses and the secret that signs the links "
    "in their mails: keep it where nobody else can read it. `publisher restore` brings it back."
)
_LONGEST_LINE = 256 * 1024**2  # bytes; a frozen edition of a large site has a few hundred thousand
_PIECE = 1024**2  # bytes read at a time

Row = Sequence[Any]


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TableFacts(_Kept):
    """What the manifest says of one table."""

    name: str
    columns: list[str]
    binary: list[str]
    rows: int
    sha256: str

    @property
    def part(self) -> str:
        """The name of its part in the zip."""
        return part_of(self.name)


class Manifest(_Kept):
    """What a backup holds; its form is checked as it is read."""

    format: int
    about: str
    publisher: str  # the version that made it
    made_at: datetime
    database: str  # sqlite or postgresql
    revision: str  # of the schema
    secret_sha256: str  # "" without a secret
    tables: list[TableFacts]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(table.rows for table in self.tables)

    def to_json(self) -> bytes:
        """Return this as the file keeps it."""
        return (self.model_dump_json(indent=1) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Return what `to_json` gave; raises BackupError, also for a form we do not know."""
        try:
            if (form := json.loads(text)["format"]) != FORMAT:
                raise BackupError(
                    f"its form is number {form}, and this version reads number {FORMAT}",
                    hint="install the version of publisher that made it, or a newer one",
                )
            return cls.model_validate_json(text)
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            raise BackupError("its manifest cannot be read") from error


@dataclass(frozen=True, slots=True)
class Lines:
    """How the rows of one table become lines and rows again."""

    width: int
    places: tuple[int, ...]  # of columns with bytes

    @classmethod
    def of(cls, table: Stored | TableFacts) -> "Lines":
        """Return the lines of a table."""
        places = tuple(at for at, name in enumerate(table.columns) if name in table.binary)
        return cls(len(table.columns), places)

    def line(self, row: Row) -> str:
        """Return a row as one line, without its end."""
        if self.places:
            row = list(row)
            for place in self.places:
                if row[place] is not None:
                    row[place] = base64.b64encode(row[place]).decode("ascii")
        return _write_json(row)

    def row(self, line: bytes) -> tuple[Any, ...]:
        """Return the row of a line; raises BackupError when it is none."""
        try:
            row = json.loads(line)
            if not isinstance(row, list) or len(row) != self.width:
                raise ValueError("not a row of this table")
            for place in self.places:
                if row[place] is not None:
                    row[place] = base64.b64decode(row[place], validate=True)
        except (ValueError, TypeError, binascii.Error) as error:
            raise BackupError("a line in it is no row") from error
        return tuple(row)


def part_of(table: str) -> str:
    """Return the name of a table's part in the zip."""
    return f"tables/{table}.jsonl"


def split_lines(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the lines of a part; raises BackupError for one that is too long to be a row."""
    rest = b""
    while piece := read(_PIECE):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > _LONGEST_LINE:
            raise BackupError("a line in it is too long to be a row")
    if rest:
        raise BackupError("its last line is cut short")


_write_json = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":")
).encode
