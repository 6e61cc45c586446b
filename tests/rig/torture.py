"""Run the scenarios and print what came of them: `python -m tests.rig.torture`.

Names of scenarios choose among them ("D1", "D1@postgresql"); without any all are run. The exit code
is 1 when one missed its figure.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from . import answers, kills, machine, together
from .ground import POSTGRES, SQLITE, Ground
from .postgres import Postgres
from .report import Result, as_markdown, as_text

Scenario = Callable[[Ground], Result]
_BOTH = (SQLITE, POSTGRES)
# D18, the accounting, and D19, the strict reading of the wire, are part of every scenario.
SCENARIOS: dict[str, tuple[Scenario, Sequence[str]]] = {
    "D1": (kills.d1, _BOTH),
    "D2": (kills.d2, _BOTH),
    "D3": (kills.d3, _BOTH),
    "D4": (answers.d4, (SQLITE,)),
    "D5": (answers.d5, (SQLITE,)),
    "D6": (answers.d6, (SQLITE,)),
    "D7": (answers.d7, (SQLITE,)),
    "D8": (answers.d8, (SQLITE,)),
    "D9": (answers.d9, (SQLITE,)),
    "D10": (together.d10, (POSTGRES,)),
    "D11": (together.d11, (POSTGRES,)),
    "D12": (machine.d12, (SQLITE,)),
    "D13": (machine.d13, _BOTH),
    "D14": (machine.d14, (SQLITE,)),
    "D15": (together.d15, _BOTH),
    "D17": (together.d17, _BOTH),
    "D20": (kills.d20, (SQLITE,)),
    "MOVE": (together.move, (POSTGRES,)),
}


def chosen(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return (scenario, database) of each word; raises ValueError for one that names none."""
    every = [(name, kind) for name, (_, kinds) in SCENARIOS.items() for kind in kinds]
    found = []
    for word in words:
        name, _, kind = word.partition("@")
        fits = [
            each
            for each in every
            if each[0] == name.upper() and each[1].lower().startswith(kind.lower())
        ]
        if not fits:
            raise ValueError(f"{word} names no scenario; there are {', '.join(SCENARIOS)}")
        found += fits
    return found or every


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is such a place.

    A process that is killed loses nothing of what it wrote, so whether a disk has it does not
    matter here; some ten thousand waits for a disk would.
    """
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(dir=memory, prefix="publisher-rig-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def one_server() -> Iterator[Callable[[], Postgres]]:
    """A PostgreSQL in a scratch folder, started when first asked for."""
    with scratch() as folder:
        start = cache(lambda: Postgres(folder / "postgres"))
        try:
            yield start
        finally:
            if start.cache_info().currsize:
                start().close()


def play(name: str, kind: str, server: Callable[[], Postgres], *, is_full: bool) -> Result:
    """Run one scenario in a scratch folder of its own."""
    with scratch() as folder:
        began = time.monotonic()
        result = SCENARIOS[name][0](Ground(folder, kind, is_full, server))
        result.seconds = time.monotonic() - began
    return result


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("names", nargs="*", help="D1, D20, D1@postgresql …; all without any")
    parser.add_argument("--cut", action="store_true", help="the size of the test suite")
    parser.add_argument("--markdown", type=Path, help="also write the report to this file")
    given = parser.parse_args(words)
    try:
        todo = chosen(given.names)
    except ValueError as error:
        parser.error(str(error))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or what was begun would be left
    results: list[Result] = []
    with one_server() as server:
        for name, kind in todo:
            results.append(play(name, kind, server, is_full=not given.cut))
            _say(as_text(results[-1:]).partition("\n")[2])
            if given.markdown:
                given.markdown.write_text(as_markdown(results), encoding="utf-8")
    _say("", as_text(results))
    return 0 if all(result.is_good for result in results) else 1


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
