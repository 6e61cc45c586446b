"""`publisher backup`: everything that is not a file of the site's own, in one file."""

from pathlib import Path

import click

from publisher.cli.report import count, note, progress, say
from publisher.cli.start import Start

EPILOG = """\b
Examples:
  publisher backup /backups/news-monday.zip
  publisher backup --force latest.zip       replaces the one of yesterday, whole or not at all
"""


@click.command(epilog=EPILOG)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE when it is there.")
@click.pass_obj
def command(start: Start, file: Path, force: bool) -> None:
    """Write the database and the secret into FILE, while everything goes on.

    FILE holds one moment of the database, also while mail is being sent. It is written whole or
    not at all, and serves SQLite and PostgreSQL alike. It holds people's addresses and the secret
    of the links in their mails: only you can read it, and so it should stay. Content, templates
    and publisher.toml are files of your own and not in it.
    """
    if not file.parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.parent}", param_hint="FILE")
    from publisher.backup import backup_site

    now = start.clock.now()
    with progress("writing") as tell:
        written = backup_site(start.settings, file, now, may_replace=force, on_progress=tell)
    size = max(written.size // 1024, 1)
    say(f"{count(written.rows, 'row')} written to {file} ({size:,} kB)")
    if written.has_secret:
        note(
            f"{file} holds the secret of this site: whoever reads it can forge links in its mails. "
            "Keep it where only you can read it"
        )
