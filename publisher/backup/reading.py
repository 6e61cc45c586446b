"""Read a backup: nothing of it is believed before all of it was checked.

It may be cut short, spoilt, or made to do harm: parts are read as a stream and never unpacked to
the disk, names are compared with those we know, and one that would swell beyond reason is refused.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 an exception by another name

from publisher.backup.form import MANIFEST, SECRET, Lines, Manifest, TableFacts, split_lines
from publisher.errors import BackupError
from publisher.store.migrations import REVISIONS
from publisher.store.schema import difference
from publisher.store.tables import metadata

Progress = Callable[[int, int], None]
MOST_SWELLING = 200  # times; rows of a ledger swell to about 30 times, a bomb to 1,000
_SLACK = 1024**2  # bytes that may swell as they like
_LARGEST = {MANIFEST: 1024**2, SECRET: 64 * 1024}  # bytes
_PIECE = 1024**2
_PAGE = 1024**2  # bytes of lines: a few thousand rows of a ledger, a hundred of bodies


@dataclass(frozen=True, slots=True)
class Backup:
    """An open backup whose manifest was read; `check` reads the rest."""

    path: Path
    manifest: Manifest
    parts: ZipFile

    def check(self, on_progress: Progress | None = None) -> None:
        """Read every part and compare it with the manifest; raises BackupError."""
        total, done = sum(info.file_size for info in self.parts.infolist()), 0
        expected = {table.part: table.sha256 for table in self.manifest.tables}
        if self.manifest.secret_sha256:
            expected[SECRET] = self.manifest.secret_sha256
        for name, wanted in expected.items():
            digest = sha256()
            with self._open(name) as read:
                while piece := read(_PIECE):
                    digest.update(piece)
                    done += len(piece)
                    if on_progress:
                        on_progress(done, total)
            if digest.hexdigest() != wanted:
                raise BackupError(f"{self.path}: {name} is not what it was when it was written")

    def secret(self) -> bytes:
        """Return the site's secret, b"" when it had none."""
        return self._whole(SECRET) if self.manifest.secret_sha256 else b""

    def pages(self, table: TableFacts) -> Iterator[list[tuple[Any, ...]]]:
        """Yield a table's rows in lists short enough to hold.

        Raises BackupError at the first row that is none, or at the end when some lack.
        """
        lines, number, size = Lines.of(table), 0, 0
        page: list[tuple[Any, ...]] = []
        with self._open(table.part) as read:
            for line in split_lines(read):
                page.append(lines.row(line))
                number, size = number + 1, size + len(line)
                if size >= _PAGE:
                    yield page
                    page, size = [], 0
        if page:
            yield page
        if number != table.rows:
            raise BackupError(f"{self.path}: {table.name} has {number:,} rows, not {table.rows:,}")

    def _whole(self, name: str) -> bytes:
        with self._open(name) as read:
            return read(_LARGEST[name])

    @contextmanager
    def _open(self, name: str) -> Iterator[Callable[[int], bytes]]:
        with _explained(self.path), self.parts.open(name) as part:
            yield part.read


@contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """Open a backup and read its manifest.

    Raises BackupError for what is none, MigrationNeeded for one of a newer schema, OSError.
    """
    with _explained(path):
        parts = ZipFile(path)
    with parts:
        with _explained(path):
            manifest = _manifest(path, parts)
        if manifest.revision not in REVISIONS:
            raise difference(manifest.revision, REVISIONS)
        yield Backup(path, manifest, parts)


def _manifest(path: Path, parts: ZipFile) -> Manifest:
    _must_be_sound(path, parts)
    with parts.open(MANIFEST) as part:
        manifest = Manifest.from_json(part.read(_LARGEST[MANIFEST]))
    _must_be_complete(manifest, set(parts.namelist()))
    return manifest


def _must_be_sound(path: Path, parts: ZipFile) -> None:
    """Refuse a file that holds what no backup holds, or swells as none does."""
    names = [info.filename for info in parts.infolist()]
    if MANIFEST not in names or len(set(names)) != len(names):
        raise BackupError("it has no manifest")
    for info in parts.infolist():
        most = _LARGEST.get(info.filename, MOST_SWELLING * info.compress_size + _SLACK)
        if info.file_size > most:
            raise BackupError(f"{info.filename} in it is larger than it can be")
    # Also together: parts may be laid over each other.
    if sum(info.file_size for info in parts.infolist()) > (
        MOST_SWELLING * path.stat().st_size + _SLACK
    ):
        raise BackupError("it would become larger than it can be")


def _must_be_complete(manifest: Manifest, names: set[str]) -> None:
    told = [MANIFEST, *(table.part for table in manifest.tables)]
    if manifest.secret_sha256:
        told.append(SECRET)
    unknown = [table.name for table in manifest.tables if table.name not in metadata.tables]
    if sorted(told) != sorted(names) or unknown:
        raise BackupError("its parts are not those that its manifest names")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say of whatever goes wrong while reading that it is the file, and what can be done."""
    try:
        yield
    except BackupError as error:
        if error.message.startswith(str(path)):
            raise
        raise BackupError(f"{path} cannot be used: {error.message}", hint=error.hint) from error
    except (BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BackupError(f"{path} cannot be used: it is no whole backup ({error})") from error
