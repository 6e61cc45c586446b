"""`publisher serve`: the web and nothing else."""

import click

from publisher.cli.ready import say_ready
from publisher.cli.report import note
from publisher.cli.start import Start
from publisher.cli.stopping import stop_on_signals
from publisher.ops import log

EPILOG = """\b
Examples:
  publisher serve                     where [web] host and port say, until Ctrl-C or SIGTERM
  publisher serve --log json          for a machine that collects logs
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
    """Serve the pages for readers and the feeds; build nothing and send nothing.

    Stopping it finishes the answers under way. `publisher run` serves too.
    """
    from publisher.web import serve_until

    log.configure(json=form == "json", level="debug" if start.verbosity > 1 else "info")
    with start.app() as app, stop_on_signals(form) as stop:
        if form == "text":
            web = app.settings.web
            note(f"serves {app.settings.web_url} on {web.host}:{web.port}; stop it with Ctrl-C")
        serve_until(app, stop, on_running=say_ready)
