"""Which hosts and addresses may be asked: public ones, and those a test lists.

Python's own `is_global` is not enough: versions differ, and it takes multicast, site-local and
several ways of wrapping a private IPv4 address into an IPv6 one for global. Checked against the
special-purpose registries of IANA (RFC 6890), June 2025.
"""

import re
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Thread

Resolver = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host for a port; raises OSError, gaierror when there is no such name."""

_UNICAST = IPv6Network("2000::/3")  # all that is given out for the public Internet
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_NEVER = tuple(
    ip_network(each)
    for each in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # protocol assignments; Teredo, which wraps IPv4, is one of them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: wraps IPv4
        "3fff::/20",  # documentation
    )
)
_RESERVED = re.compile(
    r"(?:.*\.)?(?:example(?:\.[^.]+)?|test|invalid|localhost|local|internal|onion|alt|home\.arpa)",
    re.IGNORECASE,
)


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public Internet's, in every way to read it."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:  # where there is only IPv6, IPv4 hosts are known by such addresses
            return is_public(str(IPv4Address(int(ip) & 0xFFFFFFFF)))
        # Wrapped IPv4 (::ffff:…, ::…), site-local, unique local and multicast lie outside.
        if ip.scope_id or ip not in _UNICAST:
            return False
    is_special = any(ip.version == net.version and ip in net for net in _NEVER)
    return ip.is_global and not ip.is_multicast and not is_special


def is_reserved(host: str) -> bool:
    """Return whether a host's name is one that never is on the public Internet, as in examples.

    Source: RFC 2606, RFC 6761, RFC 6762, RFC 7686, RFC 9476.
    """
    return bool(_RESERVED.fullmatch(host.rstrip(".")))


def listed_as(host: str, port: int) -> str:
    """Return how PUBLISHER_REACH names a host and port."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def look_up(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses the system knows for a host; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(place[4][0]) for place in found))


def in_time(resolver: Resolver, host: str, port: int, seconds: float) -> tuple[str, ...]:
    """Return what a resolver says, unless it takes too long.

    The system's own resolver knows no deadline, so it is left to a thread that nobody waits for.

    Raises OSError, TimeoutError.
    """
    found: list[tuple[str, ...]] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            found.append(tuple(resolver(host, port)))
        except OSError as error:
            failed.append(error)
        except UnicodeError:  # a label that is empty or too long for any name
            failed.append(socket.gaierror(socket.EAI_NONAME, "no host can have this name"))

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(max(seconds, 0))
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError("no name server answered in time")
    return found[0]
