"""One line a scenario, for people; the same as a table of Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .accounting import Count

COLUMNS = (
    "id", "what was done", "database", "recipients", "kills", "lost", "repeats", "inexcusable",
    "other bytes", "violations", "seconds", "verdict",
)  # fmt: skip


@dataclass(slots=True)
class Result:
    """What became of one scenario."""

    id: str
    what: str
    database: str = "SQLite"
    count: Count = field(default_factory=Count)
    kills: int = 0
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.misses

    def want(self, holds: bool, miss: str) -> None:
        """Note a miss unless something holds."""
        if not holds:
            self.misses.append(miss)

    def cells(self) -> tuple[str, ...]:
        found = self.count
        numbers = (found.recipients, self.kills, found.lost, found.repeats, found.inexcusable)
        return (
            self.id,
            self.what,
            self.database,
            *(f"{number:,}" for number in (*numbers, found.differing, found.violations)),
            f"{self.seconds:.1f}",
            "good" if self.is_good else "MISSED",
        )


def as_text(results: Sequence[Result]) -> str:
    """Return a table in columns, each miss and each note on a line of its own."""
    table = [COLUMNS, *(result.cells() for result in results)]
    widths = [max(len(row[at]) for row in table) for at in range(len(COLUMNS))]
    lines = []
    for result, row in zip([None, *results], table, strict=True):
        lines.append("  ".join(map(str.ljust, row, widths)).rstrip())
        if result:
            lines += [f"      {note}" for note in result.notes]
            lines += [f"      MISSED: {miss}" for miss in result.misses]
    return "\n".join(lines)


def as_markdown(results: Sequence[Result]) -> str:
    """Return the table in Markdown, the notes below it."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(result.cells()) + " |" for result in results]
    said = [
        f"- {result.id}, {result.database}: {line}"
        for result in results
        for line in (*result.notes, *(f"**missed**: {miss}" for miss in result.misses))
    ]
    return "\n".join([*lines, "", *said, ""] if said else [*lines, ""])
