"""`publisher send`: open what is due, send what is due, say what waits."""

from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

import click

from publisher.cli.report import count, moment, note, own_hours, progress, say, span
from publisher.cli.start import Start
from publisher.cli.stopping import stop_on_signals

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.delivery import SendReport
    from publisher.digests import Opened

FAILED = 5
LONGEST_NAP_SECONDS = 60.0  # a clock that was set meanwhile is noticed after this
EPILOG = """\b
Examples:
  publisher send                      what is due now; made for cron
  publisher send --wait               stay until everything is settled
"""


@dataclass(slots=True)
class _Tally:
    """What several rounds did together."""

    sent: int = 0
    failed: int = 0
    skipped: int = 0
    in_doubt: int = 0
    was_down: bool = False

    def add(self, report: "SendReport") -> None:
        self.sent += report.sent
        self.failed += report.failed
        self.skipped += report.skipped
        self.in_doubt += report.in_doubt
        self.was_down = report.down is not None


@click.command(epilog=EPILOG)
@click.option("--wait", is_flag=True, help="Stay until nothing waits any more.")
@click.pass_obj
def command(start: Start, wait: bool) -> int:
    """Open every due edition and send all that is due now.

    Safe to run twice, safe to stop or kill: it goes on where it was. Exit code 5 says that a
    delivery failed or that the mail server could not be used.
    """
    from publisher.app import sending
    from publisher.app.keeping import fold_old

    with start.app() as app, stop_on_signals() as stop:
        tally = _Tally()
        while True:
            _tell_editors(app, stop)  # a proof must not wait for hours of sending
            with progress("sending") as tell:
                done = sending.send(
                    app, stop, on_progress=tell, on_opened=lambda opened: _say_opened(app, opened)
                )
            report = done.report
            if report.busy:
                say(f"nothing done: mail is being sent already ({report.busy})")
                return 0
            tally.add(report)
            if not wait or not report.waiting or not _nap(app, report, stop):
                break
        _say_report(app, tally, report)
        _tell_editors(app, stop)
        fold_old(app, stop)
    return FAILED if tally.failed or tally.was_down else 0


def _tell_editors(app: "App", stop: Event) -> None:
    from publisher.app.editing import tell_editors

    handed = tell_editors(app, stop).handed
    if handed.sent or handed.failed:
        failed = f", {handed.failed:,} failed" if handed.failed else ""
        say(f"{count(handed.sent, 'mail')} to editors{failed}")


def _nap(app: "App", report: "SendReport", stop: Event) -> bool:
    """Wait for the next try; False when there is none or somebody wants to stop."""
    if report.next_at is None or stop.is_set():
        return False
    again = report.next_at
    if report.down:
        note(report.down.message)
    note(f"{report.waiting:,} waiting; the next try is {moment(again, app.settings.site.zone)}")
    while (left := (again - app.now()).total_seconds()) > 0:
        if stop.wait(min(left, LONGEST_NAP_SECONDS)):
            return False
    return True


def _say_opened(app: "App", opened: tuple["Opened", ...]) -> None:
    for each in opened:
        edition = each.edition
        name = f"{edition.digest}, edition of {edition.slot.local}"
        match edition.state.value:
            case "missed":
                late = app.settings.digests[edition.digest].max_lateness
                say(f"{name}: missed, more than {span(late)} late; its items wait for the next one")
            case "held":
                say(f"{name}: held; {edition.note}")
                if edition.held_by == "editor":
                    say(f"publisher digest release {edition.digest} lets it go on")
            case "cancelled":
                say(f"{name}: {edition.note}")
            case "draft":
                say(f"{name}: a draft; publisher digest approve {edition.digest} sends it")
            case _ if not each.recipients:
                say(f"{name}: nothing new for anybody, so no mail")
            case _:
                items, readers = count(each.stories, "item"), count(each.recipients, "reader")
                say(f"{name}: {items} for {readers}")
        if each.findings and (each.recipients or edition.state.value in ("draft", "held")):
            note(f"{name}: {count(len(each.findings), 'thing')} to look at; see `publisher queue`")


def _say_report(app: "App", tally: _Tally, report: "SendReport") -> None:
    parts = [f"{tally.sent:,} sent", f"{tally.failed:,} failed"]
    if tally.skipped:
        parts.append(f"{tally.skipped:,} skipped, who left or whose edition was called off")
    if tally.in_doubt:
        parts.append(f"{tally.in_doubt:,} in doubt: no answer came, so they may get it twice")
    parts.append(f"{report.waiting:,} waiting")
    say(", ".join(parts))
    if report.down:
        note(report.down.message)
        if report.down.hint:
            note(report.down.hint)
    if tally.sent and app.settings.delivery.transport == "maildir":
        say(f'the messages are in {app.settings.outbox_dir}; [delivery] transport is "maildir"')
    if report.waiting and report.next_at:
        say(f"the next try is {moment(report.next_at, app.settings.site.zone)}")
    _say_next_slot(app)


def _say_next_slot(app: "App") -> None:
    from publisher.app import editions

    for name, slot in editions.next_due(app).items():
        said = moment(slot.due_at, app.settings.site.zone)
        say(f"{name} is next due {said}{own_hours(app.settings.digests[name])}")
        return
