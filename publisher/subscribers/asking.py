"""How often letters may be asked for: by one address, from one network, and by everybody together.

Whoever types somebody else's address must not be able to fill their inbox, nor use us to mail the
world. Only keyed hashes are kept, and each only as long as it can still count.
"""

import hmac
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import Connection, delete, func, select

from publisher.errors import AskedTooOften
from publisher.store import insert_into
from publisher.store.tables import asks
from publisher.tokens import Keys

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PER_ADDRESS = ((1, HOUR), (3, DAY))
PER_NETWORK = 10  # an hour
_V6_NETWORK = 64  # bits: what one household or machine is given
_EVERYBODY = b""


def pass_network(conn: Connection, keys: Keys, address: str, per_hour: int, now: datetime) -> None:
    """Count one more wish for a letter from an IP address; "" is one that nobody knows.

    per_hour   how many letters all of them together may ask for; 0: no limit

    Raises AskedTooOften.
    """
    at = int(now.timestamp())
    hour = at - int(HOUR.total_seconds())
    if per_hour and _count(conn, _EVERYBODY, hour) >= per_hour:
        raise AskedTooOften(_free_at(conn, _EVERYBODY, hour))
    if not address:
        return
    who = _hash(keys, "network", network_of(address))
    if _count(conn, who, hour) >= PER_NETWORK:
        raise AskedTooOften(_free_at(conn, who, hour))
    _add(conn, who, at)


def take_turn(conn: Connection, keys: Keys, purpose: str, address_key: str, now: datetime) -> bool:
    """Return whether a letter may go to an address for a purpose, and count it if so."""
    who, at = _hash(keys, purpose, address_key), int(now.timestamp())
    if any(_count(conn, who, at - int(span.total_seconds())) >= most for most, span in PER_ADDRESS):
        return False
    _add(conn, who, at)
    _add(conn, _EVERYBODY, at // 60 * 60)  # one row a minute is enough to know when it is free
    return True


def forget_asks(conn: Connection, now: datetime) -> int:
    """Let go of what no longer counts; return how many rows."""
    old = asks.c.asked_at < int((now - DAY).timestamp())
    return conn.execute(delete(asks).where(old)).rowcount


def network_of(address: str) -> str:
    """Return the network that an IP address stands for; a text that is none stands for itself."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ip_network((found, _V6_NETWORK), strict=False))
    return str(found)


def _hash(keys: Keys, kind: str, text: str) -> bytes:
    said = f"asks\0{kind}\0{text}".encode()
    return hmac.digest(keys.lasting, said, "sha256")[:16]


def _count(conn: Connection, who: bytes, after: int) -> int:
    counted = select(func.coalesce(func.sum(asks.c.number), 0)).where(
        asks.c.who == who, asks.c.asked_at > after
    )
    return int(conn.execute(counted).scalar_one())


def _free_at(conn: Connection, who: bytes, after: int) -> datetime:
    first = select(func.min(asks.c.asked_at)).where(asks.c.who == who, asks.c.asked_at > after)
    return datetime.fromtimestamp(conn.execute(first).scalar_one() + 60, UTC) + HOUR


def _add(conn: Connection, who: bytes, at: int) -> None:
    row = insert_into(conn, asks).values(who=who, asked_at=at, number=1)
    conn.execute(
        row.on_conflict_do_update(
            index_elements=["who", "asked_at"], set_={"number": asks.c.number + 1}
        )
    )
