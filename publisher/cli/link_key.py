"""`publisher link-key`: another key for the links in mail."""

import click

from publisher.cli.report import note, say
from publisher.cli.start import Start

EPILOG = """\b
Example:
  publisher link-key
"""


@click.command(epilog=EPILOG)
@click.pass_obj
def command(start: Start) -> None:
    """Add a key to var/secret, which signs the links of all new mail.

    Links in mail that has left stay good: no key is ever taken away. A running publisher takes the
    new one up within a minute.
    """
    from publisher.app import keeping

    with start.app() as app:
        number = keeping.add_link_key(app)
        say(f"key {number} signs the links of new mail; those signed before stay good")
        if app.is_shared:
            note("copy var/secret to this site's other machines now; without it they sign no more")
