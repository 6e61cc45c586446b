"""What became of a list of people that was taken in."""

from collections import Counter
from dataclasses import dataclass, field

from publisher.subscribers.enrol import Result

MOST_REFUSED = 1000  # refusals kept word for word; further ones are counted
MOST_NOTES = 1000  # different ones; what a file says more than that is left out


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that nobody was added from, and why."""

    line: int  # of the file, counted from 1
    reason: str
    file: str


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file of a list, as it was understood."""

    name: str
    encoding: str
    example: str  # a word of it where the encoding is a guess
    product: str  # whose export it is; "" when nothing tells


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a list: rows = sum of results + duplicates + refused."""

    is_dry_run: bool
    ignored_columns: tuple[str, ...]
    files: tuple[ReadFile, ...] = ()
    passed_over: tuple[str, ...] = ()  # files of an archive that are no lists of people
    rows: int = 0
    results: Counter[Result] = field(default_factory=Counter)
    duplicates: int = 0  # an address that an earlier row of the same list has
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list)  # the first ones
    notes: Counter[str] = field(default_factory=Counter)  # what a default stands in for

    @property
    def skipped(self) -> int:
        """People whom the list would have mailed and who stay as they are: they left."""
        return sum(number for result, number in self.results.items() if result.is_skipped)

    def refuse(self, file: str, line: int, reason: str) -> None:
        self.refused += 1
        if len(self.refusals) < MOST_REFUSED:
            self.refusals.append(Refused(line, reason, file))

    def note(self, sentence: str) -> None:
        if sentence in self.notes or len(self.notes) < MOST_NOTES:
            self.notes[sentence] += 1
