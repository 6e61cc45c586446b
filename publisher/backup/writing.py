"""Write a backup: one moment of the database and the secret, the whole file or none."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import Connection, Engine

from publisher import __version__, faults, tokens
from publisher.backup.form import ABOUT, FORMAT, MANIFEST, SECRET, Lines, Manifest, TableFacts
from publisher.errors import BackupError, MigrationNeeded
from publisher.files import sync_folder
from publisher.store import read
from publisher.store.migrations import HEAD
from publisher.store.rows import Stored, count_rows, read_rows, stored_tables
from publisher.store.schema import must_exist, revision_of

Progress = Callable[[int, int], None]
LEVEL = 3  # of deflate: 9 makes the file a tenth smaller and takes four times as long
_PAGE = 256 * 1024  # characters written at a time


@dataclass(frozen=True, slots=True)
class Written:
    """A backup that was made."""

    path: Path
    rows: int
    size: int  # bytes
    has_secret: bool


def write_backup(
    engine: Engine,
    path: Path,
    secret_path: Path,
    now: datetime,
    *,
    may_replace: bool = False,
    on_progress: Progress | None = None,
) -> Written:
    """Write the database, of any schema, and the secret into one file that only its owner reads.

    Others may write to the database meanwhile: the file holds it as it was at one moment.

    Raises BackupError when the file is there and may not be replaced, MigrationNeeded when there
    is no database, StoreError when people are in it and their secret is missing, OSError.
    """
    must_exist(engine)
    _must_be_free(path, may_replace)
    with _draft(path) as file:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=LEVEL) as parts:
            manifest = _Writing(parts, now, on_progress).write(engine, secret_path)
        file.flush()
        size = file.tell()
        faults.point()
        os.fsync(file.fileno())
        _must_be_free(path, may_replace)
        Path(file.name).replace(path)
    sync_folder(path.parent)
    return Written(path, manifest.rows, size, bool(manifest.secret_sha256))


def _must_be_free(path: Path, may_replace: bool) -> None:
    if path.exists() and not may_replace:
        raise BackupError(f"{path} is there already", hint="name another file, or add --force")


@contextmanager
def _draft(path: Path) -> Iterator[IO[bytes]]:
    with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:  # mode 0600
        try:
            yield file
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


class _Writing:
    """One backup in the making."""

    def __init__(self, parts: ZipFile, now: datetime, on_progress: Progress | None) -> None:
        self._parts, self._now = parts, now.astimezone(UTC)
        self._tell = on_progress or (lambda done, total: None)
        self._done = self._total = 0

    def write(self, engine: Engine, secret_path: Path) -> Manifest:
        with read(engine) as conn:
            revision = revision_of(conn)
            if not revision:
                raise MigrationNeeded("", HEAD)
            tables = stored_tables(conn)
            counts = {table.name: count_rows(conn, table) for table in tables}
            self._total = sum(counts.values())
            # Read after the people: a secret that is made with the first of them is not missed.
            secret = tokens.saved_keys(secret_path, may_lack=not counts["subscribers"])
            if secret:
                self._parts.writestr(SECRET, secret)
            facts = [self._table(conn, table) for table in tables]
        manifest = Manifest(
            format=FORMAT,
            about=ABOUT,
            publisher=__version__,
            made_at=self._now,
            database=engine.dialect.name,
            revision=revision,
            secret_sha256=sha256(secret).hexdigest() if secret else "",
            tables=facts,
        )
        self._parts.writestr(MANIFEST, manifest.to_json())
        return manifest

    def _table(self, conn: Connection, table: Stored) -> TableFacts:
        digest, number, lines = sha256(), 0, Lines.of(table)
        rows = read_rows(conn, table)
        facts = TableFacts(
            name=table.name,
            columns=list(table.columns),
            binary=list(table.binary),
            rows=0,
            sha256="",
        )
        with self._parts.open(facts.part, "w", force_zip64=True) as part:
            for count, text in _pages(lines.line(row) for row in rows):
                digest.update(text)
                part.write(text)
                number += count
                self._done += count
                self._tell(self._done, self._total)
        return facts.model_copy(update={"rows": number, "sha256": digest.hexdigest()})


def _pages(lines: Iterable[str]) -> Iterator[tuple[int, bytes]]:
    """Yield lines, put together into pieces worth compressing: how many, and their bytes."""
    page: list[str] = []
    size = 0
    for line in lines:
        page.append(line)
        size += len(line)
        if size >= _PAGE:
            yield len(page), _ended(page)
            page, size = [], 0
    if page:
        yield len(page), _ended(page)


def _ended(page: list[str]) -> bytes:
    return ("\n".join(page) + "\n").encode()
