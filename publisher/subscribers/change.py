"""Change what somebody who is there already chose; whether they get mail at all stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, update

from publisher.errors import PublisherError
from publisher.settings import Settings
from publisher.store import insert_into, tables
from publisher.subscribers.add import clean_name, unsubscribe
from publisher.subscribers.consent import Consent, record
from publisher.subscribers.lookup import find
from publisher.subscribers.preferences import Catalogue, Choice, note_moves, signature_id, signed
from publisher.subscribers.subscriber import Person, State, Subscriber

_people, _subscriptions = tables.subscribers, tables.subscriptions


@dataclass(frozen=True, slots=True)
class Difference:
    """One choice that became another; "" is the site's, or all."""

    what: str
    before: str
    after: str


def change(
    conn: Connection, settings: Settings, wish: Person, now: datetime, *, source: str = "operator"
) -> tuple[Difference, ...]:
    """Give a known person what a wish names and leave the rest; return what is different now.

    Nobody becomes active by it. A digest they leave is recorded as left, one they get now as
    changed, so that it can be explained later.

    wish   "all" (digests, categories, kinds) and "site" (time zone) empty a choice

    Raises AddressError, ChoiceError for what the site does not offer, and PublisherError when
    nobody has this address or they unsubscribed.
    """
    have = _changeable(conn, wish, now)
    choice = Catalogue(settings).choose(
        wish.languages,
        wish.digests,
        wish.categories,
        wish.time_zone,
        kinds=wish.kinds,
        originals=have.originals if wish.originals is None else wish.originals,
    )
    after = _choices(have, wish, choice)
    values = {
        "name": clean_name(wish.name) if wish.name else have.name,
        "languages": choice.languages if wish.languages else " ".join(have.languages),
        "time_zone": choice.time_zone if wish.time_zone else have.time_zone,
        "originals": choice.originals,
    }
    at, before = int(now.timestamp()), signed(conn, have.id)
    person = update(_people).where(_people.c.id == have.id)
    conn.execute(person.values(**values, changed_at=at))
    _subscribe(conn, have, after, at)
    note_moves(conn, have.id, before, now)
    for digest in have.digests:
        if digest not in {each.digests[0] for each in after}:
            unsubscribe(conn, have.id, now, digest=digest, source=source)
    found = find(conn, wish.email, now)
    if found is None:
        raise LookupError(have.id)
    new = [digest for digest in found.digests if digest not in have.digests]
    record(conn, [(have.id, Consent("changed", source, detail=digest)) for digest in new], now)
    return _differences(have, found)


def _changeable(conn: Connection, wish: Person, now: datetime) -> Subscriber:
    have = find(conn, wish.email, now)
    hint = 'add them with --consent "what they agreed to"'
    if have is None:
        raise PublisherError("nobody here has this address, so nothing was changed", hint=hint)
    if have.state is State.UNSUBSCRIBED:
        raise PublisherError("they unsubscribed, so nothing was changed", hint=hint)
    return have


def _choices(have: Subscriber, wish: Person, choice: Choice) -> list[Choice]:
    """Return one choice for each digest they are to get; what differs between digests stays so."""
    theirs = {each.digest: each for each in have.subscriptions}
    wanted = choice.digests if wish.digests else have.digests
    languages = choice.languages if wish.languages else " ".join(have.languages)
    return [
        Choice(
            languages,
            (digest,),
            choice.kinds if wish.kinds else _words(one.kinds if one else have.kinds),
            choice.categories
            if wish.categories
            else _words(one.categories if one else have.categories),
            originals=choice.originals,
        )
        for digest in wanted
        for one in (theirs.get(digest),)
    ]


def _subscribe(conn: Connection, have: Subscriber, after: Sequence[Choice], at: int) -> None:
    for choice in after:
        row = insert_into(conn, _subscriptions).values(
            subscriber_id=have.id,
            digest=choice.digests[0],
            kinds=choice.kinds,
            categories=choice.categories,
            active=1,
            signature_id=signature_id(conn, choice),
            changed_at=at,
        )
        names = ("kinds", "categories", "active", "signature_id", "changed_at")
        conn.execute(
            row.on_conflict_do_update(
                index_elements=["subscriber_id", "digest"],
                set_={name: getattr(row.excluded, name) for name in names},
                where=(_subscriptions.c.active == 0)
                | (_subscriptions.c.signature_id != row.excluded.signature_id),
            )
        )


def _differences(before: Subscriber, after: Subscriber) -> tuple[Difference, ...]:
    pairs = (
        ("name", before.name, after.name),
        ("languages", _words(before.languages), _words(after.languages)),
        ("digests", _words(before.digests), _words(after.digests)),
        ("kinds", _words(before.kinds), _words(after.kinds)),
        ("categories", _words(before.categories), _words(after.categories)),
        ("time zone", before.time_zone, after.time_zone),
        ("originals", _answer(before.originals), _answer(after.originals)),
    )
    return tuple(Difference(what, old, new) for what, old, new in pairs if old != new)


def _words(several: Sequence[str]) -> str:
    return " ".join(several)


def _answer(yes: bool) -> str:
    return "yes" if yes else "no"
