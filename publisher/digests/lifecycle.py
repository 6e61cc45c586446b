"""What happens to editions, in order: opened when their slot is due, closed when all is settled."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, and_, func, or_, select, update

from publisher import delivery
from publisher.digests.edition import Edition, State, purpose_of, read_edition
from publisher.digests.freezing import due_slot, freeze, miss
from publisher.digests.opening import CHUNK, expand
from publisher.digests.queue import record_seen, start
from publisher.digests.stories import unix
from publisher.ops import log
from publisher.store import read, write
from publisher.store.tables import edition_items, editions, segments

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.render import Templates
    from publisher.settings import Settings

_log = log.get("digests")


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of an edition that was due: sending, sent to nobody, held or missed."""

    edition: Edition
    stories: int  # that any reader gets
    recipients: int


def open_due(
    engine: Engine,
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    now: datetime,
    *,
    chunk: int = CHUNK,
) -> tuple[Opened, ...]:
    """Remember what is new, open every edition that is due, and finish what a crash left.

    Repeat-safe, also by two processes at once: an edition is one per digest and slot. An edition
    held for having too many items is looked at again. Only what changed is returned.

    chunk   subscribers whose deliveries are written in one transaction

    Raises RenderError or ContentError when an item cannot be rendered; that edition is not frozen
    then, and is due again next time.
    """
    with write(engine) as conn:
        start(conn, settings, now)
        record_seen(conn, library, now)
    missed = [
        _open_slot(engine, settings, library, templates, name, now) for name in settings.digests
    ]
    with read(engine) as conn:
        unopened = _unopened(conn)
        before = {number: read_edition(conn, number).state for number in unopened}
    for number in unopened:
        expand(engine, settings, number, now, chunk=chunk)
    with read(engine) as conn:
        found = [_opened(conn, number) for number in [*filter(None, missed), *unopened]]
    changed = tuple(one for one in found if before.get(one.edition.id) != one.edition.state)
    for one in changed:
        _tell(one.edition, stories=one.stories, recipients=one.recipients)
    return changed


def close_settled(engine: Engine, now: datetime) -> tuple[Edition, ...]:
    """Call those editions sent in which nothing waits and nothing is in doubt; return them."""
    with read(engine) as conn:
        sending = list(conn.scalars(select(editions.c.id).where(editions.c.state == State.SENDING)))
        settled = [number for number in sending if _is_settled(conn, number)]
    if not settled:
        return ()
    with write(engine) as conn:
        conn.execute(
            update(editions)
            .where(editions.c.id.in_(settled), editions.c.state == State.SENDING)
            .values(state=State.SENT, closed_at=unix(now))
        )
        closed = tuple(read_edition(conn, number) for number in settled)
    for edition in closed:
        _tell(edition)
    return closed


def _open_slot(
    engine: Engine,
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    now: datetime,
) -> int | None:
    """Freeze or miss the slot that is due; return the number of a missed edition."""
    with read(engine) as conn:
        due = due_slot(conn, settings, library, name, now)
    if due is None:
        return None
    slot, is_too_late = due
    if is_too_late:
        return miss(engine, name, slot, now)
    freeze(engine, settings, library, templates, name, slot, now)
    return None


def _unopened(conn: Connection) -> list[int]:
    """Return the editions whose deliveries are not all written, oldest first."""
    was_never_opened = and_(editions.c.state == State.HELD, editions.c.opened_through.is_(None))
    return list(
        conn.scalars(
            select(editions.c.id)
            .where(or_(editions.c.state == State.OPENING, was_never_opened))
            .order_by(editions.c.id)
        )
    )


def _opened(conn: Connection, edition_id: int) -> Opened:
    stories = select(func.count(edition_items.c.item_key.distinct())).where(
        edition_items.c.edition_id == edition_id
    )
    recipients = select(func.coalesce(func.sum(segments.c.recipients), 0)).where(
        segments.c.edition_id == edition_id
    )
    edition = read_edition(conn, edition_id)
    return Opened(edition, conn.scalar(stories) or 0, int(conn.scalar(recipients) or 0))


def _tell(edition: Edition, **counts: int) -> None:
    say = _log.warning if edition.state in (State.HELD, State.MISSED) else _log.info
    say(
        f"edition {edition.state}",
        edition=edition.id,
        digest=edition.digest,
        slot=edition.slot.local,
        **counts,
    )


def _is_settled(conn: Connection, edition_id: int) -> bool:
    totals = delivery.totals(conn, purpose_of(edition_id))
    return totals.waiting == 0 and totals.in_doubt == 0
