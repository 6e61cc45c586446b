"""Turn the rows of a list into people to be added, or say what is wrong with them."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from publisher.address import address_hash, parse
from publisher.errors import AddressError, ChoiceError
from publisher.subscribers.add import clean_name
from publisher.subscribers.columns import meaning_of
from publisher.subscribers.csv_file import CsvFile, Row
from publisher.subscribers.enrol import Entry
from publisher.subscribers.import_report import ImportReport
from publisher.subscribers.preferences import Catalogue, Choice
from publisher.subscribers.subscriber import State

_MOST_CHOICES = 50_000  # remembered over an import
_LONGEST_ATTRIBUTES = 10_000  # characters
_WORDS = re.compile(r"[,;|\s]+")
_SPACES = re.compile(r"[\s_]+")
_TOPICS = re.compile(r"\s*[,;|]\s*")
_STATES = {
    State.ACTIVE: "active subscribed confirmed enabled opted-in opt-in true yes 1",
    State.PENDING: "pending unconfirmed not-confirmed unverified nonsubscribed non-subscribed "
    "transactional archived",
    State.UNSUBSCRIBED: "unsubscribed opted-out opt-out inactive disabled cancelled canceled removed "
    "deleted left false no 0",
}
_SUPPRESSED = (
    "suppressed bounced hard-bounced cleaned invalid undeliverable complained complaint spam "
    "marked-as-spam junk blocklisted blacklisted blocked"
)
_STATE_WORDS = {word: (state, False) for state, words in _STATES.items() for word in words.split()}
_STATE_WORDS |= dict.fromkeys(_SUPPRESSED.split(), (State.UNSUBSCRIBED, True))
_STATE_WORDS[""] = (State.ACTIVE, False)
_ANSWERS = dict.fromkeys(("1", "yes", "true", "y"), True)
_ANSWERS |= dict.fromkeys(("", "0", "no", "false", "n"), False)


def check_lists(catalogue: Catalogue, lists: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return digests by the lists they stand for; raises ChoiceError for one that is none."""
    return {
        name.strip().casefold(): catalogue.choose(digests=_split(_WORDS, digest)).digests
        for name, digest in lists.items()
    }


class Checker:
    """Turns rows into entries, or refusals."""

    def __init__(
        self,
        catalogue: Catalogue,
        lists: Mapping[str, tuple[str, ...]],
        secret: bytes,
        report: ImportReport,
    ) -> None:
        self._catalogue = catalogue
        self._lists = lists
        self._secret = secret
        self._report = report
        self._choices: dict[tuple[str, ...], Choice] = {}

    def entries(
        self, files: Sequence[CsvFile], on_progress: Callable[[int, int], None] | None
    ) -> Iterator[Entry]:
        """Yield the people of all files; what is wrong with the others goes into the report."""
        before, total = 0, sum(file.size for file in files)
        for file in files:
            told = None
            if on_progress is not None:
                told = partial(_tell_more, on_progress, before, total)
            yield from self._entries(file.name, file.rows(told))
            before += file.size

    def _entries(self, name: str, rows: Iterator[Row]) -> Iterator[Entry]:
        for row in rows:
            self._report.rows += 1
            if row.refusal:
                self._report.refuse(name, row.line, row.refusal)
                continue
            try:
                entry = self._entry(row)
            except (AddressError, ChoiceError) as error:
                self._report.refuse(name, row.line, error.message)
                continue
            for note in entry.choice.notes:
                self._report.note(note)
            yield entry

    def _entry(self, row: Row) -> Entry:
        address = parse(row.email)
        found = _STATE_WORDS.get(row.state)
        if found is None:
            word = _SPACES.sub("-", row.state.strip().casefold())
            found = _STATE_WORDS.get(word)
        if found is None:
            raise ChoiceError(f'"{row.state[:50]}" is no state of a subscriber')
        wish, is_suppressed = found
        return Entry(
            address,
            address_hash(address.key, self._secret),
            clean_name(row.name),
            self._choice(row),
            wish,
            is_suppressed,
            _moment(row.paused_until) if row.paused_until else None,
            row.proof,
        )

    def _choice(self, row: Row) -> Choice:
        key = (
            row.languages, row.digests, row.categories, row.time_zone,
            row.originals, row.kinds, row.lists, row.attributes,
        )  # fmt: skip
        found = self._choices.get(key)
        if found is None:
            if len(self._choices) > _MOST_CHOICES:
                self._choices.clear()
            found = self._choices[key] = self._choose(row)
        return found

    def _choose(self, row: Row) -> Choice:
        more = _attributes(row.attributes)
        digests, notes = _split(_WORDS, row.digests), tuple[str, ...]()
        if row.lists.strip() and not digests:
            digests, notes = self._digests_of(row.lists)
        choice = self._catalogue.choose(
            _split(_WORDS, row.languages or more.get("languages", "")),
            digests,
            self._topics(row.categories),
            (row.time_zone or more.get("time_zone", "")).strip(),
            kinds=_split(_WORDS, row.kinds),
            originals=_wants_originals(row.originals),
            is_lenient=True,
        )
        return replace(choice, notes=(*notes, *choice.notes)) if notes else choice

    def _digests_of(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the digests that stand for another program's lists, and a note for each other.

        Raises ChoiceError when none does: nobody gets what they did not ask for.
        """
        digests: list[str] = []
        notes: list[str] = []
        for name in _split(_TOPICS, text):
            digest = self._catalogue.find_digest(name)
            found = self._lists.get(name.casefold()) or ((digest,) if digest else ())
            digests += found
            if not found:
                notes.append(f'no digest stands for the list "{name[:50]}"')
        if not digests:
            raise ChoiceError(f'no digest stands for the list "{text.strip()[:50]}" they are on')
        return tuple(digests), tuple(notes)

    def _topics(self, text: str) -> tuple[str, ...]:
        """Categories may have names of several words, so spaces part them only when they must."""
        parts = _split(_TOPICS, text)
        return tuple(
            word
            for part in parts
            for word in ((part,) if self._catalogue.has_category(part) else part.split())
        )


def _tell_more(tell: Callable[[int, int], None], before: int, total: int, done: int) -> None:
    tell(before + done, total)


def _attributes(text: str) -> dict[str, str]:
    """Return what listmonk's attributes, a JSON object, say that we have a use for."""
    if len(text) < 3 or len(text) > _LONGEST_ATTRIBUTES:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    said = {meaning_of(name): value for name, value in pairs if isinstance(value, str)}
    return {name: value for name, value in said.items() if name in ("languages", "time_zone")}


def _moment(text: str) -> datetime:
    """Return a moment that a list says; one without a zone is in UTC. Raises ChoiceError."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ChoiceError(f'"{text[:50]}" is no date, as 2026-03-02 is one') from error


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
