"""Bring a database to the schema this version works with, or say that it is another one."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from publisher.errors import MigrationNeeded
from publisher.store.database import read, write
from publisher.store.migrations import HEAD, REVISIONS

_UPGRADING = 7_085_361  # any number of our own: two upgrades of one PostgreSQL take turns


def check_schema(engine: Engine) -> None:
    """Raise MigrationNeeded unless the database has exactly the schema of this version."""
    must_exist(engine)
    with read(engine) as conn:
        have = revision_of(conn)
    if have != HEAD:
        raise difference(have, REVISIONS)


def must_exist(engine: Engine) -> None:
    """Raise MigrationNeeded when there is no file: a look must not make an empty database."""
    file: Path | None = engine.get_execution_options().get("publisher_file")
    if file is not None and not file.exists():
        raise MigrationNeeded("", HEAD)


def difference(have: str, known: Sequence[str]) -> MigrationNeeded:
    """Return what to say of a schema that is not the last of the known ones ("" is none at all)."""
    error = MigrationNeeded(have, known[-1])
    if have and have not in known:
        error.hint = "a newer publisher made this database; install that version again"
    return error


def upgrade(engine: Engine) -> bool:
    """Create or migrate every table in one transaction; return whether anything changed.

    Raises MigrationNeeded when a newer version of publisher made the database.
    """
    with write(engine) as conn:
        if take_schema(conn) == HEAD:
            return False
        migrate(conn)
    return True


def take_schema(conn: Connection) -> str:
    """Return the schema's revision ("" is none) and let nobody else change it before the commit.

    Raises MigrationNeeded when a newer version of publisher made the database.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADING})
    have = revision_of(conn)
    if have and have not in REVISIONS:
        raise difference(have, REVISIONS)
    return have


def revision_of(conn: Connection) -> str:
    """Return the revision of the database's schema, "" when it has none."""
    if not inspect(conn).has_table("alembic_version"):
        return ""
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found or ""


def migrate(conn: Connection, revision: str = HEAD) -> None:
    """Bring the schema up to a revision, by default the present one, in the caller's transaction."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(__file__).parent / "migrations"))
    with EnvironmentContext(Config(), scripts) as environment:
        environment.configure(
            connection=conn,
            transactional_ddl=True,
            render_as_batch=True,
            fn=lambda have, _context: scripts._upgrade_revs(revision, have),
        )
        environment.run_migrations()
