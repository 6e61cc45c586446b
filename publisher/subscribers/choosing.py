"""What a reader changes on their own page, proved by a signed link; all of it checked."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, update

from publisher.errors import ChoiceError
from publisher.settings import Settings
from publisher.store.tables import subscribers
from publisher.subscribers.add import unsubscribe
from publisher.subscribers.consent import Consent, record
from publisher.subscribers.letters import Letter, queue_letter
from publisher.subscribers.lookup import find_by_public_id
from publisher.subscribers.preferences import Catalogue, change_preferences
from publisher.subscribers.subscriber import Person, State, Subscriber
from publisher.tokens import Keys

LONGEST_PAUSE = timedelta(days=366)


def choose_anew(
    conn: Connection,
    settings: Settings,
    who: Subscriber,
    wish: Person,
    paused_until: datetime | None,
    now: datetime,
) -> None:
    """Give a subscriber what they chose in place of what they had; name and state stay.

    Nothing changes for somebody who is not active any more.

    wish           an empty choice means all; address and name are not looked at
    paused_until   aware; no mail before it, None: no pause

    Raises ChoiceError, with `what` it is about.
    """
    choice = Catalogue(settings).choose(
        wish.languages,
        wish.digests,
        wish.categories,
        wish.time_zone,
        kinds=wish.kinds,
        originals=bool(wish.originals),
    )
    pause = _checked_pause(paused_until, now)
    mine = (subscribers.c.id == who.id) & (subscribers.c.state == State.ACTIVE.value)
    if not conn.execute(update(subscribers).where(mine).values(paused_until=pause)).rowcount:
        return  # they left, or were erased, since their page was opened
    who = find_by_public_id(conn, who.public_id, now) or who  # as no other request changes it now
    change_preferences(conn, who.id, choice, now)
    left = [
        Consent("unsubscribed", "page", detail=d) for d in who.digests if d not in choice.digests
    ]
    new = [Consent("changed", "page", detail=d) for d in choice.digests if d not in who.digests]
    record(conn, [(who.id, consent) for consent in (*left, *new)], now)


def leave(
    conn: Connection,
    settings: Settings,
    keys: Keys,
    public_id: str,
    digest: str,
    now: datetime,
    *,
    source: str = "page",
) -> Subscriber | None:
    """Unsubscribe whom a link names from one digest, or with "" from all; return who they are now.

    Once more changes nothing. Who leaves everything by a page of ours gets a goodbye letter; a
    mail program's one click ends all mail at once, goodbyes too. None: there is nobody any more.

    source   page, or one-click
    """
    before = find_by_public_id(conn, public_id, now)
    if before is None:
        return None
    unsubscribe(conn, before.id, now, digest=digest, source=source)
    who = find_by_public_id(conn, public_id, now)
    has_left = before.state is State.ACTIVE and who and who.state is State.UNSUBSCRIBED
    if has_left and source == "page" and not before.is_suppressed:
        queue_letter(conn, settings, keys, Letter.GOODBYE, before.id, before.languages[0], now)
    return who


def masked(address: str) -> str:
    """Return an address as its owner knows it and nobody else does: a•••@e•••.org."""
    local, _, domain = address.rpartition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••{dot}{top}"


def _checked_pause(until: datetime | None, now: datetime) -> int | None:
    if until is None or until <= now:
        return None
    if until - now > LONGEST_PAUSE:
        raise ChoiceError("a pause is at most a year long", what="pause")
    return int(until.timestamp())
