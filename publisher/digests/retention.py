"""What becomes of the deliveries of editions that closed long ago: see `[retention]`.

An edition's rows are folded when it closed longer ago than the settings say, and than any item can
still count as new or wait for a translation: until then choosing and telling look at the ledger
itself. Afterwards they look at `offered`, which says who had which body.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, select, update

from publisher import delivery
from publisher.digests.edition import State, purpose_of
from publisher.digests.stories import unix
from publisher.ops import log
from publisher.store import let_others, read, write
from publisher.store.tables import editions

if TYPE_CHECKING:
    from publisher.settings import Settings

_CLOSED = (State.SENT, State.CANCELLED)
_log = log.get("digests")


def fold_before(settings: "Settings", now: datetime) -> datetime:
    """Return before when an edition must have closed for its deliveries to be folded."""
    longest = max((each.longest_memory for each in settings.digests.values()), default=timedelta(0))
    return now - max(settings.retention.deliveries, longest)


def fold_old(engine: Engine, settings: "Settings", now: datetime, stop: Event | None = None) -> int:
    """Fold what is old enough, editions and letters; return how many deliveries.

    Costs next to nothing when there is nothing to do. Stopped or killed, it goes on next time.
    """
    until, halted = fold_before(settings, now), stop.is_set if stop else lambda: False
    with read(engine) as conn:
        old = _old_editions(conn, until)
        has_letters = delivery.has_old_letters(conn, until)
    number = sum(_fold_edition(engine, edition, now, halted) for edition in old)
    while has_letters and not halted():
        with write(engine) as conn:
            letters = delivery.fold_letters(conn, until)
        number += letters
        has_letters = letters > 0
        let_others(engine)
    if number:
        _log.info("old deliveries folded", deliveries=number, editions=len(old))
    return number


def _old_editions(conn: Connection, until: datetime) -> list[int]:
    return list(
        conn.scalars(
            select(editions.c.id)
            .where(
                editions.c.folded_at.is_(None),
                editions.c.state.in_(_CLOSED),
                editions.c.closed_at < unix(until),
            )
            .order_by(editions.c.id)
        )
    )


def _fold_edition(engine: Engine, number: int, now: datetime, halted: Callable[[], bool]) -> int:
    rows, after = 0, 0
    while not halted():
        with write(engine) as conn:
            done = delivery.fold_purpose(conn, purpose_of(number), after)
            rows += done.rows
            if done.after is None:
                mine = update(editions).where(editions.c.id == number)
                conn.execute(mine.values(folded_at=unix(now)))
                break
            after = done.after
        let_others(engine)
    return rows
