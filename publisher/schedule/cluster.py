"""Run the table of jobs on any number of machines that share a PostgreSQL.

What every machine does for itself, it does without asking: it sends whenever something is due,
looks again every few seconds, and builds its own feeds. What one machine at a time does goes
through Procrastinate, and so do the wake-ups by which an edition just opened is sent by all of
them at once. Recipients never do: the ledger alone says whose they are.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from publisher.app import nobody_waits
from publisher.app.editions import start_digests
from publisher.errors import StoreError
from publisher.ops import log
from publisher.schedule.jobs import BUILD, JOBS, SEND, Job, job_named
from publisher.schedule.lane import Lane
from publisher.schedule.presence import Presence
from publisher.schedule.runner import Ran
from publisher.schedule.shared import Shared
from publisher.schedule.watch import Quiet, watch_folders
from publisher.store import open_engine
from publisher.store.job_tables import check_job_tables
from publisher.store.postgres import plain_address

if TYPE_CHECKING:
    from publisher.app import App

BEAT = timedelta(seconds=10)  # a machine is taken for dead after three silent ones
LOOK = timedelta(seconds=5)  # whatever wake-up was lost: this often a machine looks by itself
END_SECONDS = 10.0  # from the wish to stop to the end of the process

_log = log.get("schedule")


def run_shared(
    app: "App",
    stop: threading.Event,
    *,
    beat: timedelta = BEAT,
    look: timedelta = LOOK,
    on_running: Callable[[], None] = lambda: None,
) -> None:
    """Do this machine's part until stop is set; what is being sent then is finished first.

    beat  how often a machine says that it lives
    look  how often it looks for itself whether something is due
    on_running  called once its part is at work

    Raises StoreError when the database cannot be used at the start, var/secret is not that of the
    other machines, or [database] url was changed meanwhile.
    """
    check_job_tables(app.engine)
    _ = app.keys  # another site's secret is refused now, not at the first message
    if app.has_content:
        start_digests(app)
    machine = _Machine(app, stop, beat, look)
    machine.begin()
    app.on_mail = machine.mail_waits
    _log.info("running", site=app.settings.site.url, has_content=app.has_content)
    on_running()
    try:
        # A signal that another thread receives, as after SIGCONT, wakes nobody who waits for ever.
        while not stop.wait(1):
            pass
    finally:
        app.on_mail = nobody_waits
        machine.end()
    if machine.has_moved:
        raise StoreError("[database] url was changed", hint="start publisher again")


class _Machine:
    """Two lanes, of which one only sends, and the part in the shared jobs."""

    def __init__(self, app: "App", stop: threading.Event, beat: timedelta, look: timedelta) -> None:
        from publisher.app import open_app

        self._stop, self._database = stop, app.settings.database.url
        self.has_moved = False
        self._quiet, self._quiet_lock = Quiet(), threading.Lock()
        engine = open_engine(self._database, app.settings.root)
        self._presence = Presence(engine, beat, has_content=app.has_content)
        self._jobs = Lane("jobs", app, stop, self._starts, self._done)
        # Settings that one lane takes up must not change in the middle of what the other does.
        own = open_app(app.settings.root, app.clock, settings=app.settings)
        self._mail = Lane("mail", own, stop, self._starts, self._done)
        self._lanes = (self._jobs, self._mail)
        for job in JOBS:
            if job.everywhere and (app.has_content or not job.needs_content):
                lane = self._mail if job.is_long else self._jobs
                lane.repeat(job, look if job is SEND else job.longest_pause)
        self._shared = Shared(
            plain_address(app.engine),
            self._presence.name,
            [job for job in JOBS if not job.everywhere],
            beat,
            has_content=app.has_content,
            do=self._jobs.once,
            woken=self._woken,
            alive=lambda: self._presence.alive,
        )
        folders = [app.settings.content_dir, app.settings.root / "templates"]
        self._watched = folders if app.has_content else []

    def begin(self) -> None:
        self._presence.begin()
        watch_folders(self._watched, self._content_changed, self._stop)
        self._jobs.begin()
        self._mail.begin()
        self._shared.begin()

    def end(self) -> None:
        """Stop everything, in at most END_SECONDS; what has not ended by then goes on elsewhere."""
        self._stop.set()
        self._shared.stop()
        deadline = time.monotonic() + END_SECONDS
        parts = (("mail", self._mail), ("jobs", self._jobs), ("shared jobs", self._shared))
        late = [name for name, part in parts if not part.end(deadline)]
        self._presence.end()
        self._mail.app.close()
        if late:
            _log.warning("left in the middle; it goes on at the next start", what=", ".join(late))

    def mail_waits(self) -> None:
        """Send now; called from the web's threads, when somebody may have asked for a letter."""
        self._mail.ask(SEND)

    def _content_changed(self) -> None:
        """Build after the quiet time; called from the watching thread."""
        with self._quiet_lock:
            at = time.monotonic()
            wait = self._quiet.changed(at) - at
        self._jobs.ask(BUILD, max(wait, 0))

    def _woken(self, name: str) -> None:
        for lane in self._lanes:
            lane.ask(job_named(name))

    def _starts(self, job: Job) -> None:
        if job is BUILD:
            with self._quiet_lock:
                self._quiet.acted()

    def _done(self, job: Job, ran: Ran) -> None:
        if ran.did_something and job.then:
            self._follow(job_named(job.then))
        if any(lane.app.settings.database.url != self._database for lane in self._lanes):
            self.has_moved = True
            self._stop.set()

    def _follow(self, job: Job) -> None:
        if not job.everywhere:
            return self._shared.defer(job)
        self._woken(job.name)
        self._shared.wake(sorted(self._presence.alive - {self._presence.name}), job)
        return None
