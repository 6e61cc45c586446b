"""`publisher demo`: the whole job on the sample site, in a scratch folder, on its own clock."""

import time
from datetime import timedelta
from pathlib import Path

import click

from publisher.cli.report import count, progress, say
from publisher.cli.start import Start

EPILOG = """\b
Examples:
  publisher demo                      in a new scratch folder
  publisher demo --out /tmp/look      in a folder of your choice, new or from an earlier demo
"""


@click.command(epilog=EPILOG)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to work in.  [default: a new one among the temporary files]",
)
@click.pass_obj
def command(_start: Start, out: Path | None) -> None:
    """Show everything once: files, feeds, editions and inboxes, and end on one page to look at.

    The sample site lives through the last days of September 2023 in a few seconds. Nothing is
    sent anywhere: the mails lie in a Maildir in the same folder.
    """
    from publisher.cli.demo_page import write_page
    from publisher.cli.demo_story import BEGIN, END, Story

    began = time.monotonic()
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
    took = timedelta(seconds=round(time.monotonic() - began))
    say(f"Done in {took.seconds or 1} s. Open this page in a browser:")
    say(f"  {page.as_uri()}")
