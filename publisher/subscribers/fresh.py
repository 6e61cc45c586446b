"""The fresh link: mailed on request, ends soon, and alone allows what cannot be taken back.

Links to the preferences stand in every message and get forwarded with it. Whoever wants their
data, wants to go altogether or to move to another address proves that the mailbox is theirs now.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from publisher import tokens
from publisher.address import address_hash, parse
from publisher.errors import TokenExpired, TokenForged
from publisher.settings import Settings
from publisher.store.tables import bodies, consents, deliveries, subscribers
from publisher.subscribers.asking import pass_network, take_turn
from publisher.subscribers.consent import MOVED, Consent, record
from publisher.subscribers.enrol import Entry, find_one
from publisher.subscribers.erase import empty_person
from publisher.subscribers.letters import (
    Letter,
    letter_body_id,
    pretend_letter,
    send_letter,
)
from publisher.subscribers.lookup import find, find_by_public_id
from publisher.subscribers.preferences import Choice
from publisher.subscribers.signup import add_pending, pretend_sign_up
from publisher.subscribers.subscriber import State, Subscriber
from publisher.subscribers.suppression import is_suppressed
from publisher.subscribers.wishes import drop_wishes, find_wish, make_wish
from publisher.tokens import Keys


def ask_fresh_link(
    conn: Connection, settings: Settings, keys: Keys, address: str, network: str, now: datetime
) -> None:
    """Mail a fresh link to whoever is known by this address; says nothing of whether they are.

    network   from which it was asked, as limits count

    Raises AddressError, LimitReached and SiteHeld.
    """
    parsed = parse(address)
    pass_network(conn, keys, network, settings.web.signups_per_hour, now)
    may_write = take_turn(conn, keys, "fresh", parsed.key, now)
    who = find(conn, parsed.text, now)
    language = who.languages[0] if who else settings.site.languages[0]
    body_id = letter_body_id(conn, settings, keys, Letter.FRESH, language, {})
    if who is None or not may_write or who.is_suppressed:
        pretend_letter(conn, Letter.FRESH, body_id, now)
    else:
        # Who has just moved asks for one at another address, which `take_turn` counts by itself.
        send_letter(conn, Letter.FRESH, body_id, who.id, now, once="minute")


def read_link(
    conn: Connection, keys: Keys, token: str, now: datetime
) -> tuple[Subscriber | None, bool]:
    """Return whom a link to the preferences is for, and whether it is a fresh one.

    None is somebody who was erased. Raises TokenForged and, for a fresh one, TokenExpired: also
    when its reader has moved since, for it proves whose the mailbox is that it was mailed to.
    """
    try:
        claim, is_fresh = tokens.read(keys, "preferences", token), False
    except TokenForged:
        claim, is_fresh = tokens.read(keys, "fresh", token, now=now), True
    who = find_by_public_id(conn, claim.public_id, now)
    if who and claim.issued_at and _has_moved(conn, who.id, claim.issued_at):
        raise TokenExpired(claim.issued_at, claim.public_id)
    return who, is_fresh


def _has_moved(conn: Connection, subscriber_id: int, since: datetime) -> bool:
    c = consents.c
    moves = c.subscriber_id == subscriber_id, c.act == MOVED
    later = select(c.id).where(*moves, c.happened_at > int(since.timestamp())).limit(1)
    return conn.scalar(later) is not None


def own_data(conn: Connection, who: Subscriber) -> dict[str, Any]:
    """Return all that is kept about a person, for themselves, as JSON can hold it."""
    given = select(consents).where(consents.c.subscriber_id == who.id).order_by(consents.c.id)
    columns = deliveries.c
    sent = (
        select(
            columns.purpose,
            columns.state,
            columns.queued_at,
            columns.settled_at,
            columns.code,
            bodies.c.subject,
        )
        .join(bodies, bodies.c.id == columns.body_id)
        .where(columns.subscriber_id == who.id)
        .order_by(columns.id)
    )
    return {
        "address": who.address,
        "name": who.name,
        "state": who.state.value,
        "suppressed": who.is_suppressed,
        "languages": list(who.languages),
        "time_zone": who.time_zone,
        "originals": who.originals,
        "paused_until": _written(who.paused_until),
        "signed_up": _written(who.created_at),
        "confirmed": _written(who.confirmed_at),
        "digests": [
            {"digest": one.digest, "kinds": list(one.kinds), "categories": list(one.categories)}
            for one in who.subscriptions
        ],
        "consents": [
            {
                "at": _moment(row.happened_at),
                "act": row.act,
                "source": row.source,
                "wording": row.wording,
                "detail": row.detail,
            }
            for row in conn.execute(given)
        ],
        "messages": [_message(row) for row in conn.execute(sent)],
    }


def ask_new_address(
    conn: Connection,
    settings: Settings,
    keys: Keys,
    who: Subscriber,
    address: str,
    network: str,
    now: datetime,
) -> None:
    """Mail a link to a new address, which moves a subscriber there when it is used.

    The outcome is the same whoever has that address. Until then nothing changes.

    Raises AddressError, LimitReached and SiteHeld.
    """
    parsed = parse(address)
    pass_network(conn, keys, network, settings.web.signups_per_hour, now)
    hashed = address_hash(parsed.key, keys.lasting)
    may_write = take_turn(conn, keys, "signup", parsed.key, now)
    blocked = is_suppressed(conn, hashed, now)
    known = find_one(conn, parsed.key)
    choice = Choice(" ".join(who.languages), (), time_zone=who.time_zone)
    entry = Entry(parsed, hashed, "", choice, State.PENDING)
    body_id = letter_body_id(conn, settings, keys, Letter.ADDRESS, who.languages[0], {})
    if blocked or not may_write or (known is not None and known.state is State.ACTIVE):
        moved = Consent(MOVED, "link")
        return pretend_sign_up(conn, entry, moved, Letter.ADDRESS, body_id, now)
    place = known.id if known else add_pending(conn, entry, now)
    make_wish(conn, place, "", choice, now, replaces=who.id)
    send_letter(conn, Letter.ADDRESS, body_id, place, now)
    return None


def read_new_address(
    conn: Connection, keys: Keys, token: str, now: datetime
) -> tuple[Subscriber, Subscriber] | None:
    """Return who holds the new address and who is to move there; None when it is done already.

    Raises TokenForged and TokenExpired.
    """
    claim = tokens.read(keys, "address", token, now=now)
    place = find_by_public_id(conn, claim.public_id, now)
    wish = find_wish(conn, place.id, claim.issued_at or now) if place else None
    if place is None or wish is None or place.state is State.ACTIVE:
        return None
    mover = _by_id(conn, wish[2], now)
    return (place, mover) if mover else None


def confirm_new_address(conn: Connection, keys: Keys, token: str, now: datetime) -> str:
    """Move a subscriber to the address that a link proves; return the one they leave.

    It is in no row then; "" when that is done already.

    Raises TokenForged and TokenExpired.
    """
    found = read_new_address(conn, keys, token, now)
    if found is None:
        return ""
    place, mover = found
    address = parse(place.address)
    empty_person(conn, place.id, now)
    conn.execute(
        update(subscribers)
        .where(subscribers.c.id == mover.id)
        .values(
            address=address.text,
            address_key=address.key,
            address_hash=address_hash(address.key, keys.lasting),
            changed_at=int(now.timestamp()),
        )
    )
    drop_wishes(conn, mover.id)
    record(conn, [(mover.id, Consent(MOVED, "link"))], now)
    return mover.address


def _by_id(conn: Connection, subscriber_id: int | None, now: datetime) -> Subscriber | None:
    public_id = conn.scalar(
        select(subscribers.c.public_id).where(subscribers.c.id == subscriber_id)
    )
    return find_by_public_id(conn, public_id, now) if public_id else None


def _message(row: Any) -> dict[str, Any]:
    return {
        "purpose": row.purpose,
        "subject": row.subject,
        "state": row.state,
        "queued": _moment(row.queued_at),
        "settled": _moment(row.settled_at),
        "answer": row.code,
    }


def _moment(seconds: int | None) -> str | None:
    return None if seconds is None else _written(datetime.fromtimestamp(seconds, UTC))


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
