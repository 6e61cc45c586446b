"""`publisher restore`: bring a backup back, and let a restored copy send again."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from publisher.cli.report import count, moment, note, progress, say
from publisher.cli.start import Start

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.backup import Restored
    from publisher.subscribers import Carried

RELEASE = "publisher restore --release"
EPILOG = """\b
Examples:
  publisher restore /backups/news-monday.zip            into an empty site; sends nothing yet
  publisher restore --release                           lets the restored copy send
  publisher restore --as-is move.zip                    a move: the old one is stopped for good
  publisher restore --replace /backups/news-monday.zip  in place of the database that is there
"""


@click.command(epilog=EPILOG)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="In place of a database that is not empty.")
@click.option("--as-is", is_flag=True, help="Hold nothing: the old copy is stopped for good.")
@click.option("--release", is_flag=True, help="Let a restored copy open and send again.")
@click.pass_obj
def command(start: Start, file: Path | None, replace: bool, as_is: bool, release: bool) -> None:
    """Bring a backup FILE into the database that publisher.toml names, SQLite or PostgreSQL.

    A copy does not know what was sent after it was made. So all that waits in it is held, and it
    opens and sends nothing, until you say with --release that no other copy of the site sends.
    """
    if release and (file or replace or as_is):
        raise click.UsageError("--release stands alone")
    if not release and file is None:
        raise click.UsageError("name the FILE to restore, or say --release")
    with start.app() as app:
        if file is None:
            _release(app)
            return
        from publisher.backup import Wishes, restore_site

        wishes = Wishes(replace, as_is, app.settings.delivery.in_doubt)
        with progress("restoring") as tell:
            done = restore_site(app.settings, file, app.now(), wishes, on_progress=tell)
        _say_restored(app, done, is_planned=as_is)


def _release(app: "App") -> None:
    from publisher.delivery import release_site
    from publisher.store import write

    with write(app.engine) as conn:
        freed = release_site(conn)
    if freed is None:
        say("nothing to do: this site is not held")
        return
    say(f"released: {count(freed, 'delivery waits', 'deliveries wait')} to be sent")


def _say_restored(app: "App", done: "Restored", *, is_planned: bool) -> None:
    made_at = moment(done.made_at, app.settings.site.zone)
    say(f"restored: {count(done.rows, 'row')} of the backup of {made_at}")
    for line in _carried(done.carried):
        say(line)
    if done.in_doubt:
        say(f"{done.in_doubt:,} in doubt: they were being sent when the backup was made")
    if is_planned:
        say("nothing is held: `publisher send` goes on where the old copy stopped")
        return
    say(f"held: {count(done.held, 'delivery', 'deliveries')} that waited; nothing opens or is sent")
    note(
        "what was sent after the backup was made, this copy does not know: see `publisher queue`, "
        "and `publisher digest cancel` for an edition that went out already"
    )
    say(f"when no other copy of this site sends, let this one: {RELEASE}")


def _carried(carried: "Carried") -> list[str]:
    """Return what was taken over from the database that was replaced."""
    told = {
        "unsubscribed": carried.unsubscribed,
        "erased": carried.erased,
        "suppressed": carried.suppressed,
        "paused": carried.paused,
        "left a digest": carried.left_a_digest,
    }
    said = ", ".join(f"{number:,} {what}" for what, number in told.items() if number)
    return [f"since then, and so it stays: {said}"] if said else []
