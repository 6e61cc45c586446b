"""Add one person, as an operator or a program does; and let one go."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from publisher.address import address_hash, parse
from publisher.errors import ChoiceError
from publisher.settings import Settings
from publisher.store import tables
from publisher.subscribers.consent import Consent, record
from publisher.subscribers.enrol import Enrolment, Entry, Result
from publisher.subscribers.lookup import alone_with, find
from publisher.subscribers.preferences import Catalogue
from publisher.subscribers.subscriber import Person, State, Subscriber
from publisher.tokens import Keys

LONGEST_NAME = 200  # characters
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a person, and who they are now."""

    result: Result
    subscriber: Subscriber | None  # None for a suppressed address that has no row


def add(
    conn: Connection,
    settings: Settings,
    keys: Keys,
    person: Person,
    now: datetime,
    consent: str = "",
    *,
    source: str = "operator",
) -> Added:
    """Add a person: active when consent says what they agreed to, else pending and without mail.

    Somebody who is there already is left as they are, but a pending person becomes active, and one
    who unsubscribed comes back, when there is a consent. A suppressed address stays suppressed.

    consent  the wording the person agreed to, kept for ever

    Raises AddressError, and ChoiceError for what the site does not offer.
    """
    address = parse(person.email)
    choice = Catalogue(settings).choose(
        person.languages,
        person.digests,
        person.categories,
        person.time_zone,
        kinds=person.kinds,
        originals=bool(person.originals),
    )
    hashed = address_hash(address.key, keys.lasting)
    entry = Entry(address, hashed, clean_name(person.name), choice)
    enrolment = Enrolment(Consent("added", source, consent.strip()), now, may_return=True)
    plan = enrolment.plan(conn, [entry])
    enrolment.run(conn, [entry], plan)
    return Added(plan[0][0], find(conn, address.text, now))


def unsubscribe(
    conn: Connection, subscriber_id: int, now: datetime, *, digest: str = "", source: str = "link"
) -> bool:
    """End one digest, or with "" all; False when that was so already.

    Whoever leaves their last digest has unsubscribed. Waiting deliveries are skipped by the
    sender, which asks for the state as it takes each.
    """
    alone_with(conn, subscriber_id)
    people, subscriptions, at = tables.subscribers, tables.subscriptions, int(now.timestamp())
    active = (subscriptions.c.subscriber_id == subscriber_id) & (subscriptions.c.active == 1)
    left = 0
    if digest:
        ended = update(subscriptions).where(active, subscriptions.c.digest == digest)
        left = conn.execute(ended.values(active=0, changed_at=at)).rowcount
        if conn.execute(select(subscriptions.c.digest).where(active).limit(1)).first() is None:
            digest = ""
    if not digest:
        person = (people.c.id == subscriber_id) & people.c.state.in_(["active", "pending"])
        gone = update(people).where(person).values(state=State.UNSUBSCRIBED.value, changed_at=at)
        left += conn.execute(gone).rowcount
    if left:
        record(conn, [(subscriber_id, Consent("unsubscribed", source, detail=digest))], now)
    return left > 0


def clean_name(text: str) -> str:
    """Return a name on one line: no control character ever reaches a header or a terminal.

    Raises ChoiceError for what is too long to be a name.
    """
    if text.isascii() and text.isprintable():
        name = " ".join(text.split())
    else:
        readable = text.encode("utf-8", "replace").decode("utf-8")
        name = _SPACES.sub(" ", unicodedata.normalize("NFC", readable)).strip()
    if len(name) > LONGEST_NAME:
        sentence = f"the name has {len(name)} characters; at most {LONGEST_NAME} are kept"
        raise ChoiceError(sentence, what="name")
    return name
