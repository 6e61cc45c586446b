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

from publisher.app import building, editing, editions, incoming, keeping, sending
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
    must_rest: bool = False  # looking again before next_at would do harm


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the table; the last four say how several machines share the work."""

    name: str
    longest_pause: timedelta
    run: Callable[["App", Event], Done]
    then: str = ""  # the job that has something to do when this one did something
    needs_content: bool = False  # only where there is content/
    everywhere: bool = False  # every machine for itself; else one machine at a time
    is_long: bool = False  # may take hours, and no other job must wait for it


def build(app: "App", _stop: Event) -> Done:
    """Bring the feeds up to date, and again when the next waiting item falls due."""
    report = building.build(app)
    next_at = app.library().next_change(app.now())
    if report is None:
        return Done(next_at)
    for problem in report.problems:
        _tell(problem)
    _log.info("feeds built", changed=len(report.changed), removed=len(report.removed))
    return Done(next_at, f"{len(report.changed)} files changed, {len(report.removed)} removed")


def open_due(app: "App", _stop: Event) -> Done:
    """Open the editions that are due, and again at the next slot."""
    try:
        opened = editions.open_due_editions(app)
    except SiteHeld:
        return Done(None)  # `send` tells of it
    next_at = min((slot.due_at for slot in editions.next_due(app).values()), default=None)
    told = (f"{e.edition.digest} {e.edition.slot.local} {e.edition.state}" for e in opened)
    return Done(next_at, ", ".join(told))


def send(app: "App", stop: Event) -> Done:
    """Send what is due, and again at the next try."""
    try:
        report = sending.send_queued(app, stop)
    except SiteHeld as held:
        _log.warning(held.message, hint=held.hint)
        return Done(None)
    did = report.sent or report.failed or report.deferred
    if did:
        _log.info("mail sent", sent=report.sent, failed=report.failed, waiting=report.waiting)
    detail = f"{report.sent} sent, {report.failed} failed, {report.waiting} waiting" if did else ""
    return Done(report.next_at, detail, must_rest=report.down is not None)


def feedback(app: "App", _stop: Event) -> Done:
    """Take what came back to `[feedback] maildir`."""
    folder = app.settings.feedback_dir
    if folder is None:
        return Done(None)
    counts = incoming.take_maildir(app, folder, is_again=True).counts()
    if not counts:
        return Done(None)
    _log.info("mail came back", **counts)
    return Done(None, ", ".join(f"{number} {effect}" for effect, number in counts.items()))


def tell_editors(app: "App", stop: Event) -> Done:
    """Send editors proofs and reports, and again when the next proof is due."""
    told = editing.tell_editors(app, stop)
    handed = told.handed
    did = handed.sent or handed.failed
    return Done(told.next_at, f"{handed.sent} sent, {handed.failed} failed" if did else "")


def purge(app: "App", stop: Event) -> Done:
    """Let go of what is older than `[retention]`, of reports about nobody, and of asks never confirmed."""
    folded, until = keeping.fold_old(app, stop), app.now() - app.settings.retention.deliveries
    with write(app.engine) as conn:
        old = delete(runs).where(runs.c.started_at < int(until.timestamp()))
        forgotten = conn.execute(old).rowcount
    keeping.forget_old_reports(app, until)
    asks = keeping.forget_old_asks(app)
    if not (folded or forgotten or asks):
        return Done(None)
    told = f"{folded} deliveries folded, {forgotten} runs forgotten"
    return Done(None, f"{told}, {asks} asks forgotten" if asks else told)


def _tell(problem: Problem) -> None:
    say = _log.error if problem.is_error else _log.warning
    say(problem.message, file=problem.path, line=problem.line, hint=problem.hint)


# Building comes first: what is sent at a slot is what the feeds of that moment hold. Each machine
# with content/ builds, because feeds are files: where two share a folder, the second finds nothing
# to do.
BUILD = Job("build", timedelta(minutes=1), build, then="open", needs_content=True, everywhere=True)
OPEN = Job("open", timedelta(minutes=1), open_due, then="send", needs_content=True)
SEND = Job("send", timedelta(minutes=1), send, "editors", everywhere=True, is_long=True)
EDITORS = Job("editors", timedelta(minutes=1), tell_editors, needs_content=True)
FEEDBACK = Job("feedback", timedelta(minutes=1), feedback, needs_content=True)
PURGE = Job("purge", timedelta(days=1), purge)
JOBS = (BUILD, OPEN, SEND, EDITORS, FEEDBACK, PURGE)


def job_named(name: str) -> Job:
    """Return the job of that name."""
    return next(job for job in JOBS if job.name == name)
