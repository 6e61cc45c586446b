"""`publisher run`: builds and sends by itself until it is stopped."""

import click

from publisher.cli.start import Start
from publisher.cli.staying import log_option, staying

EPILOG = """\b
Examples:
  publisher run                       until Ctrl-C or SIGTERM
  publisher run --log json            for a machine that collects logs
  publisher run --no-web              where `publisher serve` does the rest
"""


@click.command(epilog=EPILOG)
@log_option
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

    with staying(start, form) as stay, ExitStack() as beside:
        app = stay.app
        if has_web:
            from publisher.web import serving

            beside.enter_context(serving(app, on_end=stay.stop.set))
        sentence = f"publisher runs for {app.settings.site.url}"
        run_forever(app, stay.stop, lambda: stay.at_work(sentence))
