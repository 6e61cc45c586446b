"""`publisher run`: builds and sends by itself until it is stopped."""

import click

from publisher.cli.ready import say_ready
from publisher.cli.report import note
from publisher.cli.start import Start
from publisher.cli.stopping import stop_on_signals
from publisher.ops import log

EPILOG = """\b
Examples:
  publisher run                       until Ctrl-C or SIGTERM
  publisher run --log json            for a machine that collects logs
  publisher run --no-web              where `publisher serve` does the rest
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
@click.option(
    "--web/--no-web",
    "has_web",
    default=True,
    show_default=True,
    help="Serve the pages and feeds as well.",
)
@click.pass_obj
def command(start: Start, form: str, has_web: bool) -> None:
    """Do everything in one process: serve, build when content changes, send when a digest is due.

    Stopping it loses nothing: what is being sent is finished, all else waits in the database.
    """
    from contextlib import ExitStack

    from publisher.schedule import run_forever

    log.configure(json=form == "json", level="debug" if start.verbosity > 1 else "info")
    with start.app() as app, stop_on_signals(form) as stop, ExitStack() as beside:
        if form == "text":
            note(f"publisher runs for {app.settings.site.url}; stop it with Ctrl-C")
        if has_web:
            from publisher.web import serving

            beside.enter_context(serving(app, on_end=stop.set))
        run_forever(app, stop, say_ready)
