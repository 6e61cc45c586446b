"""Procrastinate's tables, by which several machines share the jobs of the clock.

They are Procrastinate's own (`procrastinate_*`) and come and change with its version; which of its
steps were taken is kept as the comment of its first table. Imported only with PostgreSQL.
"""

import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from publisher.errors import MigrationNeeded, StoreError
from publisher.store.database import read, write

_FIRST_TABLE = "procrastinate_jobs"
_OURS = "made by publisher; last step: "
_UPGRADING = 7_085_362  # any number of our own: two upgrades take turns


def check_job_tables(engine: Engine) -> None:
    """Make the tables when there are none; raises MigrationNeeded when they want an upgrade.

    Raises StoreError when Procrastinate is not installed, or the tables are not ours.
    """
    have, steps = _look(engine)
    if not have:
        upgrade_job_tables(engine)
    elif have != steps[-1].stem:
        raise _difference(have, steps)


def upgrade_job_tables(engine: Engine) -> bool:
    """Bring the tables to the installed Procrastinate; return whether anything changed.

    Each step is one transaction, as Procrastinate wants it: PostgreSQL uses a new word of an
    enumeration only after it was committed. A crash between two leaves the rest for next time.
    """
    changed = False
    while True:
        have, steps = _look(engine)
        if have == steps[-1].stem:
            return changed
        if have and have not in {step.stem for step in steps}:
            raise _difference(have, steps)
        changed = True
        with write(engine) as conn:
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADING})
            if _last_step(conn) == have:
                _take_step(conn, have, steps)


def _look(engine: Engine) -> tuple[str, list[Path]]:
    """Return the last step taken ("" is none) and all there are, oldest first."""
    try:
        from procrastinate.schema import SchemaManager
    except ImportError as error:
        raise StoreError(
            "[database] url names PostgreSQL, but Procrastinate is not installed",
            hint=f"run `{sys.executable} -m pip install 'publisher[postgres]'`",
        ) from error
    steps = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    with read(engine) as conn:
        return _last_step(conn), steps


def _last_step(conn: Connection) -> str:
    if not inspect(conn).has_table(_FIRST_TABLE):
        return ""
    said = conn.execute(
        text("SELECT obj_description(to_regclass(:table), 'pg_class')"), {"table": _FIRST_TABLE}
    ).scalar_one()
    if not (said or "").startswith(_OURS):
        raise StoreError(
            "the database has tables of Procrastinate that publisher did not make",
            hint="give publisher a database of its own in [database] url",
        )
    return str(said).removeprefix(_OURS)


def _take_step(conn: Connection, have: str, steps: list[Path]) -> None:
    from procrastinate.schema import SchemaManager

    if have:
        step = next(step for step in steps if step.stem > have)
        script = step.read_text(encoding="utf-8")
    else:
        step, script = steps[-1], SchemaManager.get_schema()
    # Whole scripts go over by the driver's own means: with parameters it takes one statement only.
    raw: Any = conn.connection.driver_connection
    raw.execute(script)
    raw.execute(f"COMMENT ON TABLE {_FIRST_TABLE} IS '{_OURS}{step.stem}'")


def _difference(have: str, steps: list[Path]) -> MigrationNeeded:
    error = MigrationNeeded(have, steps[-1].stem)
    error.message = f"the job tables are at step {have}, Procrastinate here wants {steps[-1].stem}"
    if have not in {step.stem for step in steps}:
        error.hint = "another machine has a newer Procrastinate; install that version here too"
    return error
