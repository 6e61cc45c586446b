"""Bring a backup into a database, all of it in one transaction or nothing.

The tables are made anew as they were when the backup was taken, filled, and then migrated like any
older database. Both kinds of database take changes of the schema back, so a crash leaves what was.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, MetaData, Table

from publisher import delivery, tokens
from publisher.backup.form import TableFacts
from publisher.backup.reading import Backup, open_backup
from publisher.errors import BackupError, NotAllowed
from publisher.store import insert_many, write
from publisher.store.failures import explain, is_of_database
from publisher.store.rows import drop_all, is_empty, raise_floor, rows_came, stored_tables
from publisher.store.schema import migrate, take_schema
from publisher.subscribers import Carried, carry_departures, remember_departures

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants a backup back."""

    may_replace: bool = False  # a database that holds anything
    is_planned: bool = False  # a move: no other copy sends any more, so nothing is held
    in_doubt: Literal["resend", "hold"] = "resend"


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that is in the database now."""

    made_at: datetime
    rows: int
    revision: str  # of the schema it had; it has this version's now
    held: int  # deliveries that wait until the copy is released
    in_doubt: int  # messages that were under way when the backup was made
    carried: Carried


def restore(
    engine: Engine,
    path: Path,
    secret_path: Path,
    now: datetime,
    wishes: Wishes,
    *,
    on_progress: Progress | None = None,
) -> Restored:
    """Put a backup into an empty database, or in place of one; all is checked before.

    Call it while nobody sends from this database.

    Raises BackupError, MigrationNeeded when the backup or the database is of a newer version,
    NotAllowed when the database holds anything and may not be replaced, or is another site's.
    """
    with open_backup(path) as backup:
        backup.check(on_progress)
        secret = tokens.merged_keys(secret_path, backup.secret())
        with write(engine) as conn:
            replaces = _make_room(conn, backup, wishes, is_other_site=secret is None)
            _load(conn, engine, backup, on_progress)
            migrate(conn)
            if not wishes.is_planned:
                raise_floor(conn, now)
            rows_came(conn)
            carried = carry_departures(conn, now) if replaces else Carried()
            in_doubt = delivery.doubt_all_under_way(conn, in_doubt=wishes.in_doubt, now=now)
            made_at = backup.manifest.made_at.astimezone(UTC)
            held = 0
            if not wishes.is_planned:
                held = delivery.hold_site(conn, f"a backup of {made_at:%Y-%m-%d %H:%M} UTC", now)
            tokens.write_keys(secret_path, secret or backup.secret())
        manifest = backup.manifest
        return Restored(made_at, manifest.rows, manifest.revision, held, in_doubt, carried)


def _make_room(conn: Connection, backup: Backup, wishes: Wishes, *, is_other_site: bool) -> bool:
    """Leave the backup's own schema, empty; return whether there was a database to remember."""
    have = take_schema(conn)
    is_used = bool(have) and not is_empty(conn)
    if is_used and is_other_site:
        raise NotAllowed(
            "var/secret is not the one in the backup: it is of another site, or of another start "
            "of this one, and who left here could not be recognised",
            hint="restore it into a folder and a database of its own",
        )
    if is_used and not wishes.may_replace:
        raise NotAllowed(
            "the database is not empty, so nothing was changed",
            hint="take a backup of it, then add --replace; who left since stays away",
        )
    if is_used:
        remember_departures(conn)
    drop_all(conn)
    migrate(conn, backup.manifest.revision)
    return is_used


def _load(conn: Connection, engine: Engine, backup: Backup, on_progress: Progress | None) -> None:
    total, done = backup.manifest.rows, 0
    columns = {table.name: set(table.columns) for table in stored_tables(conn)}
    for facts in backup.manifest.tables:
        if not set(facts.columns) <= columns.get(facts.name, set()):
            raise BackupError(f"{backup.path}: {facts.name} in it has columns that do not exist")
        for number in _fill(conn, engine, backup, facts):
            done += number
            if on_progress:
                on_progress(done, total)


def _fill(conn: Connection, engine: Engine, backup: Backup, facts: TableFacts) -> Iterator[int]:
    table = Table(facts.name, MetaData())
    for page in backup.pages(facts):
        try:
            insert_many(conn, table, facts.columns, page)
        except Exception as error:
            if not is_of_database(error) or explain(error, engine):
                raise
            said = str(getattr(error, "orig", error)).partition("\n")[0]
            raise BackupError(
                f"{backup.path}: the database refuses rows of {facts.name}: {said}"
            ) from error
        yield len(page)
