"""D12, D13, D14: full disks, clocks that jump, clocks that change."""

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import text

from publisher.store import read
from tests.conftest import SmallSite
from tests.trips.slot_world import DAY, DIGESTS, MINUTE, ZONES, World, compare

from .ground import Ground
from .harness import Rig
from .report import Result
from .script import Paced
from .site import DUE

_SPARE = 64 * 1024  # bytes left free on the disk that is filled: some pages of the log
_ROOM = "32m"


def d12(ground: Ground) -> Result:
    """The disk is full in mid-send, and later it is not."""
    result = Result("D12", "disk full in a send", ground.kind)
    readers, script = ground.size(1500, 400), Paced(300)
    with (
        _small_disk(ground.new_folder()) as (disk, is_small),
        ground.rig(readers=readers, script=script, root=disk / "site") as rig,
    ):
        running = rig.start("send", most_bytes=0 if is_small else _limit(rig))
        rig.wait_for(30, running=running)
        filler = disk / "filler"
        if is_small:
            with suppress(OSError):  # the sender took some of it meanwhile: all the sooner full
                filler.write_bytes(b"\0" * max(0, _free(disk) - _SPARE))
        before = len(rig.server.journal.copies)
        ended = running.wait(60)
        after = len(rig.server.journal.copies) - before
        result.want(ended.code == 4, f"exit code {ended.code} with a full disk: {ended.err[-300:]}")
        words = "disk is full" if is_small else "cannot be"  # of a limit the system says less
        result.want(words in ended.err, f'"{words}" was not said: {ended.err[-300:]}')
        few = 5 * rig.connections  # the little room there is may hold some commits more
        result.want(after <= few, f"{after} messages after the disk was full")
        waits = rig.count().waiting
        result.want(waits > 0, "all were sent before the disk was full")
        result.notes.append(f"stopped {after} messages after the disk was full; {waits} waited")
        filler.unlink(missing_ok=True)
        rig.finish()
        # What was answered while there was no room to write it down is sent again.
        rig.judge(result, repeats=rig.connections, inexcusable=rig.connections)
    return result


@contextmanager
def _small_disk(folder: Path) -> Iterator[tuple[Path, bool]]:
    """A disk of its own where we may mount one; else the folder, for a limit on files' size."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_ROOM}", "tmpfs", str(folder)]
    is_mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        yield folder, is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _limit(rig: Rig) -> int:
    """Return a size that the database's log is soon to reach."""
    return max(path.stat().st_size for path in (rig.root / "var").iterdir()) + _SPARE


def _free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def d13(ground: Ground) -> Result:
    """The clock jumps by a day, ahead and back, between the parts of one edition."""
    result = Result("D13", "clock jumps by a day", ground.kind)
    jumps = [0, 1, -1, 0, 1, 0, -1, 1, -1, 0][: ground.size(10, 4)]
    with ground.rig(readers=ground.size(2000, 100), script=Paced(200)) as rig:
        for days in jumps:
            running = rig.start("send", now=DUE + days * DAY)
            steps = rig.dice.randint(1, 6 * 2 * rig.readers // len(jumps) // 2)
            if rig.dice.random() < 0.5:
                ended, _ = rig.stop_after(running, steps)
                result.want(ended.code == 0, f"exit code {ended.code}: {ended.err[-300:]}")
            else:
                rig.kill_after(running, steps)
        rig.finish(now=DUE)
        if rig.count().waiting:  # what is due by the clock that was ahead
            rig.finish(now=DUE + DAY)
        rig.judge(result, repeats=rig.kills * rig.connections)
        with read(rig.engine) as conn:
            opened = conn.execute(text("SELECT count(DISTINCT purpose) FROM deliveries")).scalar()
        result.want(opened == 1, f"{opened} editions were sent, not one")
        result.want(result.count.recipients == rig.readers, "not one row for each reader")
    return result


_NIGHTS = (  # Sundays on which clocks change, and a site that they change for
    ("2026-03-08", "America/New_York"),
    ("2026-10-25", "Europe/Berlin"),
    ("2026-03-29", "Europe/Berlin"),
    ("2026-11-01", "America/New_York"),
    ("2026-04-05", "Australia/Lord_Howe"),
    ("2026-10-04", "Australia/Sydney"),
)


def d14(ground: Ground) -> Result:
    """Clocks change both ways, in the zones of all readers, and the process sleeps across slots."""
    result = Result("D14", f"changes of the clock, {len(ZONES)} zones", ground.kind)
    days = ground.size(4, 2)
    for sunday, zone in _NIGHTS[: ground.size(6, 2)]:
        began = datetime.combine(date.fromisoformat(sunday), time(), UTC) - days // 2 * DAY
        walked = World(SmallSite(ground.new_folder()), zone, began, days=days)
        try:
            compare(walked, _moments(began, days))
        except AssertionError as error:
            result.misses.append(f"{sunday}, {zone}: not what was promised: {str(error)[:300]}")
        doubled = [
            (digest, name)
            for digest in DIGESTS
            for name in ZONES
            if len(dates := walked.dates(digest, name)) != len(set(dates))
        ]
        walked.walk.close()
        result.want(not doubled, f"{sunday}, {zone}: a slot came twice for {doubled[:5]}")
        result.want(len(walked.came) > len(ZONES), f"{sunday}, {zone}: too little came")
        result.notes.append(
            f"{sunday}, {zone}: {len(walked.came)} editions to {len(ZONES)} readers"
        )
    return result


def _moments(began: datetime, days: int) -> list[datetime]:
    """Return when somebody runs `send`, at times of no order, with long sleeps between."""
    dice = random.Random(f"rig {began}")
    moment, moments = began, []
    while moment < began + days * DAY:
        moment += dice.choice([47, 130, 310, 420, 800]) * MINUTE
        moments.append(moment + dice.randrange(60) * timedelta(seconds=1))
    return moments
