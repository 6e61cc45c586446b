"""How often letters may be asked for: by one address, from one network, and by everybody together.

Whoever types somebody else's address must not be able to fill their inbox, nor use us to mail the
world. Only keyed hashes are kept, and each only as long as it can still count.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, select, text

from publisher.delivery import site_hold
from publisher.errors import LimitReached, SiteHeld
from publisher.keyed import keyed_hash
from publisher.store import Prepared, insert_for
from publisher.store.prepared import Statement
from publisher.store.tables import asks
from publisher.tokens import Keys

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PER_ADDRESS = ((1, HOUR), (3, DAY))
PER_NETWORK = 10  # an hour
_EVERYBODY = b""


def pass_network(conn: Connection, keys: Keys, network: str, per_hour: int, now: datetime) -> None:
    """Count one more wish for a letter from a network; "" is one that nobody counts.

    network    an IPv4 address or an IPv6 /64
    per_hour   how many letters all of them together may ask for; 0: no limit

    Raises LimitReached, and SiteHeld in a restored copy: a letter asked for would wait in it, and
    its links would end before anybody gets them.
    """
    if held := site_hold(conn):
        raise SiteHeld(held.since, held.why)
    at = int(now.timestamp())
    hour = at - int(HOUR.total_seconds())
    if per_hour and _count(conn, _EVERYBODY, hour) >= per_hour:
        raise LimitReached("letters asked for", _free_in(conn, _EVERYBODY, at))
    if not network:
        return
    who = _hash(keys, "network", network)
    _one_at_a_time(conn, who)
    if _count(conn, who, hour) >= PER_NETWORK:
        raise LimitReached("letters asked for from one network", _free_in(conn, who, at))
    _add(conn, who, at)


def take_turn(conn: Connection, keys: Keys, purpose: str, address_key: str, now: datetime) -> bool:
    """Return whether a letter may go to an address for a purpose, and count it if so."""
    who, at = _hash(keys, purpose, address_key), int(now.timestamp())
    _one_at_a_time(conn, who)
    if any(_count(conn, who, at - int(span.total_seconds())) >= most for most, span in PER_ADDRESS):
        return False
    _add(conn, who, at)
    _add(conn, _EVERYBODY, at // 60 * 60)  # one row a minute is enough to know when it is free
    return True


def forget_asks(conn: Connection, now: datetime) -> int:
    """Let go of what no longer counts; return how many rows."""
    old = asks.c.asked_at < int((now - DAY).timestamp())
    return conn.execute(delete(asks).where(old)).rowcount


def _hash(keys: Keys, kind: str, whose: str) -> bytes:
    said = f"asks\0{kind}\0{whose}".encode()
    return keyed_hash(keys.lasting, said)[:16]


def _one_at_a_time(conn: Connection, who: bytes) -> None:
    """Let nobody else count the same until this transaction ends; SQLite has one writer anyway.

    A network is always counted before an address, so that no two wait for each other.
    """
    if conn.dialect.name == "postgresql":
        key = int.from_bytes(who[:8], signed=True)
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _count(conn: Connection, who: bytes, after: int) -> int:
    ((number,),) = _COUNTED.run(conn, {"by": who, "after": after})
    return int(number)


def _free_in(conn: Connection, who: bytes, at: int) -> timedelta:
    hour = int(HOUR.total_seconds())
    first = select(func.min(asks.c.asked_at)).where(asks.c.who == who, asks.c.asked_at > at - hour)
    # What everybody asked for is counted by the minute.
    return timedelta(seconds=conn.execute(first).scalar_one() + hour - at + 60)


def _add(conn: Connection, who: bytes, at: int) -> None:
    _ADDED.run(conn, {"by": who, "at": at})


def _one_more(kind: str) -> Statement:
    row = insert_for(kind, asks).values(who=bindparam("by"), asked_at=bindparam("at"), number=1)
    return row.on_conflict_do_update(
        index_elements=["who", "asked_at"], set_={"number": asks.c.number + 1}
    )


_COUNTED = Prepared(
    lambda _kind: select(func.coalesce(func.sum(asks.c.number), 0)).where(
        asks.c.who == bindparam("by"), asks.c.asked_at > bindparam("after")
    )
)
_ADDED = Prepared(_one_more)
