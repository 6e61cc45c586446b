"""Sign up: double opt-in, in one transaction, with one and the same outcome for every address.

Whoever fills the form in learns nothing of who is subscribed, and changes nothing of somebody who
is: what a known person asks for waits as a wish until the link in their letter is used.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from publisher.address import Address, address_hash, parse
from publisher.settings import Settings
from publisher.subscribers.add import clean_name
from publisher.subscribers.asking import pass_network, take_turn
from publisher.subscribers.consent import SIGNED_UP, Consent, record
from publisher.subscribers.enrol import Enrolment, Entry, Known, Result, find_one
from publisher.subscribers.letters import Letter, letter_body_id, send_letter
from publisher.subscribers.preferences import Catalogue
from publisher.subscribers.subscriber import Person, State
from publisher.subscribers.suppression import is_suppressed
from publisher.subscribers.wishes import make_wish
from publisher.tokens import Keys


@dataclass(frozen=True, slots=True)
class Request:
    """A filled-in form."""

    person: Person
    network: str  # it came from, as limits count: an IPv4 address or an IPv6 /64
    wording: str  # what stood beside the button, word for word
    source: str = "form"
    is_spam: bool = False  # by the field that people leave empty, or by its haste


def sign_up(
    conn: Connection, settings: Settings, keys: Keys, request: Request, now: datetime
) -> None:
    """Ask whoever has this address to confirm; says nothing of what became of it.

    A new address becomes a pending subscriber with consent and letter. A known one that is not
    active gets a letter too, an active one is told that it is; a suppressed one gets nothing.

    Raises AddressError and ChoiceError for what cannot be right, LimitReached, SiteHeld.
    """
    person = request.person
    address, name = parse(person.email), clean_name(person.name)
    choice = Catalogue(settings).choose(
        person.languages,
        person.digests,
        person.categories,
        person.time_zone,
        kinds=person.kinds,
        originals=bool(person.originals),
        is_lenient=True,
    )
    if request.is_spam:
        return
    pass_network(conn, keys, request.network, settings.web.signups_per_hour, now)
    entry = Entry(address, address_hash(address.key, keys.lasting), name, choice, State.PENDING)
    may_write = take_turn(conn, keys, "signup", address.key, now)
    blocked = is_suppressed(conn, entry.hash, now)
    known = find_one(conn, address.key)
    language = choice.languages.partition(" ")[0]
    # Both are looked up for everybody, so that nothing can be told from how long it takes.
    bodies = {
        letter: letter_body_id(conn, settings, keys, letter, language, {})
        for letter in (Letter.CONFIRM, Letter.ALREADY)
    }
    consent, letter = Consent(SIGNED_UP, request.source, request.wording), bodies[Letter.CONFIRM]
    if blocked or not may_write or (known is not None and known.state is State.ACTIVE):
        pretend_sign_up(conn, entry, consent, Letter.CONFIRM, letter, now)
    if blocked or not may_write:
        return
    if known is not None and known.state is State.ACTIVE:
        body_id = bodies[Letter.ALREADY]
        send_letter(conn, Letter.ALREADY, body_id, known.id, now, once="day")
        return
    subscriber_id = _remember(conn, entry, known, now)
    record(conn, [(subscriber_id, consent)], now)
    send_letter(conn, Letter.CONFIRM, letter, subscriber_id, now)


def pretend_sign_up(
    conn: Connection, entry: Entry, consent: Consent, letter: Letter, body_id: int, now: datetime
) -> None:
    """Do the work of a new sign-up for nobody and undo it, so that it takes as long as one."""
    local, domain = entry.hash.hex()[:40], "nobody.invalid"
    nobody = Address(f"{local}@{domain}", local, domain, f"{local}@{domain}")
    with conn.begin_nested() as work:
        decoy = replace(entry, address=nobody, hash=sha256(entry.hash).digest())
        subscriber_id = _remember(conn, decoy, None, now)
        record(conn, [(subscriber_id, consent)], now)
        send_letter(conn, letter, body_id, subscriber_id, now)
        work.rollback()


def _remember(conn: Connection, entry: Entry, known: Known | None, now: datetime) -> int:
    """Return whose letter it is, once their choice is kept: in a row of theirs, or as a wish."""
    if known is None:
        return add_pending(conn, entry, now)
    make_wish(conn, known.id, entry.name, entry.choice, now)
    return known.id


def add_pending(conn: Connection, entry: Entry, now: datetime) -> int:
    """Add somebody new who has not agreed yet; return their number.

    Where another did so at the same moment, it is that one's.
    """
    enrolment = Enrolment(Consent(SIGNED_UP, "form"), now)
    enrolment.run(conn, [entry], [(Result.ADDED_PENDING, None)])
    known = find_one(conn, entry.address.key)
    assert known is not None
    return known.id
