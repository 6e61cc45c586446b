"""An editor's acts on one edition: approve, hold, release, cancel, and an extra one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from publisher import delivery
from publisher.digests import decisions
from publisher.digests.choosing import find_edition
from publisher.digests.decisions import Decided, Decision
from publisher.digests.edition import Edition, State, read_edition
from publisher.digests.extra import freeze_extra
from publisher.digests.freezing import freeze
from publisher.digests.lifecycle import LookAt, Opened, open_frozen
from publisher.digests.period import Slot
from publisher.digests.queue import record_seen, take_turns
from publisher.errors import PublisherError
from publisher.store import read, write

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.render import Templates
    from publisher.settings import Settings

_SAID = {
    "approve": Decision.APPROVED,
    "hold": Decision.HELD,
    "cancel": Decision.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Acted:
    """What an act came to: an edition moved, or a slot to come was decided on."""

    slot: Slot
    edition: Edition | None = None
    opened: Opened | None = None  # when its deliveries were written now
    gone: int = 0  # messages that had left, or may have
    kept: int = 0  # messages that the act stopped or let go


def act(
    engine: Engine,
    settings: "Settings",
    library: "Library | None",
    templates: "Templates",
    name: str,
    what: str,
    wanted: str,
    now: datetime,
    look: LookAt | None = None,
) -> Acted:
    """Approve, hold, release or cancel an edition of a digest.

    library  None on a machine that has no items: only a missed edition needs them
    what     approve, hold, release or cancel
    wanted   its slot or the slot's day; "": the only edition it can be, or the next slot

    Raises PublisherError when there is no such edition, StateError when it is too late for that,
    RenderError when a missed edition cannot be frozen.
    """
    with write(engine) as conn:
        take_turns(conn)  # what is due may freeze at this very moment
        found = find_edition(conn, settings, name, what, wanted, now)
        if isinstance(found, Slot):
            return _decide(conn, settings, name, what, found, now)
        if not (what == "release" and found.state is State.MISSED):
            done = _move(conn, settings, what, found, now)
            if done.edition.state is not State.OPENING:
                return Acted(found.slot, done.edition, None, done.gone, done.kept)
    if found.state is State.MISSED:
        if library is None:
            raise PublisherError(
                "a missed edition is frozen anew, and content/ is not on this machine",
                hint="release it where content/ is",
            )
        with write(engine) as conn:
            record_seen(conn, library, now)
        freeze(
            engine,
            settings,
            library,
            templates,
            name,
            found.slot,
            now,
            missed=found.id,
            look=partial(look, name) if look else None,
        )
    return _opened(engine, settings, found, now)


def add_extra(
    engine: Engine,
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    keys: Sequence[str],
    now: datetime,
    at: datetime | None = None,
) -> Acted:
    """Send items outside the rhythm of a digest; see `freeze_extra`."""
    edition = freeze_extra(engine, settings, library, templates, name, keys, now, at)
    return _opened(engine, settings, edition, now)


def _opened(engine: Engine, settings: "Settings", edition: Edition, now: datetime) -> Acted:
    opened = open_frozen(engine, settings, now)
    mine = next((one for one in opened if one.edition.id == edition.id), None)
    with read(engine) as conn:
        gone = delivery.gone(conn, edition.purpose)
        return Acted(edition.slot, read_edition(conn, edition.id), mine, gone)


def _decide(
    conn: Connection, settings: "Settings", name: str, what: str, slot: Slot, now: datetime
) -> Acted:
    said = decisions.decision_on(conn, name, slot.local)
    if what == "release":
        if said not in (Decision.HELD, Decision.CANCELLED):
            raise PublisherError(
                f"the edition of {slot.local} is not held", hint="it goes out at its slot anyway"
            )
        decisions.take_back(conn, name, slot.local)
        return Acted(slot)
    if what == "approve" and settings.digests[name].approve != "editor" and said is None:
        raise PublisherError(
            f"{name} needs no approval: it goes out at its slot, {slot.local}",
            hint=f'set [digests.{name}] approve = "editor" if editors should decide',
        )
    decisions.decide(conn, name, slot.local, _SAID[what], now)
    return Acted(slot)


def _move(
    conn: Connection, settings: "Settings", what: str, edition: Edition, now: datetime
) -> Decided:
    if what == "approve":
        return decisions.approve(conn, edition.id, now)
    if what == "hold":
        return decisions.hold(conn, edition.id)
    if what == "cancel":
        return decisions.cancel(conn, edition.id, now)
    digest = settings.digests[edition.digest]
    return decisions.release(conn, edition.id, now, needs_approval=digest.approve == "editor")
