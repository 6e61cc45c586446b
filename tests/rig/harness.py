"""A site, the rig's server and the program between them: start it, end it, count what came.

Clocks: the program's is set with PUBLISHER_NOW to the edition's slot and moved on from one round to
the next, so that retries of hours cost nothing; the journal goes by the machine's own.
"""

import random
import signal
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from publisher.store import read

from . import site
from .accounting import Count, Row, count, own_sums, rows_of
from .launch import KILLED, STILL_RUNNING, Ended, Running, launch
from .report import Result
from .script import Script, usual
from .server import Server, Trap
from .strict import Offer

OURS = "publisher made a mistake"  # how the command line begins when it meets an error of its own
LEASE_SECONDS = 3  # in place of a minute
_ROUND = timedelta(minutes=20)  # between two rounds, more than the first waits of a retry


class Rig:
    """One site and one server, for one scenario."""

    def __init__(
        self,
        folder: Path,
        *,
        readers: int,
        root: Path | None = None,
        script: Script = usual,
        offer: Offer | None = None,
        connections: int = 8,
        database: str = site.SQLITE,
        transport: str = "smtp",
        tls: ssl.SSLContext | None = None,
        environ: Mapping[str, str] | None = None,
        seed: int = 1,
    ) -> None:
        self.root = root or folder / "site"  # journal and outputs lie beside it
        self.connections, self.readers = connections, readers
        self.root.mkdir(parents=True)
        self.dice = random.Random(seed)
        self.server = Server(folder, script, offer, tls)
        self.kills = 0
        self.environ = {"PUBLISHER_LEASE_SECONDS": str(LEASE_SECONDS), **(environ or {})}
        self._running: list[Running] = []
        self._said, self._runs = folder / "said", 0
        self._said.mkdir()
        self.settings = {
            "transport": transport,
            "connections": connections,
            "database": database,
            "security": "starttls" if tls else "none",
            "username": "rig" if offer and offer.auth else "",
        }
        self.configure()
        site.make_site(self.root, readers)
        self.engine = site.database_of(self.root)

    def configure(self, **changes: object) -> None:
        """Write the settings anew."""
        site.configure(self.root, port=self.server.port, **{**self.settings, **changes})  # type: ignore[arg-type]

    def move_to(self, database: str) -> None:
        """Go on with another database, which knows nothing yet."""
        self.engine.dispose()
        self.settings["database"] = database
        self.configure()
        self.engine = site.database_of(self.root)

    def close(self) -> None:
        for running in self._running:
            running.signal(signal.SIGKILL)
        self.engine.dispose()
        self.server.close()

    # Running the program.

    def start(
        self, *words: str, now: datetime = site.DUE, most_bytes: int = 0, **env: str
    ) -> Running:
        """Start a command on the site, at a moment of its own clock."""
        self._runs += 1
        at = {"PUBLISHER_NOW": now.isoformat(), **self.environ, **env}
        said = self._said / f"{self._runs:04}"
        words = ("--site", str(self.root), *words)
        started = launch(words, said, at, most_bytes=most_bytes)
        self._running = [*(each for each in self._running if each.is_alive), started]
        return started

    def run(
        self, *words: str, now: datetime = site.DUE, seconds: float = 120.0, **env: str
    ) -> Ended:
        return self.start(*words, now=now, **env).wait(seconds)

    def finish(self, *, now: datetime = site.DUE, rounds: int = 40) -> list[Ended]:
        """Send until nothing waits, the clock moved on from round to round."""
        ended = []
        for number in range(rounds):
            ended.append(self.run("send", now=now + number * _ROUND))
            states = {row.state for row in self.rows()}
            if OURS in ended[-1].err or ended[-1].code == STILL_RUNNING:
                break
            if not states & {"queued", "sending"}:
                break
            if "sending" in states:  # a dead worker's on PostgreSQL, until its lease is over
                time.sleep(LEASE_SECONDS)
        return ended

    def kill_after(self, running: Running, steps: int, *, most_seconds: float = 60.0) -> Ended:
        """End a command with SIGKILL once the server has seen so many steps."""
        self._until(running, steps, most_seconds)
        ended = running.kill()
        self.kills += ended.code == KILLED
        return ended

    def stop_after(self, running: Running, steps: int) -> tuple[Ended, float]:
        """Ask a command to stop with SIGTERM once the server has seen so many steps.

        Returns how it ended, and how many seconds that took.
        """
        self._until(running, steps, 60.0)
        self.kills += running.is_alive
        asked_at = time.monotonic()
        running.signal(signal.SIGTERM)
        return running.wait(30), time.monotonic() - asked_at

    def _until(self, running: Running, steps: int, most_seconds: float) -> None:
        trap = self.server.trap = Trap(steps)
        end = time.monotonic() + most_seconds
        while not trap.sprung.wait(0.02) and running.is_alive and time.monotonic() < end:
            running.look()
        time.sleep(self.dice.uniform(0, 0.002))  # not always at the same point of a step
        self.server.trap = None

    def wait_for(
        self, messages: int, *, seconds: float = 60.0, running: Running | None = None
    ) -> bool:
        """Wait until the server has taken so many messages; False when it comes to nothing."""
        end = time.monotonic() + seconds
        while len(self.server.journal.copies) < messages:
            if time.monotonic() > end or (running and not running.is_alive):
                return False
            time.sleep(0.005)
        return True

    # Looking at what came of it.

    def rows(self) -> list[Row]:
        with read(self.engine) as conn:
            return rows_of(conn)

    def count(self) -> Count:
        return count(self.rows(), self.server.journal)

    def judge(
        self, result: Result, *, repeats: int, inexcusable: int = 0, waiting: int = 0
    ) -> None:
        """Count, and hold against the promise: D18 and D19 with every scenario.

        repeats      how many copies beyond the first are allowed, all excusable but `inexcusable`
        """
        found = result.count = self.count()
        result.kills += self.kills
        with read(self.engine) as conn:
            recipients, parts = own_sums(conn)
        settled = found.sent + found.failed + found.skipped + found.held + found.in_doubt
        result.want(found.recipients > 0, "no edition was opened")
        result.want(
            found.recipients == settled + found.waiting == recipients == parts,
            f"the accounting does not add up: {found}, and by its own sums {parts} of {recipients}",
        )
        result.want(found.waiting == waiting, f"{found.waiting} still wait")
        result.want(found.in_doubt == 0, f"{found.in_doubt} are in doubt at the end")
        result.want(found.lost == 0, f"{found.lost} lost")
        result.want(found.repeats <= repeats, f"{found.repeats} repeats, {repeats} allowed")
        result.want(
            found.inexcusable <= inexcusable,
            f"{found.inexcusable} repeats although the answer had been taken",
        )
        result.want(
            found.unnamed <= inexcusable, f"{found.unnamed} repeats the ledger has no name for"
        )
        result.want(found.differing == 0, f"{found.differing} repeats with other bytes")
        broken = sorted(set(self.server.journal.violations))
        result.want(not broken, f"violations on the wire: {'; '.join(broken[:5])}")


@contextmanager
def rig(folder: Path, **options: object) -> Iterator[Rig]:
    """Set up a rig for a block, and take it down."""
    made = Rig(folder, **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()
