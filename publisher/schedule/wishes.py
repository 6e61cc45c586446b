"""What is said to Procrastinate: want a job, wake a machine, strike what a dead one left."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import psycopg
from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job as Stored
from procrastinate.jobs import Status

from publisher.ops import log
from publisher.schedule.jobs import Job

# Queues; one more of each machine's own. PostgreSQL's channels, named after them, take 63 bytes.
ANYBODY, WITH_CONTENT = "publisher", "publisher with content"
WAKE = "publisher.wake"  # the task of a wake-up

_log = log.get("schedule")


def cron(pause: timedelta) -> str:
    """Return the calendar's words for at least once a pause: every so many minutes, or hours."""
    minutes = max(1, int(pause.total_seconds() // 60))
    if minutes < 60:
        return f"*/{minutes} * * * *"
    return f"0 */{min(minutes // 60, 24)} * * *" if minutes < 24 * 60 else "0 3 * * *"


def task_name(job: Job) -> str:
    """Return what Procrastinate calls a job."""
    return f"publisher.{job.name}"


def queue_of(job: Job) -> str:
    """Return the queue from which the machines that can do a job take it."""
    return WITH_CONTENT if job.needs_content else ANYBODY


async def want(app: App, job: Job) -> None:
    """Have some machine do a job now; one that waits to be done is as good as many."""
    with suppress(AlreadyEnqueued):
        await app.tasks[task_name(job)].defer_async()


async def wake(app: App, machines: Sequence[str], job: Job) -> None:
    """Put a wake-up for a job into each of these machines' own queues."""
    for machine in machines:
        lock = f"{machine} {job.name}"  # one waiting wake-up is as good as many
        with suppress(AlreadyEnqueued):
            await app.configure_task(WAKE, queue=machine, queueing_lock=lock).defer_async(
                job=job.name
            )


async def strike(app: App, stored: Stored) -> bool:
    """End a job that nobody is at any more; False when another machine did that just now."""
    try:
        await app.job_manager.finish_job(stored, Status.ABORTED, delete_job=True)
    except ConnectorException as error:
        if isinstance(error.__cause__, psycopg.OperationalError):
            raise
        return False
    return True


async def sweep(
    app: App, jobs: Mapping[str, Job], alive: Callable[[], Collection[str]], beat_seconds: float
) -> None:
    """Again and again, see that no dead machine's job keeps its lock, and drop its wake-ups.

    jobs   the shared jobs, by their tasks' names
    alive  tells the names of the machines that live
    """
    manager = app.job_manager
    while True:
        for stored in await manager.get_stalled_jobs(seconds_since_heartbeat=3 * beat_seconds):
            job = jobs.get(stored.task_name)
            if await strike(app, stored) and job:
                _log.warning("a machine died in the middle of a job", job=job.name)
                await want(app, job)
        await manager.prune_stalled_workers(6 * beat_seconds)
        for stored in await manager.list_jobs_async(task=WAKE, status="todo"):
            if stored.id is not None and stored.queue not in alive():
                await manager.cancel_job_by_id_async(stored.id, delete_job=True)
        await asyncio.sleep(beat_seconds)


class _Told(logging.Handler):
    """Says in our words that Procrastinate or its pool complained; details are in debug lines."""

    def emit(self, record: logging.LogRecord) -> None:
        _log.debug(record.getMessage().partition("\n")[0], by=record.name)


def listen_to_procrastinate() -> None:
    """Take up what Procrastinate and its pool say to Python's own logging."""
    for name in ("procrastinate", "psycopg"):
        logger = logging.getLogger(name)
        if not any(isinstance(handler, _Told) for handler in logger.handlers):
            logger.addHandler(_Told(logging.WARNING))
            logger.propagate = False
