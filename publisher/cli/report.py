"""How commands speak: sentences, tables that fit a terminal, progress, or one JSON document.

Results go to standard output; whatever only accompanies them goes to standard error. What people
wrote into files is shown on one line with its control characters escaped.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from publisher.errors import Problem, one_line

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from publisher.settings import Digest

Progress = Callable[[int, int], None]


def say(text: str = "") -> None:
    """Write one line of a result."""
    click.echo(one_line(text))


def say_of(name: str, text: str) -> None:
    """Write one line about somebody or something whose name may run from right to left."""
    click.echo(f"{isolated(one_line(name))}: {one_line(text)}")


def note(text: str) -> None:
    """Write one line that is no result: to standard error."""
    click.echo(one_line(text), err=True)


def say_json(value: Any) -> None:
    """Write the one JSON document of a command."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def say_json_with(head: Mapping[str, Any], name: str, values: Iterable[Any]) -> None:
    """Write one JSON document whose last member is a list, of a million values if need be.

    The values are written as they come and not kept, each on a line. What keeps the first from
    coming is raised before anything is written.
    """
    left = iter(values)
    first = list(islice(left, 1))
    opening = json.dumps(head, ensure_ascii=False, indent=2, default=_plain).removesuffix("\n}")
    encode = json.JSONEncoder(ensure_ascii=False, default=_plain).encode
    out, between = sys.stdout, "\n    "
    out.write(f"{opening},\n  {json.dumps(name)}: [")
    for value in chain(first, left):
        out.write(between + encode(value))
        between = ",\n    "
    out.write("\n  ]\n}\n")
    out.flush()


def own_hours(digest: "Digest") -> str:
    """Return the words that tell a digest at each reader's own hour from others; "" for those."""
    return ", first of all; each reader at that hour of their own" if digest.zone != "site" else ""


def say_problems(problems: Iterable[Problem], *, err: bool = False) -> None:
    """Write problems, one a line, errors in red and warnings in yellow on a terminal."""
    for problem in problems:
        colour = "red" if problem.is_error else "yellow"
        where, _, rest = one_line(str(problem)).partition(": ")
        click.echo(f"{_styled(where, colour, err)}: {rest}", err=err)


def problem_json(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON shows it."""
    return {
        "path": problem.path,
        "line": problem.line,
        "level": problem.level.value,
        "message": problem.message,
        "hint": problem.hint,
    }


def say_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table: fitted to the terminal, or in full where the output goes elsewhere.

    What is written from right to left is isolated, so that its row keeps its order.
    """
    clean = [[one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(columns, clean)
        return
    widths = [max(len(row[at]) for row in [columns, *clean]) for at in range(len(columns))]
    for row in [columns, *clean]:
        cells = (
            isolated(cell) + " " * (width - len(cell))
            for cell, width in zip(row, widths, strict=True)
        )
        click.echo("  ".join(cells).rstrip())


def isolated(text: str) -> str:
    """Return a text that has right-to-left letters so that what stands around it is not moved."""
    from unicodedata import bidirectional

    if text.isascii() or not any(bidirectional(letter) in ("R", "AL") for letter in text):
        return text
    return f"\u2068{text}\u2069"


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Yield a function to tell (done, in all); a bar only when standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    bars: list[Any] = []

    def tell(done: int, total: int) -> None:
        if not bars:  # drawn at the first word, so that having nothing to do costs nothing
            from rich.console import Console
            from rich.progress import Progress as Bar

            bars.append(Bar(console=Console(stderr=True), transient=True))
            bars[0].start()
            bars[0].add_task(label, total=None)
        bars[0].update(bars[0].task_ids[0], completed=done, total=total or None)

    try:
        yield tell
    finally:
        for bar in bars:
            bar.stop()


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 item", "2,000 items"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(at: datetime, zone: "ZoneInfo") -> str:
    """Return a moment as the site's people read it: "Tue 2026-03-03 07:00 GMT"."""
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"


def span(length: timedelta) -> str:
    """Return a span of time in its largest whole unit: "6 hours", "90 minutes"."""
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            return count(seconds // size, unit)
    return count(seconds, "second")


def _styled(text: str, colour: str, err: bool) -> str:
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        return text
    from rich.console import Console

    is_plain = Console(file=stream).no_color
    return text if is_plain else click.style(text, fg=colour)


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(isolated(cell)) for cell in row))
    Console().print(table)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)
