"""Do one job: with the settings as they are now, whatever becomes of it, and on record."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import insert

from publisher.errors import MigrationNeeded, PublisherError, StoreError
from publisher.ops import log
from publisher.schedule.jobs import Job
from publisher.store import write
from publisher.store.tables import runs

if TYPE_CHECKING:
    from publisher.app import App

SOON = timedelta(seconds=2)  # a database that was away is asked again after this
# What is due and was not done is in other hands, those of another sender for instance.
SHORTEST = timedelta(seconds=1)

_log = log.get("schedule")


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run of a job came to."""

    wait: timedelta  # until it wants to be run again
    did_something: bool = False
    must_rest: bool = False  # looking again before that would do harm


class Runner:
    """Runs jobs of one site in one thread, and complains of one trouble with the database once."""

    def __init__(self, app: "App", stop: Event) -> None:
        """Prepare to run jobs; stop is handed to each of them."""
        self._app, self._stop = app, stop
        self._complaint = ""

    def run(self, job: Job) -> Ran:
        """Run a job; nothing is raised, what went wrong is logged and on record."""
        started = self._app.now()
        try:
            self._app.reload()
            done = job.run(self._app, self._stop)
        except MigrationNeeded as error:
            _log.error("job failed", job=job.name, reason=error.message, hint=error.hint)
        except StoreError as error:
            self._complain(job, error)
            return Ran(min(SOON, job.longest_pause))
        except PublisherError as error:
            _log.error("job failed", job=job.name, reason=error.message, hint=error.hint)
            self._record(job, started, "failed", error.message)
        except Exception as error:
            # One bad minute must not end a program that others rely on; the next run may do.
            _log.error("job broke", job=job.name, error=f"{type(error).__name__}: {error}")
            self._record(job, started, "broke", f"{type(error).__name__}: {error}")
        else:
            self._be_content()
            if done.detail:
                self._record(job, started, "done", done.detail)
            wait = job.longest_pause
            if done.next_at:
                wait = min(wait, max(done.next_at - self._app.now(), SHORTEST))
            return Ran(wait, bool(done.detail), done.must_rest)
        return Ran(job.longest_pause, must_rest=True)

    def _complain(self, job: Job, error: StoreError) -> None:
        if error.message != self._complaint:
            _log.error("job failed", job=job.name, reason=error.message, hint=error.hint)
        self._complaint = error.message

    def _be_content(self) -> None:
        if self._complaint:
            _log.info("the database can be used again")
        self._complaint = ""

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
