"""What editors decide about one edition, before its slot or after: approve, hold, release, cancel.

A decision on an edition that does not exist yet is remembered by its slot, and taken when the
edition freezes. One on an edition that exists moves its state, and its deliveries with it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, select, update

from publisher import delivery
from publisher.digests.edition import BY_EDITOR, BY_MOST, Edition, State, read_edition
from publisher.digests.queue import present
from publisher.digests.stories import unix
from publisher.errors import StateError
from publisher.store import insert_into
from publisher.store.tables import decisions, editions

HELD_NOTE = "an editor holds it"
CANCELLED_NOTE = "an editor cancelled it before its slot; its items wait for the next one"

_ADVICE = {  # what can be done about an edition that an act comes too early or too late for
    State.DRAFT: "publisher digest approve {name} sends it, cancel calls it off",
    State.HELD: "publisher digest release {name} lets it go on, cancel calls it off",
    State.OPENING: "it is going out; publisher digest hold {name} stops it",
    State.PAUSED: "the mail server refused us; publisher send asks it again",
    State.SENDING: "it is going out; publisher digest hold {name} stops it",
    State.SENT: "all of it has left; publisher digest extra tells readers of a correction",
    State.MISSED: "its items wait for the next edition; publisher digest release {name} sends it now",
    State.CANCELLED: "that is final; publisher digest extra sends items outside the rhythm",
}


class Decision(StrEnum):
    """What was said of an edition before its slot; the words stand in the database."""

    APPROVED = "approved"
    HELD = "held"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision came to."""

    edition: Edition
    gone: int = 0  # messages that had left, or may have
    kept: int = 0  # messages that do not leave now


def decide(conn: Connection, name: str, slot: str, decision: Decision, now: datetime) -> None:
    """Remember a decision on an edition that does not exist yet; the last one counts."""
    said = {"decision": str(decision), "decided_at": unix(now)}
    row = insert_into(conn, decisions).values(digest=name, slot=slot, **said)
    conn.execute(row.on_conflict_do_update(index_elements=["digest", "slot"], set_=said))


def decision_on(conn: Connection, name: str, slot: str) -> Decision | None:
    """Return what was said of an edition that does not exist yet."""
    said = conn.scalar(
        select(decisions.c.decision).where(decisions.c.digest == name, decisions.c.slot == slot)
    )
    return Decision(said) if said else None


def decisions_on(conn: Connection, name: str) -> dict[str, Decision]:
    """Return what was said of editions of a digest that do not exist yet, by slot."""
    rows = conn.execute(select(decisions).where(decisions.c.digest == name))
    return {row.slot: Decision(row.decision) for row in rows}


def take_back(conn: Connection, name: str, slot: str) -> bool:
    """Forget a decision on an edition that does not exist yet; return whether there was one."""
    gone = delete(decisions).where(decisions.c.digest == name, decisions.c.slot == slot)
    return conn.execute(gone).rowcount > 0


def take_decision(conn: Connection, name: str, slot: str) -> Decision | None:
    """Return and forget what was said of an edition whose slot is here, and of any before it."""
    said = decision_on(conn, name, slot)
    conn.execute(delete(decisions).where(decisions.c.digest == name, decisions.c.slot <= slot))
    return said


def approve(conn: Connection, number: int, now: datetime) -> Decided:
    """Let a draft go out, however large it is. Raises StateError for any other edition."""
    edition = _take(conn, number)
    _must_be(edition, "approved", State.DRAFT)
    _set(conn, number, State.OPENING, released_at=unix(now), note="", held_by=BY_MOST)
    return Decided(read_edition(conn, number))


def hold(conn: Connection, number: int) -> Decided:
    """Stop an edition until it is released; what left before stays gone. Repeat-safe."""
    edition = _take(conn, number)
    _must_be(edition, "held", State.DRAFT, State.OPENING, State.SENDING, State.PAUSED, State.HELD)
    kept = delivery.hold(conn, edition.purpose)
    _set(conn, number, State.HELD, held_by=BY_EDITOR, note=HELD_NOTE)
    return Decided(read_edition(conn, number), delivery.gone(conn, edition.purpose), kept)


def release(conn: Connection, number: int, now: datetime, *, needs_approval: bool) -> Decided:
    """Let a held edition go on. One held for its size goes out as it is.

    needs_approval  a draft that was held is a draft again
    """
    edition = _take(conn, number)
    _must_be(edition, "released", State.HELD)
    kept = delivery.release(conn, edition.purpose)
    was_draft = needs_approval and edition.released_at is None and not edition.is_extra
    if was_draft and edition.held_by != BY_MOST and not _is_begun(conn, number):
        _set(conn, number, State.DRAFT, held_by="", note="")
    else:
        # Opening a second time finds every delivery written, and goes on. Only who releases an
        # edition that was held for its size has seen how large it is.
        overruled = BY_MOST if edition.held_by == BY_MOST else ""
        _set(conn, number, State.OPENING, held_by=overruled, note="", released_at=unix(now))
    return Decided(read_edition(conn, number), delivery.gone(conn, edition.purpose), kept)


def cancel(conn: Connection, number: int, now: datetime) -> Decided:
    """Call an edition off: what has not left never leaves.

    If nothing had left, its items wait for the next edition as if it had never frozen; else they
    count as sent, also for those who get nothing now.
    """
    edition = _take(conn, number)
    _must_be(
        edition, "cancelled", State.DRAFT, State.OPENING, State.SENDING, State.PAUSED, State.HELD
    )
    closed_at = present(conn, now)
    kept = delivery.call_off(conn, edition.purpose, unix(now))
    gone = delivery.gone(conn, edition.purpose)
    changes = {"held_by": "", "note": f"cancelled after {gone:,} messages" if gone else ""}
    if not gone:
        conn.execute(update(editions).where(editions.c.id == number).values(frozen_at=None))
    # Told apart from a freeze in the same second: see queue's `present`.
    _set(conn, number, State.CANCELLED, closed_at=closed_at, **changes)
    return Decided(read_edition(conn, number), gone, kept)


def never_left(conn: Connection, number: int, now: datetime) -> bool:
    """Let the items of a cancelled edition wait again if what was leaving then came back.

    Return whether they do. A message may be under way when an editor cancels, and no server take it.
    """
    edition = _take(conn, number)
    counts = edition.state is State.CANCELLED and edition.frozen_at is not None
    if not counts or delivery.is_gone(conn, edition.purpose):
        return False
    closed_at = present(conn, now)
    _set(conn, number, State.CANCELLED, frozen_at=None, closed_at=closed_at, note="")
    return True


def _is_begun(conn: Connection, number: int) -> bool:
    through = conn.scalar(select(editions.c.opened_through).where(editions.c.id == number))
    return through is not None


def _set(conn: Connection, number: int, state: State, **changes: object) -> None:
    conn.execute(update(editions).where(editions.c.id == number).values(state=state, **changes))


def _take(conn: Connection, number: int) -> Edition:
    """Return an edition whose row is ours until the commit: nobody opens it meanwhile."""
    conn.execute(select(editions.c.id).where(editions.c.id == number).with_for_update())
    return read_edition(conn, number)


def _must_be(edition: Edition, wanted: str, *states: State) -> None:
    if edition.state not in states:
        thing = f"{edition.digest}, edition of {edition.slot.local}"
        name = f"{edition.digest} {edition.slot.local}"
        hint = _ADVICE[edition.state].format(name=name)
        raise StateError(thing, edition.state, wanted, hint=hint)
