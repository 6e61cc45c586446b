"""Take a whole list of people in, with a report of what became of every row.

Rows are checked one by one and written in batches, each in one transaction: a run that is ended
can be started again and goes on where it was, since who is there already is left as they are.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from publisher.errors import PublisherError
from publisher.settings import Settings
from publisher.store import read, tables, write
from publisher.subscribers.checker import Checker, check_lists
from publisher.subscribers.consent import Consent
from publisher.subscribers.csv_file import CsvFile, NoPeople
from publisher.subscribers.enrol import NEW_ROWS, Enrolment, Entry, Known, Result
from publisher.subscribers.import_report import ImportReport, ReadFile
from publisher.subscribers.preferences import Catalogue
from publisher.subscribers.sources import sources
from publisher.subscribers.subscriber import State
from publisher.tokens import Keys

BATCH = 50_000  # rows in one transaction: fewer write more pages, more hold more memory


def import_file(
    engine: Engine,
    settings: Settings,
    keys: Keys,
    path: Path,
    now: datetime,
    *,
    consent: str = "",
    encoding: str = "",
    lists: Mapping[str, str] | None = None,
    is_dry_run: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Add the people of a CSV file, or of those in a zip archive.

    The same file twice changes nothing the second time.

    consent      what they all agreed to; without it they are pending and get no mail
    encoding     of the file, where its first bytes and a guess would not tell
    lists        which digest stands for which list of the program they come from
    is_dry_run   only report what would be done
    on_progress  is called with bytes done and bytes in all

    Raises PublisherError when the file as a whole cannot be read; then nothing was added.
    """
    catalogue = Catalogue(settings)
    own_lists = check_lists(catalogue, lists or {})
    files, passed_over = _open_files(path, encoding, settings)
    ignored = dict.fromkeys(name for file in files for name in file.columns.ignored)
    read_files = tuple(
        ReadFile(file.name, file.encoding, file.example, file.columns.product) for file in files
    )
    report = ImportReport(is_dry_run, tuple(ignored), read_files, passed_over)
    checked = Checker(catalogue, own_lists, keys.lasting, report)
    enrolment = Enrolment(Consent("imported", "import", consent.strip(), path.name), now)
    importer = _Importer(engine, enrolment, report)
    with _collecting_seldom() as collect:
        # A dry run remembers every address instead, and has nothing to write.
        size = BATCH // 2 if is_dry_run else BATCH
        for batch in _batches(checked.entries(files, on_progress), size):
            importer.add(batch)
            collect()
    return report


def _open_files(
    path: Path, encoding: str, settings: Settings
) -> tuple[list[CsvFile], tuple[str, ...]]:
    """Return the lists of a file and the names of those that are none.

    An export of everything holds more than people: what has no address is passed over, unless
    there is nothing else.
    """
    try:
        found = sources(path)
    except OSError as error:
        raise PublisherError(f"{path} cannot be read: {error.strerror}") from error
    files: list[CsvFile] = []
    passed_over: list[str] = []
    for source in found:
        try:
            files.append(CsvFile(source, encoding, settings.site.languages))
        except NoPeople:
            if len(found) == 1:
                raise
            passed_over.append(source.name)
    if not files:
        raise PublisherError(
            f"{path}: no file in the archive has an email column",
            hint="export the list of people from the other program again",
        )
    return files, tuple(passed_over)


class _Importer:
    """Writes batches, and keeps apart who was there before from who came with this list.

    Whoever is in the list twice is taken as the first row has them, however far apart the rows
    are; of a later one counts only that they left.
    """

    def __init__(self, engine: Engine, enrolment: Enrolment, report: ImportReport) -> None:
        self._engine = engine
        self._enrolment = enrolment
        self._report = report
        with read(engine) as conn:
            self._last_id = conn.execute(select(func.max(tables.subscribers.c.id))).scalar() or 0
        self._met = bytearray(self._last_id // 8 + 1)  # a bit for each who was there before
        self._seen: set[int] = set()  # who has no row to be recognised by

    def add(self, batch: list[Entry]) -> None:
        firsts, leavings = _told_apart(batch)
        self._report.duplicates += len(batch) - len(firsts) - len(leavings)
        if self._report.is_dry_run:
            with read(self._engine) as conn:
                for entries in (firsts, leavings):
                    self._plan(conn, entries)
            return
        with write(self._engine) as conn:
            for entries in (firsts, leavings):
                self._enrolment.run(conn, entries, self._plan(conn, entries))

    def _plan(self, conn: Connection, entries: list[Entry]) -> list[tuple[Result, Known | None]]:
        """Return what is to be done about each, and count it."""
        plan: list[tuple[Result, Known | None]] = []
        for entry, planned in zip(entries, self._enrolment.plan(conn, entries), strict=True):
            result, known = planned
            if not self._is_repeated(entry, result, known):
                self._report.results[result] += 1
            else:
                self._report.duplicates += 1
                if entry.wish is not State.UNSUBSCRIBED:
                    planned = Result.KNOWN, known
            plan.append(planned)
        return plan

    def _is_repeated(self, entry: Entry, result: Result, known: Known | None) -> bool:
        """Return whether an earlier row has the same address; the next time this one does."""
        if not self._report.is_dry_run:
            if known is not None:
                return known.id > self._last_id or _was_set(self._met, known.id)
            if result in NEW_ROWS:
                return False
        short = int.from_bytes(entry.hash[:7], "big")  # a number of 32 bytes; of 8 it takes 48
        if short in self._seen:
            return True
        self._seen.add(short)
        return False


def _told_apart(batch: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Return the first entry of each address, and which later ones say that somebody left."""
    firsts: dict[str, Entry] = {}
    leavings: dict[str, Entry] = {}
    for entry in batch:
        key = entry.address.key
        if firsts.setdefault(key, entry) is not entry and entry.wish is State.UNSUBSCRIBED:
            said = leavings.setdefault(key, entry)
            leavings[key] = entry if entry.is_suppressed else said
    return list(firsts.values()), list(leavings.values())


def _was_set(bits: bytearray, place: int) -> bool:
    """Return whether a bit was set, and set it."""
    mask = 1 << place % 8
    was_set = bool(bits[place // 8] & mask)
    bits[place // 8] |= mask
    return was_set


@contextmanager
def _collecting_seldom() -> Iterator[Callable[[], object]]:
    """Keep Python from looking for rings of objects while a batch grows; yields a way to do it.

    A row makes none, and looking through a growing batch again and again took a fifth of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield gc.collect
    finally:
        if was_on:
            gc.enable()


def _batches(entries: Iterator[Entry], size: int) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
