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
        app, web = stay.app, stay.app.settings.web
        sentence = f"serves {app.settings.web_url} on {web.host}:{web.port}"
        serve_until(app, stay.stop, on_running=lambda: stay.at_work(sentence))
