"""`publisher worker`: a further machine at the same site."""

import click

from publisher.cli.ready import say_ready
from publisher.cli.report import note
from publisher.cli.start import Start
from publisher.cli.stopping import stop_on_signals
from publisher.ops import log

EPILOG = """\b
Examples:
  publisher worker                    until Ctrl-C or SIGTERM
  publisher worker --log json         for a machine that collects logs
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
    """Deliver, and do jobs, on a further machine; the database is PostgreSQL.

    It needs publisher.toml, templates/ and var/secret as the first machine has them. One without
    content/ only sends. Stop or kill it whenever you like: the others go on with its work.
    """
    from publisher.schedule import run_forever

    log.configure(json=form == "json", level="debug" if start.verbosity > 1 else "info")
    with start.app() as app, stop_on_signals(form) as stop:
        if not app.is_shared:
            raise _needs_postgresql()
        if form == "text":
            note(f"a worker for {app.settings.site.url}; stop it with Ctrl-C")
        run_forever(app, stop, say_ready)


def _needs_postgresql() -> Exception:
    from publisher.errors import Problem, SettingsError

    return SettingsError(
        [
            Problem(
                "publisher.toml",
                0,
                "[database] url names SQLite, which only one machine can use; a worker needs "
                "PostgreSQL",
                'name the one of the first machine, as "postgresql://…", or use `publisher run`',
            )
        ]
    )
