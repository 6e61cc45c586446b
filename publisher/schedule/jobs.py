"""The table of what is done and when; one row a job.

A job does all that is due and answers when it next has something to do. It is also run after its
longest pause, whatever it answered: a notice may get lost, another command may have changed what
waits, and looking costs next to nothing when nothing changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import delete

from publisher.errors import Problem, SiteHeld
from publisher.ops import log
from publisher.store import write
from publisher.store.tables import runs

if TYPE_CHECKING:
    from publisher.app import App

_log = log.get("schedule")


@dataclass(frozen=True, slots=True)
class Done:
    """What one run of a job came to."""

    next_at: datetime | None  # when it next has something to do, as far as it knows
    detail: str = ""  # what it did; "" when there was nothing to do


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the table."""

    name: str
    longest_pause: timedelta
    run: Callable[["App", Event], Done]


def build(app: "App", _stop: Event) -> Done:
    """Bring the feeds up to date, and again when the next waiting item falls due."""
    report = app.build()
    next_at = app.library().next_change(app.now())
    if report is None:
        return Done(next_at)
    for problem in report.problems:
        _tell(problem)
    _log.info("feeds built", changed=len(report.changed), removed=len(report.removed))
    return Done(next_at, f"{len(report.changed)} files changed, {len(report.removed)} removed")


def send(app: "App", stop: Event) -> Done:
    """Open what is due and send it, and again at the next slot or the next try."""
    try:
        done = app.send(stop)
    except SiteHeld as held:
        _log.warning(held.message, hint=held.hint)
        return Done(None)
    report = done.report
    due = [slot.due_at for slot in app.next_due().values()]
    if report.next_at:
        due.append(report.next_at)
    next_at = min(due, default=None)
    if not (done.opened or report.sent or report.failed or report.deferred):
        return Done(next_at)
    _log.info("mail sent", sent=report.sent, failed=report.failed, waiting=report.waiting)
    return Done(next_at, f"{report.sent} sent, {report.failed} failed, {report.waiting} waiting")


def purge(app: "App", stop: Event) -> Done:
    """Let go of what is older than `[retention]`: rows of old deliveries, and of old runs."""
    folded, until = app.fold_old(stop), app.now() - app.settings.retention.deliveries
    with write(app.engine) as conn:
        old = delete(runs).where(runs.c.started_at < int(until.timestamp()))
        forgotten = conn.execute(old).rowcount
    if not (folded or forgotten):
        return Done(None)
    return Done(None, f"{folded} deliveries folded, {forgotten} runs forgotten")


def _tell(problem: Problem) -> None:
    say = _log.error if problem.is_error else _log.warning
    say(problem.message, file=problem.path, line=problem.line, hint=problem.hint)


# Building comes first: what is sent at a slot is what the feeds of that moment hold.
JOBS = (
    Job("build", timedelta(minutes=1), build),
    Job("send", timedelta(minutes=1), send),
    Job("purge", timedelta(days=1), purge),
)
