"""Take a whole list of people in, with a report of what became of every row.

Rows are checked one by one and written in batches, each in one transaction: a run that is ended
can be started again and goes on where it was, since who is there already is left as they are.
"""

import gc
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func, select

from publisher.address import address_hash, parse
from publisher.errors import AddressError, ChoiceError
from publisher.settings import Settings
from publisher.store import read, tables, write
from publisher.subscribers.add import clean_name
from publisher.subscribers.consent import Consent
from publisher.subscribers.csv_file import CsvFile, Row
from publisher.subscribers.enrol import Enrolment, Entry, Known, Result
from publisher.subscribers.preferences import Catalogue, Choice
from publisher.subscribers.subscriber import State
from publisher.tokens import Keys

BATCH = 50_000  # rows in one transaction: fewer write more pages, more hold more memory
MOST_REFUSED = 1000  # refusals kept word for word; further ones are counted
_MOST_CHOICES = 50_000  # remembered over an import
_WORDS = re.compile(r"[,;|\s]+")
_TOPICS = re.compile(r"\s*[,;|]\s*")
_STATES = {
    State.ACTIVE: "active subscribed confirmed enabled true yes 1",
    State.PENDING: "pending unconfirmed not-confirmed",
    State.UNSUBSCRIBED: "unsubscribed inactive disabled left false no 0",
}
_SUPPRESSED = "suppressed bounced cleaned complained complaint spam blocklisted blacklisted blocked"
_STATE_WORDS = {word: (state, False) for state, words in _STATES.items() for word in words.split()}
_STATE_WORDS |= dict.fromkeys(_SUPPRESSED.split(), (State.UNSUBSCRIBED, True))
_STATE_WORDS[""] = (State.ACTIVE, False)
_ANSWERS = dict.fromkeys(("1", "yes", "true", "y"), True)
_ANSWERS |= dict.fromkeys(("", "0", "no", "false", "n"), False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that nobody was added from, and why."""

    line: int  # of the file, counted from 1
    reason: str


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a list: rows = sum of results + duplicates + refused."""

    is_dry_run: bool
    ignored_columns: tuple[str, ...]
    rows: int = 0
    results: Counter[Result] = field(default_factory=Counter)
    duplicates: int = 0  # an address that an earlier row of the same list has
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list)  # the first ones
    notes: Counter[str] = field(default_factory=Counter)  # what a default stands in for

    def refuse(self, line: int, reason: str) -> None:
        self.refused += 1
        if len(self.refusals) < MOST_REFUSED:
            self.refusals.append(Refused(line, reason))


def import_file(
    engine: Engine,
    settings: Settings,
    keys: Keys,
    path: Path,
    now: datetime,
    *,
    consent: str = "",
    is_dry_run: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Add the people of a CSV file; the same file twice changes nothing the second time.

    consent      what they all agreed to; without it they are pending and get no mail
    is_dry_run   only report what would be done
    on_progress  is called with bytes done and bytes in all

    Raises PublisherError when the file as a whole cannot be read; then nothing was added.
    """
    file = CsvFile(path)
    report = ImportReport(is_dry_run, file.columns.ignored)
    checked = _Checker(Catalogue(settings), keys.lasting, report)
    enrolment = Enrolment(Consent("imported", "import", consent.strip(), path.name), now)
    importer = _Importer(engine, enrolment, report)
    told = None if on_progress is None else lambda done: on_progress(done, file.size)
    with _collecting_seldom() as collect:
        for batch in _batches(checked.entries(file.rows(told))):
            importer.add(batch)
            collect()
    return report


class _Checker:
    """Turns rows into entries, or refusals."""

    def __init__(self, catalogue: Catalogue, secret: bytes, report: ImportReport) -> None:
        self._catalogue = catalogue
        self._secret = secret
        self._report = report
        self._choices: dict[tuple[str, str, str, str, bool], Choice] = {}

    def entries(self, rows: Iterator[Row]) -> Iterator[Entry]:
        for row in rows:
            self._report.rows += 1
            if row.refusal:
                self._report.refuse(row.line, row.refusal)
                continue
            try:
                entry = self._entry(row)
            except (AddressError, ChoiceError) as error:
                self._report.refuse(row.line, error.message)
                continue
            for note in entry.choice.notes:
                self._report.notes[note] += 1
            yield entry

    def _entry(self, row: Row) -> Entry:
        address = parse(row.email)
        word = row.state.strip().casefold().replace(" ", "-")
        if word not in _STATE_WORDS:
            raise ChoiceError(f'"{row.state[:50]}" is no state of a subscriber')
        wish, is_suppressed = _STATE_WORDS[word]
        hashed = address_hash(address.key, self._secret)
        return Entry(address, hashed, clean_name(row.name), self._choice(row), wish, is_suppressed)

    def _choice(self, row: Row) -> Choice:
        originals = _wants_originals(row.originals)
        key = (row.languages, row.digests, row.categories, row.time_zone, originals)
        found = self._choices.get(key)
        if found is None:
            if len(self._choices) > _MOST_CHOICES:
                self._choices.clear()
            found = self._choices[key] = self._catalogue.choose(
                _split(_WORDS, row.languages),
                _split(_WORDS, row.digests),
                self._topics(row.categories),
                row.time_zone.strip(),
                originals=originals,
                is_lenient=True,
            )
        return found

    def _topics(self, text: str) -> tuple[str, ...]:
        """Categories may have names of several words, so spaces part them only when they must."""
        parts = _split(_TOPICS, text)
        return tuple(
            word
            for part in parts
            for word in ((part,) if self._catalogue.has_category(part) else part.split())
        )


class _Importer:
    """Writes batches, and keeps apart who was there before from who came with this list."""

    def __init__(self, engine: Engine, enrolment: Enrolment, report: ImportReport) -> None:
        self._engine = engine
        self._enrolment = enrolment
        self._report = report
        self._seen: set[bytes] = set()  # a dry run leaves no rows to recognise a second one by
        with read(engine) as conn:
            self._last_id = conn.execute(select(func.max(tables.subscribers.c.id))).scalar() or 0

    def add(self, batch: list[Entry]) -> None:
        unique = {entry.address.key: entry for entry in reversed(batch)}  # the first one stays
        self._report.duplicates += len(batch) - len(unique)
        entries = list(reversed(unique.values()))
        if self._report.is_dry_run:
            with read(self._engine) as conn:
                plan = self._enrolment.plan(conn, entries)
            self._count(entries, plan)
            return
        with write(self._engine) as conn:
            plan = self._enrolment.plan(conn, entries)
            self._enrolment.run(conn, entries, plan)
        self._count(entries, plan)

    def _count(self, entries: list[Entry], plan: list[tuple[Result, Known | None]]) -> None:
        for entry, (result, known) in zip(entries, plan, strict=True):
            if self._is_repeated(entry, known):
                self._report.duplicates += 1
            else:
                self._report.results[result] += 1

    def _is_repeated(self, entry: Entry, known: Known | None) -> bool:
        if not self._report.is_dry_run:
            return known is not None and known.id > self._last_id
        short = entry.hash[:8]
        if short in self._seen:
            return True
        self._seen.add(short)
        return False


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


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _wants_originals(text: str) -> bool:
    """Return whether a cell says yes to originals instead of machine translations.

    Raises ChoiceError for what is neither yes nor no.
    """
    word = text.strip().casefold()
    if word not in _ANSWERS:
        raise ChoiceError(f'"{text[:50]}" says neither yes nor no to originals')
    return _ANSWERS[word]


def _split(by: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(part for part in by.split(text.strip()) if part)
