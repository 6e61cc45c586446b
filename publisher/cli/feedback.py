"""`publisher feedback`: bounces, complaints and unsubscribing by mail take effect."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from publisher.cli.report import count, note, say, say_json
from publisher.cli.start import Start
from publisher.errors import PublisherError

if TYPE_CHECKING:
    from publisher.feedback import Taken, Tally

EPILOG = """\b
Examples:
  publisher feedback var/bounces             a Maildir: takes the reports, leaves all else
  publisher feedback message.eml             one message
  publisher feedback - < message.eml         as a mail server's alias hands it over
"""
_WORDS = {
    "suppressed": "suppressed, as the address is dead",
    "complained": "complained: unsubscribed and suppressed",
    "unsubscribed": "unsubscribed by mail",
    "counted": "came back for now; counted",
    "told": "came back for a reason that is not the reader's",
    "known": "taken before",
    "unproved": "without proof of whom they are about; nobody was touched",
}


@click.command(epilog=EPILOG)
@click.argument("source", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(start: Start, source: str, as_json: bool) -> int:
    """Take what came back: a message, a Maildir, or with "-" a message on standard input.

    Only a message with a token of this site in its address, or in the copy of ours that it holds,
    changes anything, and only for that reader. Everything else stays as and where it is. Exit
    code 1 says that a message could not be read.
    """
    from publisher.app.incoming import take_maildir, take_message
    from publisher.feedback import Tally

    with start.app() as app:
        if source != "-" and Path(source).is_dir():
            tally = take_maildir(app, Path(source))
        else:
            taken = take_message(app, _message(source))
            tally = Tally(left=int(taken is None), taken=[taken] if taken else [])
    if as_json:
        say_json(_document(tally))
    else:
        _tell(tally)
    return 1 if tally.unread else 0


def _message(source: str) -> bytes:
    from publisher.feedback import MOST_BYTES

    if source == "-":
        data = sys.stdin.buffer.read(MOST_BYTES)
        while sys.stdin.buffer.read(
            1 << 16
        ):  # a mail server takes a pipe closed early for an error
            pass
        return data
    try:
        with Path(source).open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise PublisherError(
            f"{source} cannot be read: {error.strerror}",
            hint='name a message, a Maildir, or "-" for standard input',
        ) from error


def _tell(tally: "Tally") -> None:
    counts = tally.counts()
    for effect, words in _WORDS.items():
        if effect in counts:
            say(f"{counts[effect]:,} {words}")
    if tally.left:
        say(f"{count(tally.left, 'message is', 'messages are')} no report, and left alone")
    if tally.unread:
        say(f"{count(tally.unread, 'message', 'messages')} could not be read")
    if not (counts or tally.left or tally.unread):
        say("nothing came back")
    for one in _for_the_operator(tally):
        note(f"look at: {' '.join(filter(None, (one.code, one.words))) or 'no reason is given'}")


def _for_the_operator(tally: "Tally") -> "list[Taken]":
    """Return one report of each trouble that is ours: policy, reputation, authentication."""
    told = {(one.code, one.words): one for one in tally.taken if one.effect.value == "told"}
    return list(told.values())


def _document(tally: "Tally") -> dict[str, Any]:
    reports = [
        {"effect": one.effect, "kind": one.kind, "code": one.code, "words": one.words}
        for one in tally.taken
    ]
    counts = tally.counts()
    return {
        "effects": {effect: counts.get(effect, 0) for effect in _WORDS},
        "left": tally.left,
        "unread": tally.unread,
        "reports": reports,
    }
