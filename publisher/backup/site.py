"""A site's own database and secret, by its settings: what commands call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from publisher.backup.restoring import Restored, Wishes, restore
from publisher.backup.writing import Written, write_backup
from publisher.delivery.sender.lock import nobody_sends
from publisher.errors import NotAllowed
from publisher.store import open_engine

if TYPE_CHECKING:
    from publisher.settings import Settings

Progress = Callable[[int, int], None]


def backup_site(
    settings: "Settings",
    path: Path,
    now: datetime,
    *,
    may_replace: bool = False,
    on_progress: Progress | None = None,
) -> Written:
    """Write a site's database and secret into one file; see `write_backup` for what it raises."""
    with _database(settings) as engine:
        return write_backup(
            engine,
            path,
            settings.secret_file,
            now,
            may_replace=may_replace,
            on_progress=on_progress,
        )


def restore_site(
    settings: "Settings",
    path: Path,
    now: datetime,
    wishes: Wishes,
    *,
    on_progress: Progress | None = None,
) -> Restored:
    """Bring a backup into the database that the settings name; see `restore` for what it raises.

    Raises also NotAllowed while mail is being sent from this database.
    """
    with _database(settings) as engine, nobody_sends(engine, settings.var_dir, now) as busy:
        if busy:
            raise NotAllowed(
                f"mail is being sent from this database ({busy})",
                hint="stop every `publisher run` and `send` of this site first",
            )
        secret = settings.secret_file
        return restore(engine, path, secret, now, wishes, on_progress=on_progress)


@contextmanager
def _database(settings: "Settings") -> Iterator[Engine]:
    """Open the database whatever schema it has, if any."""
    engine = open_engine(settings.database.url, settings.root)
    try:
        yield engine
    finally:
        engine.dispose()
