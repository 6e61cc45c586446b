"""A site in numbers, as those who watch over it collect them every few seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from publisher.app.site import App
from publisher.delivery import outlook
from publisher.store import read
from publisher.store.tables import runs, subscribers


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a look at the database and at feeds/ says."""

    subscribers: Mapping[str, int] = field(default_factory=dict)  # by state
    waiting: int = 0  # deliveries that are due
    last_runs: Mapping[tuple[str, str], int] = field(default_factory=dict)  # job, outcome -> when
    feeds_changed_at: float | None = None  # unix seconds; None: nothing was built yet


def numbers(app: App) -> Numbers:
    """Return a site's numbers; makes no database. Raises StoreError."""
    engine, manifest = app.engine_if_there(), app.settings.feeds_dir / "manifest.json"
    changed = manifest.stat().st_mtime if manifest.is_file() else None
    if engine is None:
        return Numbers(feeds_changed_at=changed)
    with read(engine) as conn:
        waiting = outlook(conn, app.settings.delivery, app.now()).waiting
        return Numbers(_states(conn), waiting, _last_runs(conn), changed)


def _states(conn: Connection) -> dict[str, int]:
    by_state = select(subscribers.c.state, func.count().label("number"))
    rows = conn.execute(by_state.group_by(subscribers.c.state))
    return {row.state: row.number for row in rows}


def _last_runs(conn: Connection) -> dict[tuple[str, str], int]:
    by_outcome = select(runs.c.job, runs.c.outcome, func.max(runs.c.ended_at))
    rows = conn.execute(by_outcome.group_by(runs.c.job, runs.c.outcome))
    return {(job, outcome): ended for job, outcome, ended in rows if ended is not None}
