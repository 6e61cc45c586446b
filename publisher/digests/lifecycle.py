"""What happens to editions, in order: opened when their slot is due, closed when all is settled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, and_, func, or_, select, update

from publisher import delivery
from publisher.digests.accounting import recipients_of
from publisher.digests.decisions import CANCELLED_NOTE, Decision, decision_on, never_left
from publisher.digests.edition import BY_MOST, Edition, State, purpose_of, read_edition, read_frozen
from publisher.digests.freezing import due_slot, freeze, pass_by
from publisher.digests.opening import CHUNK, expand
from publisher.digests.queue import record_seen, start, take_turns
from publisher.digests.rule import Story
from publisher.digests.stories import unix
from publisher.errors import Problem
from publisher.ops import log
from publisher.store import read, write
from publisher.store.tables import edition_items, editions

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.render import Templates
    from publisher.settings import Settings

_log = log.get("digests")


LookAt = Callable[[str, Sequence[Story]], tuple[Problem, ...]]
"""Returns what an editor should look at in the stories of a digest's edition."""

_WATCHED = timedelta(days=32)  # a cancelled edition; some look once a month


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of an edition: sending, sent to nobody, a draft, held, missed or cancelled."""

    edition: Edition
    stories: int  # that any reader gets
    recipients: int
    findings: tuple[Problem, ...] = ()  # what an editor should look at, as it was at the freeze

    @property
    def is_finished(self) -> bool:
        """Whether its slot was kept and nothing of it is to be done: not one that was missed."""
        return self.edition.state in (State.SENT, State.CANCELLED)


def open_due(
    engine: Engine,
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    now: datetime,
    *,
    look: LookAt | None = None,
    chunk: int = CHUNK,
) -> tuple[Opened, ...]:
    """Remember what is new, open every edition that is due, and finish what a crash left.

    Repeat-safe, also by two processes at once: an edition is one per digest and slot. An edition
    held for having too many items is looked at again. Only what changed is returned.

    look    finds what an editor should look at in an edition that is about to freeze
    chunk   subscribers whose deliveries are written in one transaction

    Raises RenderError or ContentError when an item cannot be rendered; that edition is not frozen
    then, and is due again next time.
    """
    with write(engine) as conn:
        start(conn, settings, now)
        record_seen(conn, library, now)
    keep_stopped(engine, now)
    fresh = [
        _open_slot(engine, settings, library, templates, name, now, look)
        for name in settings.digests
    ]
    also = [number for number in fresh if number is not None]
    return open_frozen(engine, settings, now, also=also, chunk=chunk)


def open_frozen(
    engine: Engine,
    settings: "Settings",
    now: datetime,
    *,
    also: Sequence[int] = (),
    chunk: int = CHUNK,
) -> tuple[Opened, ...]:
    """Write the deliveries of all editions that may go out; return those that changed.

    also   editions that changed already
    """
    with read(engine) as conn:
        unopened = _unopened(conn)
        before = {number: read_edition(conn, number).state for number in unopened}
    for number in unopened:
        expand(engine, settings, number, now, chunk=chunk)
    numbers = sorted({*also, *unopened})
    with read(engine) as conn:
        found = [_opened(conn, number) for number in numbers]
    changed = tuple(
        one
        for one in found
        if one.edition.id in also or before.get(one.edition.id) != one.edition.state
    )
    for one in changed:
        _tell(one.edition, stories=one.stories, recipients=one.recipients)
        for problem in one.findings:
            _log.info(problem.message, file=problem.path, line=problem.line, hint=problem.hint)
    return changed


def keep_stopped(engine: Engine, now: datetime) -> None:
    """Stop what came back to the queue of an edition that is held or was cancelled.

    A message that was under way when somebody decided may be deferred, and would be tried again.
    If it was the only one, nothing of a cancelled edition has left: its items wait again.
    """
    with read(engine) as conn:
        stopped = conn.execute(
            select(editions.c.id, editions.c.state, editions.c.frozen_at).where(
                or_(
                    editions.c.state == State.HELD,
                    and_(
                        editions.c.state == State.CANCELLED,
                        editions.c.closed_at > unix(now - _WATCHED),
                    ),
                )
            )
        ).all()
        waiting = [row for row in stopped if delivery.is_waiting(conn, purpose_of(row.id))]
        unsent = [
            row.id
            for row in stopped
            if row.state == State.CANCELLED
            and row.frozen_at is not None
            and not delivery.is_gone(conn, purpose_of(row.id))
        ]
    if not waiting and not unsent:
        return
    with write(engine) as conn:
        take_turns(conn)
        for row in waiting:
            if row.state == State.HELD:
                delivery.hold(conn, purpose_of(row.id))
            else:
                delivery.call_off(conn, purpose_of(row.id), unix(now))
        again = [number for number in unsent if never_left(conn, number, now)]
    for number in again:
        _log.info("nothing of a cancelled edition had left, so its items wait", edition=number)


def close_settled(engine: Engine, now: datetime) -> tuple[Edition, ...]:
    """Call those editions sent in which nothing waits and nothing is in doubt; return them.

    One whose rows are not as many as the readers it was opened for is called nothing: that is a
    mistake of ours or somebody's hand in the database, and is logged as an error.
    """
    is_sending = editions.c.state == State.SENDING
    with read(engine) as conn:
        sending = list(conn.scalars(select(editions.c.id).where(is_sending)))
        settled = [number for number in sending if _is_settled(conn, number)]
    if not settled:
        return ()
    with write(engine) as conn:
        # Meanwhile somebody may have let a delivery be tried again.
        mine = select(editions.c.id).where(editions.c.id.in_(settled), is_sending)
        taken = conn.scalars(mine.order_by(editions.c.id).with_for_update()).all()
        over = [number for number in taken if _is_settled(conn, number) and _adds_up(conn, number)]
        conn.execute(
            update(editions)
            .where(editions.c.id.in_(over))
            .values(state=State.SENT, closed_at=unix(now))
        )
        closed = tuple(read_edition(conn, number) for number in over)
    for edition in closed:
        _tell(edition)
    return closed


def pause(engine: Engine, words: str) -> None:
    """Call the editions that are going out paused, with the words of the server that refused us."""
    with write(engine) as conn:
        conn.execute(
            update(editions)
            .where(editions.c.state.in_([State.SENDING, State.PAUSED]))
            .values(state=State.PAUSED, note=words)
        )
    _log.error("sending paused", reason=words)


def resume(engine: Engine) -> None:
    """Let paused editions go on: a server takes our messages again."""
    is_paused = editions.c.state == State.PAUSED
    with read(engine) as conn:
        if conn.execute(select(editions.c.id).where(is_paused).limit(1)).first() is None:
            return
    with write(engine) as conn:
        conn.execute(update(editions).where(is_paused).values(state=State.SENDING, note=""))


def _open_slot(
    engine: Engine,
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    now: datetime,
    look: LookAt | None,
) -> int | None:
    """Freeze the slot that is due, or pass it by; return the edition's number."""
    with read(engine) as conn:
        due = due_slot(conn, settings, library, name, now)
        decision = decision_on(conn, name, due[0].local) if due else None
    if due is None:
        return None
    slot, is_too_late = due
    if decision is Decision.CANCELLED:
        return pass_by(engine, name, slot, State.CANCELLED, now, CANCELLED_NOTE)
    if is_too_late:
        return pass_by(engine, name, slot, State.MISSED, now)
    look_here = partial(look, name) if look else None
    return freeze(engine, settings, library, templates, name, slot, now, look=look_here)


def _unopened(conn: Connection) -> list[int]:
    """Return the editions whose deliveries are not all written, oldest first."""
    held_for_size = and_(editions.c.state == State.HELD, editions.c.held_by == BY_MOST)
    return list(
        conn.scalars(
            select(editions.c.id)
            .where(or_(editions.c.state == State.OPENING, held_for_size))
            .order_by(editions.c.id)
        )
    )


def _opened(conn: Connection, edition_id: int) -> Opened:
    stories = select(func.count(edition_items.c.item_key.distinct())).where(
        edition_items.c.edition_id == edition_id
    )
    edition = read_edition(conn, edition_id)
    findings = read_frozen(conn, edition_id).findings if edition.frozen_at else ()
    return Opened(edition, conn.scalar(stories) or 0, recipients_of(conn, edition_id), findings)


def _tell(edition: Edition, **counts: int) -> None:
    say = _log.info if edition.state in (State.SENDING, State.SENT) else _log.warning
    say(
        f"edition {edition.state}",
        edition=edition.id,
        digest=edition.digest,
        slot=edition.slot.local,
        **counts,
    )


def _adds_up(conn: Connection, edition_id: int) -> bool:
    """Return whether each reader of an edition has one row; logs an error when not."""
    expected = recipients_of(conn, edition_id)
    rows = delivery.totals(conn, purpose_of(edition_id)).recipients
    if rows != expected:
        _log.error("edition does not add up", edition=edition_id, readers=expected, rows=rows)
    return rows == expected


def _is_settled(conn: Connection, edition_id: int) -> bool:
    totals = delivery.totals(conn, purpose_of(edition_id))
    return totals.waiting == 0 and totals.in_doubt == 0
