"""Run the table of jobs in this process, with APScheduler.

All jobs share one thread: a build and a send never run into each other. What is due while a job
runs is done right after it, once, however often it fell due; so it is after a machine slept.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import insert

from publisher.errors import PublisherError
from publisher.ops import log
from publisher.schedule.jobs import JOBS, Job
from publisher.schedule.watch import Quiet, watch_folders
from publisher.store import write
from publisher.store.tables import runs

if TYPE_CHECKING:
    from publisher.app import App

QUIET_SECONDS = 5.0  # an editor's program may write one file in several goes
LONGEST_SECONDS = 60.0  # changes that never end must not keep the rest from being published

_log = log.get("schedule")


def run_forever(app: "App", stop: threading.Event) -> None:
    """Build and send until stop is set; what is being sent then is finished first."""
    app.start_digests()
    timetable = _Timetable(app, stop)
    watcher = watch_folders(
        [app.settings.content_dir, app.settings.root / "templates"], timetable.content_changed, stop
    )
    timetable.begin()
    _log.info("running", site=app.settings.site.url)
    try:
        stop.wait()
    finally:
        timetable.end()
        if watcher.is_alive():
            watcher.join(timeout=2)


class _Timetable:
    """The jobs and when each is next run."""

    def __init__(self, app: "App", stop: threading.Event) -> None:
        self._app, self._stop = app, stop
        self._quiet = Quiet(QUIET_SECONDS, LONGEST_SECONDS)
        self._lock = threading.Lock()
        self._running = threading.Lock()  # held by the job under way
        self._build_at: float | None = None  # when content that changed wants to be built
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
        self._put(JOBS[0], timedelta(seconds=wait))

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
        if job is JOBS[0]:
            with self._lock:
                self._quiet.acted()
                self._build_at = None
        started = self._app.now()
        wait = job.longest_pause
        try:
            self._app.reload()
            done = job.run(self._app, self._stop)
        except PublisherError as error:
            _log.error("job failed", job=job.name, reason=error.message, hint=error.hint)
            self._record(job, started, "failed", error.message)
        except Exception as error:
            # One bad minute must not end a program that others rely on; the next run may do.
            _log.error("job broke", job=job.name, error=f"{type(error).__name__}: {error}")
            self._record(job, started, "broke", f"{type(error).__name__}: {error}")
        else:
            if done.detail:
                self._record(job, started, "done", done.detail)
                if job is JOBS[0]:
                    self._put(JOBS[1], timedelta(0))  # what is new may be due at once
            if done.next_at:
                wait = min(wait, max(done.next_at - self._app.now(), timedelta(0)))
        self._put(job, min(wait, self._until_asked(job)))

    def _until_asked(self, job: Job) -> timedelta:
        """Return how long it is until a change that came meanwhile wants this job."""
        with self._lock:
            if job is not JOBS[0] or self._build_at is None:
                return job.longest_pause
            return timedelta(seconds=max(self._build_at - datetime.now(UTC).timestamp(), 0))

    def _record(self, job: Job, started: datetime, outcome: str, detail: str) -> None:
        """Keep what a run did; runs that found nothing to do leave no trace."""
        try:
            with write(self._app.engine) as conn:
                conn.execute(
                    insert(runs).values(
                        job=job.name,
                        started_at=int(started.timestamp()),
                        ended_at=int(self._app.now().timestamp()),
                        outcome=outcome,
                        detail=detail[:1000],
                    )
                )
        except PublisherError as error:
            _log.error("run not recorded", job=job.name, reason=error.message)
