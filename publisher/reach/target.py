"""From a URL to the addresses that may be connected to, or to why there are none."""

import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from publisher.reach.answer import Kind
from publisher.reach.places import Resolver, in_time, is_public, listed_as

PORTS = (80, 443, 8080, 8443)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes, decided once: nothing later looks the host up again."""

    host: str  # as the URL has it, in ASCII; an IPv6 address without its brackets
    port: int
    is_secure: bool
    addresses: tuple[str, ...]  # all of them checked

    @staticmethod
    def origin_of(url: str) -> tuple[str, str, int]:
        """Return scheme, host and port of a URL; empty ones where it has none."""
        try:
            parts = urlsplit(url)
            port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        except ValueError:
            return "", "", 0
        return parts.scheme, (parts.hostname or "").rstrip("."), port


def place_of(url: str) -> str:
    """Return the host and port that a URL leads to, as PUBLISHER_REACH names them."""
    _, host, port = Target.origin_of(url)
    return listed_as(host, port)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no place to connect to."""

    kind: Kind
    detail: str


def target_of(
    url: str, allowed: frozenset[str], resolver: Resolver, seconds: float
) -> Target | Refusal:
    """Return the place a URL leads to when it may be asked.

    allowed  "host:port" in lower case; if any are given, these alone, wherever they lie
    seconds  for looking its name up
    """
    parts = _split(url)
    if isinstance(parts, Refusal):
        return parts
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    is_listed = listed_as(host, port) in allowed
    if allowed and not is_listed:
        return Refusal(Kind.REFUSED, "PUBLISHER_REACH does not list it")
    if not is_listed and port not in PORTS:
        return Refusal(Kind.REFUSED, f"port {port} is none of the web's")
    try:
        addresses = in_time(resolver, host, port, seconds)
    except OSError as error:
        return _unknown(error)
    if not addresses:
        return Refusal(Kind.NO_HOST, "it has no address")
    private = [each for each in addresses if not is_public(each)]
    if private and not is_listed:
        return Refusal(Kind.PRIVATE, f"{private[0]} is no address of the public Internet")
    return Target(host, port, is_secure, addresses)


def _split(url: str) -> SplitResult | Refusal:
    """Return a URL's parts, with the host in ASCII; or what is wrong with it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return Refusal(Kind.REFUSED, "it is no web address")
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return Refusal(Kind.REFUSED, "it is no address that starts with http:// or https://")
    if "@" in parts.netloc:
        return Refusal(Kind.REFUSED, "it holds a user name or password")
    if "\\" in parts.netloc or any(not c.isprintable() or c.isspace() for c in parts.netloc):
        return Refusal(Kind.REFUSED, "its host is not written as one")
    return parts


def _unknown(error: OSError) -> Refusal:
    lasting = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
    if isinstance(error, socket.gaierror) and error.errno in lasting:
        return Refusal(Kind.NO_HOST, "there is no host of this name")
    return Refusal(Kind.UNREACHABLE, "its name cannot be looked up")
