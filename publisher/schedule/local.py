"""Run the table of jobs in this process, with APScheduler.

All jobs share one thread: a build and a send never run into each other. What is due while a job
runs is done right after it, once, however often it fell due; so it is after a machine slept.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from publisher.app import nobody_waits
from publisher.app.editions import start_digests
from publisher.ops import log
from publisher.schedule.jobs import BUILD, JOBS, SEND, Job, job_named
from publisher.schedule.runner import Runner
from publisher.schedule.watch import Quiet, watch_folders

if TYPE_CHECKING:
    from publisher.app import App

MAIL_WAIT = timedelta(seconds=1)  # letters asked for within it leave in one go

_log = log.get("schedule")


def run_alone(
    app: "App", stop: threading.Event, on_running: Callable[[], None] = lambda: None
) -> None:
    """Build and send until stop is set; what is being sent then is finished first.

    on_running  called once the timetable is at work
    """
    start_digests(app)
    timetable = _Timetable(app, stop)
    watcher = watch_folders(
        [app.settings.content_dir, app.settings.root / "templates"], timetable.content_changed, stop
    )
    timetable.begin()
    app.on_mail = timetable.mail_waits
    _log.info("running", site=app.settings.site.url)
    on_running()
    try:
        # A signal that another thread receives, as after SIGCONT, wakes nobody who waits for ever.
        while not stop.wait(1):
            pass
    finally:
        app.on_mail = nobody_waits
        timetable.end()
        if watcher.is_alive():
            watcher.join(timeout=2)


class _Timetable:
    """The jobs and when each is next run."""

    def __init__(self, app: "App", stop: threading.Event) -> None:
        self._app, self._stop = app, stop
        self._runner = Runner(app, stop)
        self._quiet = Quiet()
        self._lock = threading.Lock()
        self._running = threading.Lock()  # held by the job under way
        self._build_at: float | None = None  # when content that changed wants to be built
        self._is_mail_told = False  # since sending last began
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            # Two, so that what falls due while a job runs is put behind it instead of dropped.
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 2},
        )

    def begin(self) -> None:
        for place, job in enumerate(JOBS):
            self._put(job, timedelta(milliseconds=100 * place))
        self._scheduler.start()

    def end(self) -> None:
        """Let the job under way end, then stop; call it when stop is set."""
        # While APScheduler waits for a job it holds the lock that the job needs to be put again.
        with self._running:
            pass
        self._scheduler.shutdown(wait=True)

    def content_changed(self) -> None:
        """Build after the quiet time; called from the watching thread."""
        with self._lock:
            at = datetime.now(UTC).timestamp()
            self._build_at = self._quiet.changed(at)
            wait = max(self._build_at - at, 0)
        self._put(BUILD, timedelta(seconds=wait))

    def mail_waits(self) -> None:
        """Send soon; called from the web's threads, when somebody may have asked for a letter."""
        with self._lock:
            if self._is_mail_told:
                return
            self._is_mail_told = True
        self._put(SEND, MAIL_WAIT)

    def _put(self, job: Job, wait: timedelta) -> None:
        self._scheduler.add_job(
            self._run,
            "date",
            run_date=datetime.now(UTC) + wait,
            args=[job],
            id=job.name,
            replace_existing=True,
        )

    def _run(self, job: Job) -> None:
        with self._running:
            if not self._stop.is_set():
                self._do(job)

    def _do(self, job: Job) -> None:
        if job is BUILD:
            with self._lock:
                self._quiet.acted()
                self._build_at = None
        elif job is SEND:
            with self._lock:
                self._is_mail_told = False
        ran = self._runner.run(job)
        if ran.did_something and job.then:
            self._put(job_named(job.then), timedelta(0))
        self._put(job, min(ran.wait, self._until_asked(job)))

    def _until_asked(self, job: Job) -> timedelta:
        """Return how long it is until a change that came meanwhile wants this job."""
        with self._lock:
            if job is not BUILD or self._build_at is None:
                return job.longest_pause
            return timedelta(seconds=max(self._build_at - datetime.now(UTC).timestamp(), 0))
