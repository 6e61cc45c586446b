"""`publisher demo`: the whole job on the sample site, in a scratch folder, on its own clock."""

import time
from collections.abc import Sequence
from pathlib import Path

import click

from publisher.cli.report import count, note, progress, say
from publisher.cli.start import Start

EPILOG = """\b
Examples:
  publisher demo                      in a new scratch folder
  publisher demo --out /tmp/look      in a folder of your choice, new or from an earlier demo
  publisher demo --kill               end the sender in mid-send, five times, and count what came
"""

SHOWN = 4  # readers named on the terminal; the ledger knows them all


@click.command(epilog=EPILOG)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to work in.  [default: a new one among the temporary files]",
)
@click.option(
    "--kill",
    "is_killed",
    is_flag=True,
    help="Instead: one edition over SMTP, its sender killed five times on the way.",
)
@click.pass_obj
def command(_start: Start, out: Path | None, is_killed: bool) -> int:
    """Show everything once: files, feeds, editions and inboxes, and end on one page to look at.

    The sample site lives through the last days of September 2023 in a few seconds. Nothing is
    sent anywhere: the mails lie in a Maildir in the same folder.

    With --kill an edition goes to a mail server inside the demo, on this machine. Its sender is
    ended with SIGKILL five times in mid-send and started again; then the demo counts.
    """
    began = time.monotonic()
    code = _kill(out) if is_killed else _show(out)
    say(f"Done in {max(1, round(time.monotonic() - began))} s.")
    return code


def _show(out: Path | None) -> int:
    from publisher.cli.demo_page import write_page
    from publisher.cli.demo_story import BEGIN, END, Story

    with Story.begin(out) as story:
        say(f"The sample site, in {story.folder}")
        say(
            f"  {count(len(story.items()), 'item')} in {len(story.settings.site.languages)} languages"
        )
        for problem in story.problems():
            say(f"  {problem}")
        say(
            f"  {count(len(story.readers), 'reader')} added, each with their own languages and digests"
        )
        with progress("sending") as tell:
            sent = story.live_through(BEGIN, END, tell)
        say(
            f"  {count(len(story.settings.digests), 'digest')} from {BEGIN:%-d} to {END:%-d %B %Y}: "
            f"{count(sent.editions, 'edition')}, {count(sent.messages, 'message')} in the outbox"
        )
        say(f"  {count(sent.feeds, 'feed file')} in feeds/")
        page = write_page(story, sent)
    say("Open this page in a browser:")
    say(f"  {page.as_uri()}")
    return 0


def _kill(out: Path | None) -> int:
    from publisher.cli.demo_kill import READERS, KillStory
    from publisher.cli.demo_sink import Sink

    with Sink() as sink:
        story = KillStory(out, sink)
        say(f"The sample site, in {story.folder}")
        say(f"  {count(READERS, 'reader')}, and a mail server of its own on 127.0.0.1:{sink.port}")
        with progress("sending") as tell:
            killed = story.send_and_kill(tell)
    told = killed.totals
    say(f"The sender was killed {killed.kills} times in mid-send and started again each time:")
    say(f"  {count(told.recipients, 'reader')}, {count(killed.accepted, 'message')} accepted")
    say(f"  {killed.lost} lost")
    say(f"  {len(killed.repeated)} given twice, at most one a connection and kill")
    if killed.repeated:
        alike = "the same bytes and Message-ID each time" if killed.are_equal else "NOT ALIKE"
        say(f"    {_named(killed.repeated)}")
        say(f"    {alike}; the ledger calls {told.doubted} in doubt")
    if not killed.is_kept:
        note("the promise was not kept: please report it with the folder above")
    return 0 if killed.is_kept else 1


def _named(addresses: Sequence[str]) -> str:
    more = len(addresses) - SHOWN
    return ", ".join(addresses[:SHOWN]) + (f" and {more} more" if more > 0 else "")
