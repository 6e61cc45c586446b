"""`publisher`: the group of all commands, and what becomes of errors.

`--help` costs what Python and click cost, nothing more: all else is imported when a command runs.
"""

import gc
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from publisher import __version__
from publisher.cli.lazy import LazyGroup

if TYPE_CHECKING:
    from publisher.errors import PublisherError

COMMANDS = {
    "init": ("init", "Make a new site, or settings for content you already have"),
    "new": ("new", "Make a content file ready to write in"),
    "check": ("check", "Find every problem of settings, content and templates"),
    "build": ("build", "Bring the feeds up to date"),
    "queue": ("queue", "Show what waits for which edition"),
    "explain": ("explain", "Say why something or somebody did or did not get out"),
    "digest": ("digest", "Preview, test, approve, hold, cancel an edition"),
    "send": ("send", "Open every due edition and send all that is due now"),
    "deliveries": ("deliveries", "See, retry, hold and release single deliveries"),
    "subscribers": ("subscribers", "Add, list, import, export and suppress readers"),
    "feedback": ("feedback", "Take bounces, complaints and unsubscribing by mail"),
    "report": ("monthly", "A month in numbers, by language and digest"),
    "serve": ("serve", "Serve the pages for readers and the feeds"),
    "run": ("run", "Do everything in one process, until it is stopped"),
    "worker": ("worker", "Deliver and do jobs on a further machine"),
    "doctor": ("doctor", "Examine settings, database, machine, mail server, DNS"),
    "link-key": ("link_key", "Make a new key that signs the links in mail"),
    "dkim-key": ("dkim_key", "Make a key that signs messages, and its record for DNS"),
    "backup": ("backup", "Write the database and the secret into one file"),
    "restore": ("restore", "Bring a backup back, into SQLite or PostgreSQL"),
    "upgrade": ("upgrade", "Bring the database to this version's schema"),
    "demo": ("demo", "The sample site in a scratch folder on its own clock"),
}
EPILOG = """\b
A first quarter of an hour:
  publisher init my-site && cd my-site
  publisher new news "Our first news"
  publisher build
  publisher subscribers add you@example.org --consent "I asked for it"
  publisher digest preview weekly
"""


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--site",
    type=click.Path(file_okay=False),
    default=".",
    help="The site's folder, the one with publisher.toml.  [default: this folder]",
)
@click.option("-v", "verbosity", count=True, help="Say more; with an error, show where it arose.")
@click.version_option(__version__, message="publisher %(version)s")
@click.pass_context
def cli(ctx: click.Context, site: str, verbosity: int) -> None:
    """One folder of Markdown files becomes news feeds and e-mail digests, in every language."""
    from pathlib import Path

    from publisher import faults
    from publisher.cli.start import Start
    from publisher.ops import log
    from publisher.settings import testing

    levels = ("warning", "info", "debug")
    log.configure(json=False, level=levels[min(verbosity, 2)])
    wishes = testing()
    for notice in wishes.notices():
        click.echo(f"testing: {notice}", err=True)
    faults.arm(wishes.crash_at)
    ctx.obj = Start(Path(site), wishes, verbosity)


def main(args: list[str] | None = None) -> None:
    """Run the program and end the process with its exit code."""
    # Items are made by the ten thousand and kept: the usual threshold would walk them all each time.
    gc.set_threshold(200_000, 20, 20)
    _speak_utf8()
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(args))


def _speak_utf8() -> None:
    """Start anew in Python's UTF-8 mode where the locale has another encoding.

    File names and words of the command line are UTF-8 here, whatever the terminal is set to.
    """
    if sys.getfilesystemencoding() != "utf-8":
        import os

        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606


def _open_what_is_closed() -> None:
    """Give a process that was started without standard streams ones that lead nowhere.

    Else the next file to be opened, the database perhaps, would get a stream's number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            import os

            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def run(args: list[str] | None = None) -> int:
    """Run one command line and return its exit code; every error becomes sentences here."""
    given = sys.argv[1:] if args is None else args
    try:
        code: Any = cli.main(args=given, prog_name="publisher", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        _say_json_error(given, "stopped")
        return 130
    except click.ClickException as error:
        error.show()
        _say_json_error(given, error.format_message())
        return error.exit_code
    except Exception as error:
        return _failed(error, given)
    return code if isinstance(code, int) else 0


def _failed(error: Exception, given: list[str]) -> int:
    from publisher.errors import PublisherError

    if isinstance(error, PublisherError):
        return _told(error, given)
    if isinstance(error, OSError) and error.errno is not None:
        return _told(_of_the_system(error), given)
    if isinstance(error, UnicodeEncodeError) and not _is_text(given):
        said = "a word of the command line is not UTF-8, and this command needs it as text"
        click.echo(said, err=True)
        _say_json_error(given, said)
        return 2
    return _our_mistake(error, given)


def _is_text(given: list[str]) -> bool:
    """Return whether all words are text; bytes that are not UTF-8 may still name a file."""
    return all(word == word.encode(errors="replace").decode() for word in given)


def _told(error: "PublisherError", given: list[str]) -> int:
    from publisher.errors import one_line

    for line in str(error).splitlines():
        click.echo(one_line(line), err=True)
    _say_json_error(given, error.message, error.hint)
    _show_chain(error, given)
    return error.exit_code


def _say_json_error(given: list[str], message: str, hint: str = "") -> None:
    """Who asked for JSON gets JSON when the command fails, too."""
    words = " ".join(given).replace("=", " ").split()
    if "--json" not in words and ("--format", "json") not in pairwise(words):
        return
    from contextlib import suppress

    from publisher.cli.report import say_json

    with suppress(OSError):  # standard output itself may be what failed
        say_json({"error": {"message": message, "hint": hint}})


def _of_the_system(error: OSError) -> "PublisherError":
    """Say what the operating system refused; a full disk or a wrong mode is no mistake of ours."""
    from publisher.errors import PublisherError

    about = f"{error.filename}: " if error.filename else ""
    said = PublisherError(
        f"{about}{error.strerror}", hint="put that right and run the command again; it is safe"
    )
    said.__cause__ = error
    return said


def _our_mistake(error: Exception, given: list[str]) -> int:
    said = f"publisher made a mistake: {type(error).__name__}: {error}"
    click.echo(said, err=True)
    _say_json_error(given, said)
    if _is_verbose(given):
        _show_chain(error, given)
    else:
        click.echo(
            "Please report it where you got publisher from, with what the same command "
            "shows after `publisher -v`.",
            err=True,
        )
    return 1


def _show_chain(error: BaseException, given: list[str]) -> None:
    if _is_verbose(given):
        import traceback

        traceback.print_exception(error)


def _is_verbose(given: list[str]) -> bool:
    """Look at the words themselves: the error may have come before any option was read."""
    return any(word in ("-v", "-vv", "-vvv") for word in given)
