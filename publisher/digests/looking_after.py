"""An operator's acts on single deliveries, with the state of their editions kept true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from publisher import delivery
from publisher.address import parse
from publisher.delivery import Act, Left, Selection
from publisher.digests.accounting import Named, whose
from publisher.digests.edition import State, purpose_of
from publisher.ops import log
from publisher.store import write
from publisher.store.tables import editions

_log = log.get("digests")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one delivery stands by now."""

    address: str
    edition: str  # its name, or what a letter was for
    state: str
    code: str


@dataclass(frozen=True, slots=True)
class LookedAfter:
    """What an act on deliveries came to."""

    rows: int  # how many moved
    left: Mapping[Left, int]  # how many did not, by why
    reopened: tuple[str, ...]  # names of editions that were sent and have something to send again
    unknown: tuple[str, ...]  # addresses that nobody here has
    now: tuple[Standing, ...]  # of people who were named: what is not sent by now


def look_after(
    engine: Engine,
    act: Act,
    now: datetime,
    *,
    edition: str = "",
    word: str = "",
    addresses: Sequence[str] = (),
) -> LookedAfter:
    """Retry, hold or release the deliveries that all of these name. Repeat-safe.

    edition    an edition, a digest or letters; see `whose`
    word       a state, or another of delivery's WORDS
    addresses  only to these people

    Raises AddressError, and PublisherError when no edition has that name.
    """
    keys = {parse(address).key: address for address in addresses}
    with write(engine) as conn:
        these, known = whose(conn, edition), delivery.people_of(conn, list(keys))
        people = tuple(known.values()) if keys else None
        _take(conn, these)
        moved = delivery.act_on(conn, act, Selection(these.purposes, word, people), now)
        touched = [one for one in these.editions if purpose_of(one.id) in moved.purposes]
        again = [one for one in touched if _reopen(conn, one.id)]
        standing = _standing(conn, these, people) if people else ()
    for one in again:
        _log.info("edition sending again", edition=one.id, digest=one.digest, slot=one.slot)
    unknown = tuple(address for key, address in keys.items() if key not in known)
    return LookedAfter(moved.rows, moved.left, tuple(one.name for one in again), unknown, standing)


def _standing(conn: Connection, these: Named, people: tuple[int, ...]) -> tuple[Standing, ...]:
    names, theirs = these.names(), Selection(these.purposes, subscriber_ids=people)
    return tuple(
        Standing(row.address, names.get(row.purpose, row.purpose), row.state, row.code)
        for row in delivery.rows(conn, theirs)
        if row.state not in (delivery.State.SENT, delivery.State.SKIPPED)
    )


def _take(conn: Connection, these: Named) -> None:
    """Let nobody close, hold or cancel these editions before this transaction ends."""
    mine = editions.c.id.in_([one.id for one in these.editions])
    chosen = select(editions.c.id).where(mine).order_by(editions.c.id)
    conn.execute(chosen.with_for_update()).all()


def _reopen(conn: Connection, number: int) -> bool:
    """Call an edition that was sent so no longer when something of it waits; return whether it was.

    `close_settled` calls it sent again, as of the moment at which all of it is settled.
    """
    mine = editions.c.id == number
    state = conn.scalar(select(editions.c.state).where(mine))
    if state != State.SENT or not delivery.is_waiting(conn, purpose_of(number)):
        return False
    conn.execute(update(editions).where(mine).values(state=State.SENDING, closed_at=None))
    return True
