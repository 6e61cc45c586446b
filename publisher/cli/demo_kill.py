"""`publisher demo --kill`: an edition whose sender is killed five times, and what came of it."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from publisher.app import open_app
from publisher.app.editions import start_digests
from publisher.cli.demo_sink import Sink
from publisher.cli.demo_story import BEGIN, CONSENT, END, scratch_folder
from publisher.cli.report import Progress
from publisher.delivery import Totals, totals
from publisher.digests import slots_between
from publisher.errors import PublisherError
from publisher.ops import Clock
from publisher.settings import packaged
from publisher.store import read, write
from publisher.store.tables import deliveries
from publisher.subscribers import Person, add

READERS = 200
KILLS = 5
DIGEST = "weekly"
_LANGUAGES = (("en",), ("ar", "en"), ("fr",), ("es", "en"))
_LOOK_SECONDS = 0.1
# A name that no public DNS ever has (ICANN, 29 July 2024), since the sample's is for folders only.
_SENDER = "digest@demo.internal"


@dataclass(frozen=True, slots=True)
class Killed:
    """What an edition came to whose sender was killed again and again."""

    kills: int
    accepted: int  # messages that the server took, repeats among them
    totals: Totals  # the ledger's accounting
    lost: int  # readers that the server has no message for
    repeated: tuple[str, ...]  # who was given theirs more than once
    are_equal: bool  # every repeat byte for byte, with the same Message-ID

    @property
    def is_kept(self) -> bool:
        """Whether the promise held."""
        settled = self.totals.sent == self.totals.recipients
        return settled and not self.lost and self.are_equal and len(self.repeated) <= self.may_be

    @property
    def may_be(self) -> int:
        """How many repeats the ledger allows for: those it calls in doubt."""
        return self.totals.doubted


class KillStory:
    """The sample site with some hundred readers, a mail server on loopback, and a way to kill."""

    def __init__(self, out: Path | None, sink: Sink) -> None:
        self.folder = scratch_folder(out)
        self._sink = sink
        sample = packaged("sample")
        shutil.copytree(sample / "content", self.folder / "content")
        toml = (sample / "publisher.toml").read_text(encoding="utf-8")
        for before, after in (
            ('transport = "maildir"', 'transport = "smtp"'),
            ('address = "digest@example.org"', f'address = "{_SENDER}"'),
            ("port = 25\n", f"port = {sink.port}\n"),
        ):
            toml = toml.replace(before, after)
        (self.folder / "publisher.toml").write_text(toml, encoding="utf-8")
        self._due_at = self._enrol()

    def send_and_kill(self, tell: Progress) -> Killed:
        """Send the edition, killing the sender five times on the way; raises PublisherError."""
        for number in range(1, KILLS + 1):
            sender = self._start()
            enough = number * READERS // (KILLS + 1)
            while not self._sink.wait_for(enough, _LOOK_SECONDS) and sender.poll() is None:
                pass
            sender.send_signal(signal.SIGKILL)
            if sender.wait() != -signal.SIGKILL:
                raise PublisherError("the sender ended by itself", hint=self._said())
            tell(self._sink.messages, READERS)
        last = self._start()
        if last.wait():
            raise PublisherError("the edition could not be finished", hint=self._said())
        tell(READERS, READERS)
        return self._count()

    def _enrol(self) -> datetime:
        """Let the readers sign up; return a moment at which a weekly edition is due."""
        app = open_app(self.folder, Clock(BEGIN))
        start_digests(app)
        with write(app.engine) as conn:
            for number in range(READERS):
                person = Person(_address(number), "", _LANGUAGES[number % 4], (DIGEST,))
                add(conn, app.settings, app.keys, person, BEGIN, CONSENT)
        digest, zone = app.settings.digests[DIGEST], app.settings.site.zone
        slots = slots_between(digest, zone, BEGIN, END)
        app.close()
        return max(slot.due_at for slot in slots) + timedelta(seconds=30)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "publisher", "--site", str(self.folder), "send"]
        clock = {"PUBLISHER_TESTING": "1", "PUBLISHER_NOW": self._due_at.isoformat()}
        with (self.folder / _SAID).open("ab") as said:
            return subprocess.Popen(  # noqa: S603 our own program
                command, env={**os.environ, **clock}, stdout=said, stderr=said
            )

    def _said(self) -> str:
        lines = (self.folder / _SAID).read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else ""

    def _count(self) -> Killed:
        app = open_app(self.folder, Clock(self._due_at))
        with read(app.engine) as conn:
            purpose = conn.execute(select(deliveries.c.purpose).limit(1)).scalar_one()
            counted = totals(conn, purpose)
        app.close()
        reached = {copies[0][0] for copies in self._sink.taken.values()}
        return Killed(
            kills=KILLS,
            accepted=self._sink.messages,
            totals=counted,
            lost=sum(_address(number) not in reached for number in range(READERS)),
            repeated=tuple(self._sink.repeated()),
            are_equal=self._sink.all_equal(),
        )


_SAID = "said.txt"  # what the senders wrote


def _address(number: int) -> str:
    return f"reader{number + 1}@demo.internal"
