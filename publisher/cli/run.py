"""`publisher run`: builds and sends by itself until it is stopped."""

import click

from publisher.cli.report import note
from publisher.cli.start import Start
from publisher.cli.stopping import stop_on_signals
from publisher.ops import log

EPILOG = """\b
Examples:
  publisher run                       until Ctrl-C or SIGTERM
  publisher run --log json            for a machine that collects logs
"""


@click.command(epilog=EPILOG)
@click.option(
    "--log",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The form of the lines on standard error.",
)
@click.pass_obj
def command(start: Start, form: str) -> None:
    """Do everything in one process: build when content changes, send when a digest is due.

    Stopping it loses nothing: what is being sent is finished, all else waits in the database.
    """
    from publisher.schedule import run_forever

    log.configure(json=form == "json", level="debug" if start.verbosity > 1 else "info")
    with start.app() as app, stop_on_signals() as stop:
        if form == "text":
            note(f"publisher runs for {app.settings.site.url}; stop it with Ctrl-C")
        run_forever(app, stop)
