"""Machines of one site: each a folder with the site's settings and secret, and one PostgreSQL."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.app import App, open_app
from publisher.app.editions import start_digests
from publisher.ops import Clock
from publisher.schedule.cluster import LOOK, run_shared
from publisher.store import read, write
from publisher.store.tables import runs
from publisher.subscribers import Person, add

BEAT = timedelta(seconds=1)
BEFORE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AT_SLOT = datetime(2026, 3, 3, 7, 0, 30, tzinfo=UTC)  # the small site's: Tue 07:00 in London


def until(is_true: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait for something, generously; return whether it came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_true():
            return True
        time.sleep(0.05)
    return False


def share(site, url: str) -> None:
    """Move the site's settings to a database that machines can share."""
    text = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(f'{text}\n[database]\nurl = "{url}"\n')


def further(site, name: str, *, with_content: bool = False) -> Path:
    """Make the folder of a further machine: settings and secret, and content/ if wanted."""
    root = site.root.parent / name
    (root / "var").mkdir(parents=True)
    for file in ("publisher.toml", "var/secret"):
        if (site.root / file).exists():
            shutil.copyfile(site.root / file, root / file)
    if with_content:
        shutil.copytree(site.root / "content", root / "content")
    return root


def begun(site, people: int) -> None:
    """Begin the digests before the slot, with so many readers and one item that all of them get."""
    site.item("first.en.md", "First", date="2026-03-02T10:00:00Z")
    app = open_app(site.root, Clock(BEFORE))
    start_digests(app)
    keys = app.keys
    with write(app.engine) as conn:
        for number in range(people):
            add(conn, app.settings, keys, Person(f"r{number}@example.org"), BEFORE, "Yes")
    app.close()


@contextmanager
def working(
    root: Path, at: datetime = AT_SLOT, look: timedelta = LOOK, beat: timedelta = BEAT
) -> Iterator[App]:
    """Run a machine in a thread for a block; its App is for looking."""
    stop, app, clock = threading.Event(), open_app(root, Clock(at)), Clock(at)
    how = {"beat": beat, "look": look}
    thread = threading.Thread(target=run_shared, args=(app, stop), kwargs=how)
    thread.start()
    looking = open_app(root, clock)
    try:
        yield looking
    finally:
        stop.set()
        thread.join(30)
        app.close()
        looking.close()
        assert not thread.is_alive()


def recorded(app: App) -> list[tuple[str, str]]:
    """Return the job and outcome of every run that did something, oldest first."""
    with read(app.engine) as conn:
        return [(r.job, r.outcome) for r in conn.execute(runs.select().order_by(runs.c.id))]


def mailed(*roots: Path) -> list[str]:
    """Return whom the messages in these machines' outboxes are to, sorted."""
    found = []
    for root in roots:
        for path in sorted((root / "outbox/new").glob("*")):
            lines = path.read_bytes().split(b"\r\n\r\n")[0].decode().splitlines()
            found += [line.partition(": ")[2] for line in lines if line.startswith("To:")]
    return sorted(found)
