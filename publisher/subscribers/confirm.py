"""Confirm a sign-up by the link in its letter; and ask for another letter when the link has ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, update

from publisher import tokens
from publisher.address import parse
from publisher.errors import TokenForged
from publisher.settings import Settings
from publisher.store.tables import subscribers
from publisher.subscribers.asking import pass_network, take_turn
from publisher.subscribers.consent import Consent, record
from publisher.subscribers.letters import Letter, queue_letter
from publisher.subscribers.lookup import find_by_public_id
from publisher.subscribers.preferences import Choice, change_preferences
from publisher.subscribers.subscriber import State, Subscriber
from publisher.subscribers.wishes import drop_wishes, find_wish, make_wish
from publisher.tokens import Claim, Keys


class Confirmed(StrEnum):
    """What became of a sign-up whose link was used."""

    NOW = "now"
    BEFORE = "before"  # used already: nothing changed
    LEFT = "left"  # they unsubscribed since, which an old link does not undo


@dataclass(frozen=True, slots=True)
class News:
    """What a welcome letter tells: the latest titles, and when the next editions come."""

    titles: Sequence[tuple[str, str]] = ()  # title, link
    editions: Sequence[tuple[str, datetime]] = ()  # a digest's name, its next hour

    def to_facts(self, time_zone: str) -> dict[str, Any]:
        """Return this as a letter keeps it."""
        return {
            "titles": [list(pair) for pair in self.titles],
            "editions": [[name, int(at.timestamp())] for name, at in self.editions],
            "time_zone": time_zone,
        }


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A link that was read, before or after it was used."""

    claim: Claim
    subscriber: Subscriber
    result: Confirmed = field(default=Confirmed.BEFORE)


def read_confirmation(conn: Connection, keys: Keys, token: str, now: datetime) -> Confirmation:
    """Return whom a link would confirm; changes nothing.

    The result is what using it would come to. Raises TokenForged and TokenExpired.
    """
    claim = tokens.read(keys, "confirm", token, now=now)
    found = find_by_public_id(conn, claim.public_id, now)
    if found is None:
        raise TokenForged("nobody has signed up with this link", hint="sign up once more")
    return Confirmation(claim, found, _outcome(conn, found, claim))


def confirm(
    conn: Connection,
    settings: Settings,
    keys: Keys,
    token: str,
    now: datetime,
    news: Callable[[Subscriber], News] = lambda _: News(),
) -> Confirmation:
    """Make a sign-up's subscriber active and welcome them; a second time changes nothing.

    news   what the welcome letter tells somebody

    Raises TokenForged and TokenExpired.
    """
    read = read_confirmation(conn, keys, token, now)
    if read.result is not Confirmed.NOW:
        return read
    who, at = read.subscriber, int(now.timestamp())
    active = {"state": State.ACTIVE.value, "confirmed_at": at, "changed_at": at}
    wish = find_wish(conn, who.id, read.claim.issued_at or now)
    if wish is not None:
        active |= {"name": wish[0], "paused_until": None} if wish[0] else {"paused_until": None}
    mine = (subscribers.c.id == who.id) & (subscribers.c.state == who.state.value)
    if not conn.execute(update(subscribers).where(mine).values(**active)).rowcount:
        return read_confirmation(conn, keys, token, now)  # another request was faster
    if wish is not None:
        change_preferences(conn, who.id, wish[1], now)
    drop_wishes(conn, who.id)
    record(conn, [(who.id, Consent("confirmed", "link"))], now)
    found = find_by_public_id(conn, read.claim.public_id, now) or who
    facts = news(found).to_facts(found.time_zone)
    language = found.languages[0]
    queue_letter(conn, settings, keys, Letter.WELCOME, found.id, language, now, facts=facts)
    return Confirmation(read.claim, found, Confirmed.NOW)


def renew_confirmation(
    conn: Connection, settings: Settings, keys: Keys, public_id: str, network: str, now: datetime
) -> None:
    """Mail another link to somebody whose link has ended; the outcome is the same for everybody.

    Raises LimitReached, SiteHeld.
    """
    pass_network(conn, keys, network, settings.web.signups_per_hour, now)
    who = find_by_public_id(conn, public_id, now)
    if who is None or who.state is State.ACTIVE or who.is_suppressed:
        return
    if who.state is State.UNSUBSCRIBED or not take_turn(conn, keys, "signup", _key(who), now):
        return
    choice = Choice(
        " ".join(who.languages),
        who.digests,
        " ".join(who.kinds),
        " ".join(who.categories),
        who.time_zone,
        int(who.originals),
    )
    make_wish(conn, who.id, who.name, choice, now)
    queue_letter(conn, settings, keys, Letter.CONFIRM, who.id, who.languages[0], now)


def _outcome(conn: Connection, who: Subscriber, claim: Claim) -> Confirmed:
    if who.state is State.ACTIVE:
        return Confirmed.BEFORE
    if who.state is State.PENDING or (
        claim.issued_at and find_wish(conn, who.id, claim.issued_at) is not None
    ):
        return Confirmed.NOW
    return Confirmed.LEFT


def _key(who: Subscriber) -> str:
    return parse(who.address).key
