"""Claim: an edition leaves at 0.9 of the speed at which smtp-source sends, with a durable ledger.

A message of about 60 KB to each of 20,000 readers, over 8 and over 20 connections, by
`publisher send` in a process of its own: SQLite with full sync, no DKIM. Against it smtp-source,
which remembers nothing, sends as many of the same size over 20 connections to the same smtp-sink.
Then PostgreSQL (at least 0.6 of the figure for SQLite) and the plain way of bench/plain.py, one
connection (at least 20 times slower), with as many messages as it takes to know.

All take their turns in one run; the medians are compared. A client's time is from its first open
connection to the end of its last: starting the program and opening the edition are no part of it.
Beside the figures stands how long this disk takes to make a write durable, because every message's
mark and answer wait for that.

    python -m bench.sending [--readers 20000] [--runs 3] [--folder DIR] [--without postgresql plain]
"""

import argparse
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from bench import measure
from bench.mailing import Database, Mailing, SqliteFile, open_mailing, postgres
from bench.sink import Sink, sink, source

LIKE_SOURCE = 0.9
LIKE_SQLITE = 0.6
TIMES_PLAIN = 20
PLAIN_MESSAGES = 500
_SMALL = 10_000  # fewer readers than that say nothing about the figures

Rates = dict[str, list[float]]
"""Messages a second, of each way and run."""


def main() -> int:
    """Measure in turn, print, and return 1 when a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work; which disk matters")
    parser.add_argument("--without", nargs="+", choices=("postgresql", "plain"), default=[])
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="publisher-bench-", dir=options.folder)
            )
        )
        ways: dict[str, Database] = {"sqlite": SqliteFile(folder / "sqlite")}
        if "postgresql" not in options.without:
            ways["postgresql"] = stack.enter_context(postgres(folder))
        mailings = {
            name: open_mailing(folder / name, database, options.readers)
            for name, database in ways.items()
        }
        size = message_size(folder)
        print(f"sending     {options.readers:,} messages of {size:,} bytes, {options.runs} runs")
        print(f"  a write of 4 KiB is durable after {measure.sync_seconds(folder) * 1e3:.2f} ms")
        rates: Rates = defaultdict(list)
        with sink() as server:
            for _ in range(options.runs):
                _take_turns(server, mailings, size, "plain" not in options.without, rates)
    missed = _tell(rates)
    return 1 if missed and options.readers >= _SMALL else 0


def message_size(folder: Path) -> int:
    """Return how many bytes one message of a mailing has on the wire."""
    mailing = open_mailing(folder / "one", SqliteFile(folder / "one"), 1)
    with tempfile.TemporaryDirectory() as dump, sink(Path(dump)) as server:
        mailing.send(server, 1)
        return len(server.messages()[0])


def _take_turns(
    server: Sink, mailings: dict[str, Mailing], size: int, with_plain: bool, rates: Rates
) -> None:
    sqlite, postgresql = mailings["sqlite"], mailings.get("postgresql")
    for connections in (8, 20):
        count = sqlite.readers
        rates["source"].append(count / server.serve(source(server.port, count, size)).seconds)
        rates[f"sqlite {connections}"].append(sqlite.send(server, connections))
    if postgresql:
        rates["postgresql 20"].append(postgresql.send(server, 20))
    if with_plain:
        plain = [sys.executable, "-m", "bench.plain", str(server.port), str(PLAIN_MESSAGES)]
        rates["plain"].append(PLAIN_MESSAGES / server.serve(plain).seconds)


def _tell(rates: Rates) -> int:
    """Print every comparison; return how many figures were missed."""
    median = {name: statistics.median(found) for name, found in rates.items()}
    comparisons = [
        ("8 connections, SQLite", "sqlite 8", "smtp-source", "source", LIKE_SOURCE),
        ("20 connections, SQLite", "sqlite 20", "smtp-source", "source", LIKE_SOURCE),
        ("20 connections, SQLite", "sqlite 20", "the plain way", "plain", TIMES_PLAIN),
        ("20 connections, PostgreSQL", "postgresql 20", "SQLite", "sqlite 20", LIKE_SQLITE),
    ]
    missed = 0
    for ours, mine, theirs, other, target in comparisons:
        if mine in median and other in median:
            ratio = median[mine] / median[other]
            missed += ratio < target
            print(
                f"  {ours:<27} {median[mine]:6,.0f} a second, {theirs} {median[other]:,.0f}: "
                f"{ratio:.2f}   (to reach: {target})"
            )
    return missed


if __name__ == "__main__":
    sys.exit(main())
