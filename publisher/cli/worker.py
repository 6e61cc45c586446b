"""`publisher worker`: a further machine at the same site."""

import click

from publisher.cli.start import Start
from publisher.cli.staying import log_option, staying

EPILOG = """\b
Examples:
  publisher worker                    until Ctrl-C or SIGTERM
  publisher worker --log json         for a machine that collects logs
"""


@click.command(epilog=EPILOG)
@log_option
@click.pass_obj
def command(start: Start, form: str) -> None:
    """Deliver, and do jobs, on a further machine; the database is PostgreSQL.

    It needs publisher.toml, templates/ and var/secret as the first machine has them. One without
    content/ only sends. Stop or kill it whenever you like: the others go on with its work.
    """
    from publisher.schedule import run_forever

    with staying(start, form) as stay:
        app = stay.app
        if not app.is_shared:
            raise _needs_postgresql()
        sentence = f"a worker for {app.settings.site.url}"
        run_forever(app, stay.stop, lambda: stay.at_work(sentence))


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
