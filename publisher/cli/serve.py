"""`publisher serve`: the web and nothing else."""

import click

from publisher.cli.start import Start
from publisher.cli.staying import log_option, staying

EPILOG = """\b
Examples:
  publisher serve                     where [web] host and port say, until Ctrl-C or SIGTERM
  publisher serve --log json          for a machine that collects logs
"""


@click.command(epilog=EPILOG)
@log_option
@click.pass_obj
def command(start: Start, form: str) -> None:
    """Serve the pages for readers and the feeds; build nothing and send nothing.

    Stopping it finishes the answers under way. `publisher run` serves too.
    """
    from publisher.web import serve_until

    with staying(start, form) as stay:
        url = stay.app.settings.web_url
        serve_until(
            stay.app, stay.stop, on_ready=lambda web: stay.say(f"serves {url} on {web.address}")
        )
