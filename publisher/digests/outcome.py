"""What became of editions lately, for who is told of it: those that closed, are held or paused."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_

from publisher import delivery
from publisher.delivery import Failure, Totals
from publisher.digests.accounting import recipients_of
from publisher.digests.edition import Edition, State, edition_of, editions_where
from publisher.digests.stories import unix
from publisher.store.tables import editions

STOPPED = (State.HELD, State.PAUSED)


@dataclass(frozen=True, slots=True)
class Ended:
    """An edition at which something came to an end, for good or until somebody decides."""

    edition: Edition
    recipients: int  # for whom it was opened
    totals: Totals
    failures: tuple[Failure, ...]


def stopped_or_closed(conn: Connection, since: datetime) -> list[Edition]:
    """Return the editions that are held or paused, or that closed after a moment; oldest first."""
    chosen = or_(editions.c.state.in_(STOPPED), editions.c.closed_at > unix(since))
    return [edition_of(row) for row in conn.execute(editions_where(chosen))]


def drafts(conn: Connection) -> list[Edition]:
    """Return the editions that wait for an editor, oldest first."""
    rows = conn.execute(editions_where(editions.c.state == State.DRAFT))
    return [edition_of(row) for row in rows]


def ended(conn: Connection, edition: Edition) -> Ended:
    """Return what became of an edition's deliveries."""
    return Ended(
        edition,
        recipients_of(conn, edition.id),
        delivery.totals(conn, edition.purpose),
        delivery.failures_of(conn, edition.purpose),
    )
