"""Which edition an editor means: by its slot, or the only one that a decision can be about."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from publisher.digests.decisions import Decision, decision_on, decisions_on
from publisher.digests.edition import Edition, State, edition_of, editions_where
from publisher.digests.period import Slot, is_too_late, last_slot, slots_between
from publisher.digests.queue import read_position
from publisher.digests.zones import zones_of
from publisher.errors import PublisherError
from publisher.store.tables import editions

if TYPE_CHECKING:
    from publisher.settings import Settings

_STOPS = ("hold", "cancel")
_LATELY = timedelta(hours=1)  # after a freeze, in which a stop is meant for what just went out
_AHEAD = timedelta(days=66)  # how far ahead a slot may be decided on
_SLOT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d)[:-]?(\d\d))?")
_OPEN = (State.DRAFT, State.OPENING, State.SENDING, State.PAUSED)
_USUAL = {  # what a decision is about when no slot is named
    "approve": (State.DRAFT,),
    "hold": _OPEN,
    "release": (State.HELD,),
    "cancel": (*_OPEN, State.HELD),
}
_DONE = {  # what a decision has made of an edition when it is said again
    "hold": State.HELD,
    "cancel": State.CANCELLED,
}


def find_edition(
    conn: Connection, settings: "Settings", name: str, act: str, wanted: str, now: datetime
) -> Edition | Slot:
    """Return the edition that a decision is about, or the slot of one that does not exist yet.

    act     approve, hold, release or cancel
    wanted  a slot, "2026-03-29T07:00", or its day; "": the only one it can be

    Raises PublisherError that says which there are.
    """
    found = _editions(conn, name)
    coming = _coming(conn, settings, name, now)
    if wanted:
        return _named(name, act, wanted, found, coming)
    mine = [edition for edition in found if edition.state in _USUAL[act]]
    if len(mine) > 1:
        raise PublisherError(f"{name} has several editions to {act}", hint=_which(mine))
    if mine:
        return mine[0]
    if act == "release":
        return _to_release(conn, name, found, coming)
    return _next(conn, name, act, found, coming, now)


def _editions(conn: Connection, name: str) -> list[Edition]:
    """Return a digest's editions, the newest first."""
    rows = conn.execute(editions_where(editions.c.digest == name)).all()
    return [edition_of(row) for row in reversed(rows)]


def _coming(conn: Connection, settings: "Settings", name: str, now: datetime) -> list[Slot]:
    """Return the slots to come, first one that is due and that nobody opened yet."""
    digest, zones = settings.digests[name], zones_of(conn, settings, name)
    due = last_slot(digest, zones, now)
    slots = [*slots_between(digest, zones, now, now + _AHEAD)]
    if due is None or is_too_late(digest, due, zones, now):
        return slots
    return [due, *slots] if read_position(conn, name, now).is_new(due, zones) else slots


def _next(
    conn: Connection,
    name: str,
    act: str,
    found: list[Edition],
    coming: list[Slot],
    now: datetime,
) -> Edition | Slot:
    """Return the slot that a decision is about when no edition is open.

    What was said once must not be said of the following edition because it is said again.
    """
    if not coming:
        raise PublisherError(
            f"{name} has no edition to {act}",
            hint="its editions follow from its items; `status: hold` keeps an item back",
        )
    following = coming[0].local
    again = f"to {act} the next one, name it: publisher digest {act} {name} {following}"
    if act == "approve" and decision_on(conn, name, following) is None:
        raise PublisherError(f"{name} has no draft to approve", hint=again)
    last = next((one for one in found if not one.is_extra), None)
    if last and last.state is _DONE.get(act):
        raise PublisherError(
            f"{name}, edition of {last.slot.local}, is {last.state} already", hint=again
        )
    if last and last.state is State.SENT and act in _STOPS and _went_lately(last, now):
        # Whoever wants to stop what just went out must not stop what comes instead.
        raise PublisherError(
            f"{name}, edition of {last.slot.local}, has gone out already", hint=again
        )
    return coming[0]


def _went_lately(edition: Edition, now: datetime) -> bool:
    return edition.frozen_at is not None and now - edition.frozen_at < _LATELY


def _named(
    name: str, act: str, wanted: str, found: list[Edition], coming: list[Slot]
) -> Edition | Slot:
    said = _SLOT.fullmatch(wanted.strip())
    if not said:
        raise PublisherError(
            f'"{wanted}" is not a slot', hint='write for instance "2026-03-29T07:00" or the day'
        )
    prefix = said[1] + (f"T{said[2]}:{said[3]}" if said[2] else "")
    mine = [edition for edition in found if edition.slot.local.startswith(prefix)]
    slots = [slot for slot in coming if slot.local.startswith(prefix)]
    if len(mine) + len(slots) > 1:  # an extra edition beside that of the rhythm
        mine = [edition for edition in mine if edition.state in _USUAL[act]]
    if len(mine) + len(slots) > 1:
        raise PublisherError(
            f"{name} has several editions of {wanted}", hint=_which(mine, slots[:2])
        )
    if mine:
        return mine[0]
    if slots:
        return slots[0]
    known = ", ".join(slot.local for slot in coming[:2]) or "none by the calendar"
    raise PublisherError(f"{name} has no edition of {wanted}", hint=f"the next slots are: {known}")


def _which(several: list[Edition], slots: Sequence[Slot] = ()) -> str:
    named = [f"{one.slot.local} ({one.state})" for one in reversed(several)]
    return f"name one: {', '.join([*named, *(slot.local for slot in slots)])}"


def _to_release(
    conn: Connection, name: str, found: list[Edition], coming: list[Slot]
) -> Edition | Slot:
    """Return a slot to come that is held, or the last edition when it was missed."""
    decided = decisions_on(conn, name)
    stopped = (Decision.HELD, Decision.CANCELLED)
    for slot in coming:
        if decided.get(slot.local) in stopped:
            return slot
    last = next((one for one in found if not one.is_extra), None)
    if last and last.state is State.MISSED:
        return last
    raise PublisherError(
        f"{name} has no edition that is held or was missed", hint="see publisher queue"
    )
