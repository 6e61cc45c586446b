"""The sample site's ten days: who reads it, and what happens at which moment."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.app import App, building, open_app, sending
from publisher.app.editions import start_digests
from publisher.cli.report import Progress
from publisher.content.item import Item, Status
from publisher.digests import slots_between
from publisher.errors import Problem, PublisherError
from publisher.ops import Clock
from publisher.settings import packaged
from publisher.store import write
from publisher.subscribers import Person, add

if TYPE_CHECKING:
    from publisher.settings import Settings

BEGIN = datetime(2023, 9, 18, 12, 0, tzinfo=UTC)
END = datetime(2023, 9, 29, 12, 0, tzinfo=UTC)
CONSENT = "Yes, I would like to stay up to date with the latest news, articles and event reports."
MARK = ".publisher-demo"  # says that a folder is ours to empty

READERS = (
    Person("layla@example.org", "ليلى", ("ar",), ("weekly",)),
    Person("emma@example.org", "Emma", ("en",), ("weekly",)),
    Person("camille@example.org", "Camille", ("fr",), ("weekly",), ("guides", "prevention")),
    Person("diego@example.org", "Diego", ("es", "en"), ("weekly",)),
    Person("sami@example.org", "سامي", ("ar", "fr"), ("daily",), ("summit",)),
    Person("james@example.org", "James", ("en",), ("alerts",)),
)


class StandingClock(Clock):
    """A clock that shows one moment until it is set to the next."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._shown = start

    def now(self) -> datetime:
        return self._shown

    def set(self, moment: datetime) -> None:
        self._shown = moment


@dataclass(frozen=True, slots=True)
class Sent:
    """What ten days came to."""

    editions: int
    messages: int
    feeds: int


class Story:
    """The sample site in its folder, its readers, and the passing of time."""

    def __init__(self, folder: Path, app: App, clock: StandingClock) -> None:
        self.folder, self.app, self._clock = folder, app, clock
        self.readers = READERS

    @classmethod
    @contextmanager
    def begin(cls, out: Path | None) -> Iterator["Story"]:
        """Lay out the sample site and let its readers sign up."""
        folder = scratch_folder(out)
        sample = packaged("sample")
        shutil.copy2(sample / "publisher.toml", folder)
        shutil.copytree(sample / "content", folder / "content")
        clock = StandingClock(BEGIN)
        app = open_app(folder, clock)
        try:
            story = cls(folder, app, clock)
            story._enrol()
            yield story
        finally:
            app.close()

    @property
    def settings(self) -> "Settings":
        return self.app.settings

    def items(self) -> tuple[Item, ...]:
        return self.app.library().items

    def problems(self) -> tuple[Problem, ...]:
        return self.app.library().problems

    def live_through(self, begin: datetime, end: datetime, tell: Progress) -> Sent:
        """Build and send at every moment between these at which anything is due."""
        moments = self._moments(begin, end)
        editions = messages = 0
        for number, moment in enumerate(moments, start=1):
            self._clock.set(moment)
            building.build(self.app)
            done = sending.send(self.app)
            editions += sum(1 for opened in done.opened if opened.recipients)
            messages += done.report.sent
            tell(number, len(moments))
        feeds = len([p for p in self.settings.feeds_dir.rglob("*") if p.suffix in _FORMATS])
        return Sent(editions, messages, feeds)

    def _moments(self, begin: datetime, end: datetime) -> list[datetime]:
        moments = {begin, end}
        for item in self.items():
            if item.status is Status.READY and begin < item.date < end:
                moments.add(item.date)
        appeared = sorted(moments)
        for digest in self.settings.digests.values():
            slots = slots_between(digest, self.settings.site.zone, begin, end)
            moments.update(slot.due_at for slot in slots)
            if digest.every == "item":
                settled = timedelta(minutes=1) + digest.settle
                moments.update(moment + settled for moment in appeared[:-1])
        return sorted(moments)

    def _enrol(self) -> None:
        start_digests(self.app)
        with write(self.app.engine) as conn:
            for person in self.readers:
                add(conn, self.settings, self.app.keys, person, self._clock.now(), CONSENT)


_FORMATS = frozenset({".rss", ".atom", ".json"})


def scratch_folder(out: Path | None) -> Path:
    """Return an empty folder; one of an earlier demo is emptied, anything else is left alone."""
    if out is None:
        folder = Path(tempfile.mkdtemp(prefix="publisher-demo-"))
    else:
        folder = out.absolute()
        if folder.is_dir() and (folder / MARK).is_file():
            shutil.rmtree(folder)
        elif folder.is_dir() and any(folder.iterdir()):
            raise PublisherError(
                f"{folder} is not empty, and no earlier demo made it",
                hint="name a folder that is new or empty: publisher demo --out DIR",
            )
        folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by `publisher demo`, which may empty this folder.\n")
    return folder
