"""Claim: a site of 1,000,000 readers and 3,000,000 deliveries is copied, moved and folded in 200 MiB.

A backup of it is taken, restored into SQLite and into PostgreSQL, and backed up there again: every
table has the same bytes as in the first. Then one edition is folded while somebody else writes all
the time: nobody waits longer than 0.3 s and the database says how much smaller its rows became. How
many bytes a delivery takes is what `publisher doctor` reckons with. Each step is a process.

    python -m bench.keeping [--readers 1000000] [--editions 3] [--only sqlite]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.opening import _address, _peak, _waiting
from bench.readers import FIRST, make_readers, make_site

if TYPE_CHECKING:
    from sqlalchemy import Connection

PEAK_MIB = 200
WAIT_SECONDS = 0.3
ROW_BYTES = 200  # what checks/growth.py takes for granted
_SMALL = 100_000  # fewer readers than that say nothing about the figures
_SEGMENTS = 1_000
_TEXT = bytes(range(256)) * 40  # of a body
SQLITE = "sqlite:///var/publisher.sqlite3"


def main() -> int:
    """Measure, print, and return 1 when a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--editions", type=int, default=3)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--step", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        return _step(*options.step)
    with tempfile.TemporaryDirectory(prefix="publisher-bench-") as name:
        missed = _measure(Path(name), options.readers, options.editions, options.only)
    return 1 if missed and options.readers >= _SMALL else 0


def _measure(folder: Path, readers: int, editions: int, only: str | None) -> int:
    site, file = folder / "site", folder / "first.zip"
    make_site(site)
    make_readers(SQLITE, site, readers)
    before = _size(site)
    _send(site, editions)
    bodies = editions * _SEGMENTS * 2 * len(_TEXT)
    each = (_size(site) - before - bodies) / (readers * editions)
    print(f"{readers:,} readers, {readers * editions:,} deliveries of {each:.0f} bytes")
    steps = {"backup": _run("backup", site, SQLITE, file)}
    _say("backup", steps["backup"], f", {file.stat().st_size / 2**20:.0f} MiB")
    for kind in [only] if only else ("sqlite", "postgresql"):
        new = folder / kind
        make_site(new)
        with _address(kind, folder) as url:
            steps[kind] = _run("restore", new, url, file)
            _say(f"restore into {kind}", steps[kind])
            again = _run("backup", new, url, folder / f"{kind}.zip")
            steps[f"{kind} again"] = again
            _say(f"backup of {kind}", again)
            if _tables(file) != _tables(folder / f"{kind}.zip"):
                raise SystemExit(f"{kind} gave other rows back")
            with _waiting(new, url) as waited:
                steps[f"{kind} fold"] = folded = _run("fold", new, url, file)
            _say(f"fold on {kind}", folded, f", others waited {waited[0]:.2f} s at most")
            steps[f"{kind} fold"]["waited"] = waited[0]
    too_large = [name for name, found in steps.items() if found["peak"] > PEAK_MIB]
    too_long = [name for name, found in steps.items() if found.get("waited", 0) > WAIT_SECONDS]
    return len(too_large) + len(too_long) + (each > ROW_BYTES)


def _say(what: str, found: dict[str, Any], more: str = "") -> None:
    print(f"  {what:24} {found['seconds']:.1f} s, {found['peak']:.0f} MiB{more}", flush=True)


def _size(root: Path) -> int:
    return sum(path.stat().st_size for path in (root / "var").glob("publisher.sqlite3*"))


def _tables(file: Path) -> dict[str, str]:
    from publisher.backup import open_backup

    with open_backup(file) as backup:
        return {table.name: table.sha256 for table in backup.manifest.tables}


def _run(what: str, root: Path, url: str, file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.keeping", "--step", what, str(root), url, str(file)]
    result = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        raise SystemExit(f"{what} ended with {result.returncode}")
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def _step(what: str, folder: str, url: str, name: str) -> int:
    """Do one step here and print its measurements."""
    from publisher.backup import Wishes, restore, write_backup
    from publisher.digests import fold_old
    from publisher.settings import load
    from publisher.store import open_engine

    root, file = Path(folder), Path(name)
    engine, secret = open_engine(url, root), root / "var/secret"
    began = time.perf_counter()
    if what == "backup":
        write_backup(engine, file, secret, FIRST)
    elif what == "restore":
        restore(engine, file, secret, FIRST, Wishes(is_planned=True))
    else:
        fold_old(engine, load(root, {}), FIRST + timedelta(days=1_000))
    print(json.dumps({"seconds": time.perf_counter() - began, "peak": _peak()}))
    engine.dispose()
    return 0


def _send(root: Path, editions: int) -> None:
    """Write deliveries as they are after an edition was opened, sent and answered."""
    from publisher.store import open_engine, write
    from publisher.tokens import open_keys

    open_keys(root / "var/secret", may_make=True)
    engine = open_engine(SQLITE, root)
    for number in range(1, editions + 1):
        with write(engine) as conn:
            _write_edition(conn, number)
        for statement in (_OPEN, _ANSWER):
            with write(engine) as conn:
                conn.exec_driver_sql(statement.format(number=number, segments=_SEGMENTS, at=_AT))
    engine.dispose()


_AT = int(FIRST.timestamp())
# In the order of bodies, as an opening writes them: the numbers of readers are mixed.
_OPEN = (
    "INSERT INTO deliveries"
    " (purpose, subscriber_id, body_id, priority, state, queued_at, next_at)"
    " SELECT 'edition:{number}', id, ({number} - 1) * {segments} + 1 + id % {segments}, 1,"
    " 'queued', {at}, {at} FROM subscribers ORDER BY id % {segments}, id"
)
_ANSWER = (
    "UPDATE deliveries SET state = 'sent', attempts = 1, fence = 1, code = '250',"
    " settled_at = {at} + id % 7200, remote_id = '2.0.0 Ok: queued as 4F' || id"
    " WHERE purpose = 'edition:{number}'"
)


def _write_edition(conn: "Connection", number: int) -> None:
    from sqlalchemy import insert

    from publisher.store import tables

    bodies = range((number - 1) * _SEGMENTS + 1, number * _SEGMENTS + 1)
    body = {"language": "en", "digest": "weekly", "html": _TEXT, "plain": _TEXT}
    segment = {"edition_id": number, "language": "en", "items": "[]", "recipients": 0}
    row = {"id": number, "digest": "weekly", "slot": f"{number}", "frozen": "{}", "state": "sent"}
    times = dict.fromkeys(("due_at", "opened_at", "closed_at", "frozen_at"), _AT)
    conn.execute(insert(tables.bodies), [{**body, "id": n} for n in bodies])
    conn.execute(insert(tables.editions).values(**row, **times))
    conn.execute(insert(tables.segments), [{**segment, "body_id": n} for n in bodies])


if __name__ == "__main__":
    sys.exit(main())
