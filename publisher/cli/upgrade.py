"""`publisher upgrade`: the database's schema."""

import click

from publisher.cli.report import say
from publisher.cli.start import Start


@click.command(epilog="\b\nExample:\n  publisher upgrade\n")
@click.pass_obj
def command(start: Start) -> None:
    """Bring the database to the schema of this version, or make it when there is none.

    Take a backup before. Running it again changes nothing.
    """
    from publisher.app import keeping

    with start.app() as app:
        if keeping.upgrade(app):
            say("the database now has this version's schema")
        else:
            say("nothing to do: the database has this version's schema already")
