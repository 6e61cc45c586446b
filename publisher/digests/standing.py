"""Where an edition stands for somebody who may decide on it: in a sentence, with what can be done."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from publisher.digests.decisions import Decision, decision_on
from publisher.digests.edition import Edition, State, edition_of, editions_where
from publisher.digests.period import is_regular, is_too_late, slot_at
from publisher.digests.zones import zones_of
from publisher.store.tables import editions

if TYPE_CHECKING:
    from publisher.settings import Settings


class Standing(Enum):
    """What is true of an edition, and which acts would change it; the sentences are translated."""

    COMING = "It goes out by itself unless somebody holds it.", ("hold", "cancel")
    UNDECIDED = "Nobody gets it before somebody approves it.", ("approve", "hold", "cancel")
    APPROVED = "Somebody approved it: it goes out at its hour.", ("hold", "cancel")
    HELD = "Somebody holds it: nothing leaves before it is approved.", ("approve", "cancel")
    TOO_LARGE = (
        "It has more items than an edition may have, so nothing leaves before it is approved.",
        ("approve", "cancel"),
    )
    CALLED_OFF = (
        "Somebody called it off: nobody gets it, and its items wait for the next edition.",
        ("approve",),
    )
    GOING = "It is going out now.", ("hold", "cancel")
    SENT = "It has gone out.", ()
    MISSED = "Its hour passed and nothing was sent; its items wait for the next edition.", ()
    CANCELLED = "It was called off.", ()
    GONE = "There is no such edition any more.", ()

    def __init__(self, sentence: str, acts: tuple[str, ...]) -> None:
        self.sentence = sentence  # in English: the key of its translations
        self.acts = acts  # what can be decided now; nothing once it is closed


_OF_STATE = {
    State.OPENING: Standing.GOING,
    State.DRAFT: Standing.UNDECIDED,
    State.HELD: Standing.HELD,
    State.SENDING: Standing.GOING,
    State.PAUSED: Standing.GOING,
    State.SENT: Standing.SENT,
    State.MISSED: Standing.MISSED,
    State.CANCELLED: Standing.CANCELLED,
}
_OF_DECISION = {
    Decision.APPROVED: Standing.APPROVED,
    Decision.HELD: Standing.HELD,
    Decision.CANCELLED: Standing.CALLED_OFF,
}


def standing(
    conn: Connection, settings: "Settings", name: str, slot: str, now: datetime
) -> tuple[Standing, Edition | None]:
    """Return where the edition of a digest and local slot stands, and itself if it exists."""
    row = conn.execute(
        editions_where(editions.c.digest == name, editions.c.slot == slot)
    ).one_or_none()
    if row is not None:
        edition = edition_of(row)
        found = Standing.TOO_LARGE if edition.is_held_for_size else _OF_STATE[edition.state]
        if found.acts and name not in settings.digests:  # nothing can be decided without them
            return Standing.GONE, edition
        return found, edition
    if not _is_to_come(conn, settings, name, slot, now):
        return Standing.GONE, None
    decision = decision_on(conn, name, slot)
    if decision:
        return _OF_DECISION[decision], None
    needs_approval = settings.digests[name].approve == "editor"
    return Standing.UNDECIDED if needs_approval else Standing.COMING, None


def _is_to_come(
    conn: Connection, settings: "Settings", name: str, slot: str, now: datetime
) -> bool:
    digest = settings.digests.get(name)
    if digest is None or not is_regular(digest, at := datetime.fromisoformat(slot)):
        return False
    zones = zones_of(conn, settings, name)
    return not is_too_late(digest, slot_at(at, zones), zones, now)
