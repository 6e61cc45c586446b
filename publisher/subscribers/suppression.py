"""Addresses that are never to be mailed, whoever adds them again.

Only a keyed hash of the address is kept, so a suppression outlives the person's data. Waiting
deliveries need no visit: the sender asks for suppressions as it takes each row.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select, update

from publisher.address import address_hash, parse
from publisher.store import Prepared, insert_into, tables
from publisher.tokens import Keys

_AT_ONCE = 1000  # values in one IN list
_suppressions = tables.suppressions
_T = TypeVar("_T")


def suppress(
    conn: Connection,
    keys: Keys,
    address: str,
    now: datetime,
    *,
    reason: str = "operator",
    note: str = "",
) -> bool:
    """Never mail an address again; False when that was so already.

    Raises AddressError.
    """
    hashed = address_hash(parse(address).key, keys.lasting)
    return suppress_hashes(conn, [hashed], now, reason=reason, note=note) == 1


def suppress_hashes(
    conn: Connection, hashes: Iterable[bytes], now: datetime, *, reason: str, note: str = ""
) -> int:
    """Suppress addresses by their keyed hashes; return how many were not suppressed before."""
    wanted = list(dict.fromkeys(hashes))
    if not wanted:
        return 0
    lasting = _among(conn, wanted, _suppressions.c.until_at.is_(None))
    row = insert_into(conn, _suppressions).values(
        address_hash=bindparam("hashed"), reason=reason, since_at=int(now.timestamp()), note=note
    )
    # One that was to end no longer ends: the stronger word stays.
    stronger = row.on_conflict_do_update(
        index_elements=[_suppressions.c.address_hash],
        set_={"until_at": None, "reason": row.excluded.reason, "note": row.excluded.note},
        where=_suppressions.c.until_at.is_not(None),
    )
    for some in in_parts(wanted):
        conn.execute(stronger, [{"hashed": hashed} for hashed in some])
    return len(wanted) - len(lasting)


def suppress_dead(conn: Connection, subscriber_id: int, code: str, now: datetime) -> None:
    """Never again mail an address that its server says does not exist.

    code   the server's, for whoever asks why
    """
    suppress_person(conn, subscriber_id, now, reason="bounced", note=code)


def suppress_person(
    conn: Connection, subscriber_id: int, now: datetime, *, reason: str, note: str = ""
) -> bool:
    """Never again mail the address of a subscriber; False when that was so already."""
    hashed = conn.scalars(
        select(tables.subscribers.c.address_hash).where(tables.subscribers.c.id == subscriber_id)
    ).all()
    return suppress_hashes(conn, hashed, now, reason=reason, note=note) > 0


def forget_note(conn: Connection, keys: Keys, address: str) -> None:
    """Let go of what was noted beside an address's suppression: a note may tell whose it is.

    Raises AddressError.
    """
    hashed = address_hash(parse(address).key, keys.lasting)
    mine = (_suppressions.c.address_hash == hashed) & (_suppressions.c.reason == "operator")
    conn.execute(update(_suppressions).where(mine).values(note=""))


def suppressed(conn: Connection, hashes: Iterable[bytes], now: datetime) -> set[bytes]:
    """Return those of the keyed hashes that are suppressed at this moment."""
    wanted = list(hashes)
    if not wanted or conn.execute(select(_suppressions.c.reason).limit(1)).first() is None:
        return set()
    return _among(conn, wanted, holds_at(now))


def _among(conn: Connection, hashes: Sequence[bytes], holds: ColumnElement[bool]) -> set[bytes]:
    """Return those of the keyed hashes whose suppressions fulfil a condition."""
    found = set[bytes]()
    for some in in_parts(hashes):
        theirs = _suppressions.c.address_hash.in_(some)
        query = select(_suppressions.c.address_hash).where(theirs, holds)
        found.update(bytes(row[0]) for row in conn.execute(query))
    return found


def is_suppressed(conn: Connection, hashed: bytes, now: datetime) -> bool:
    """Return whether one address is suppressed at this moment, by its keyed hash."""
    return bool(_SUPPRESSED.run(conn, {"hashed": hashed, "at": int(now.timestamp())}))


_SUPPRESSED = Prepared(
    lambda _kind: select(_suppressions.c.reason).where(
        _suppressions.c.address_hash == bindparam("hashed"),
        or_(_suppressions.c.until_at.is_(None), _suppressions.c.until_at > bindparam("at")),
    )
)


def holds_at(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a suppression has not ended."""
    until_at = _suppressions.c.until_at
    return or_(until_at.is_(None), until_at > int(now.timestamp()))


def in_parts(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Yield values in lists that one statement can take."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
