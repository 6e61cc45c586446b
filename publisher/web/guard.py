"""What stands between a page and the world: headers of every answer, who asks, how much they say."""

import asyncio
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request

from publisher.web.refused import Refused

if TYPE_CHECKING:
    from publisher.settings import Settings

MOST_BODY = 64 * 1024  # bytes of a form; the longest that a page of ours makes has a tenth
BODY_SECONDS = 20.0  # for the whole body of a request
NOWHERE = "unknown"  # the network of who asks through a socket that has no address
_MOST_HOPS = 20  # addresses of X-Forwarded-For that are looked at, from the nearest on

# The path of a page may hold a signed link, so no page tells another where its reader was.
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
}
_FORWARDING = ("x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host")


def content_policy(
    settings: "Settings",
    *,
    images: Iterable[str] = (),
    is_styled: bool = False,
) -> str:
    """Return a Content-Security-Policy: our own styles and pictures, no script, nobody frames us.

    images     further origins or schemes of pictures ("https:")
    is_styled  elements bring styles of their own, as those of an edition do
    """
    pictures = ("'self'", "data:", *_origins(settings.look.logo, settings.files_url), *images)
    styles = "'self'; style-src-attr 'unsafe-inline'" if is_styled else "'self'"
    return (
        f"default-src 'none'; style-src {styles}; img-src {' '.join(dict.fromkeys(pictures))}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _origins(*addresses: str) -> Iterable[str]:
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.netloc:
            yield f"{parts.scheme}://{parts.netloc}"


def client_address(
    peer: str, forwarded: Iterable[str], proxies: Iterable[str]
) -> IPv4Address | IPv6Address | None:
    """Return who really asks: the nearest hop that is no proxy of ours; None when nobody can say.

    peer       the address the connection came from
    forwarded  each X-Forwarded-For of the request: some proxies add one of their own to the client's
    proxies    addresses and networks whose X-Forwarded-For is believed
    """
    trusted = [ip_network(place, strict=False) for place in proxies]
    found = _address(peer)
    said = ",".join(forwarded).rsplit(",", _MOST_HOPS)
    while found and said and any(found in place for place in trusted):
        further = said.pop().strip()
        if not further:
            break
        # What a trusted proxy passes on, but is no address, was made up by whoever asks it.
        found = _address(further)
    return found


def network_of(address: IPv4Address | IPv6Address | None) -> str:
    """Return what limits count by: a whole IPv4 address, or the /64 that one IPv6 customer has."""
    if address is None:
        return NOWHERE
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), 64), strict=False))
    return str(address)


def is_local(peer: str, headers: Mapping[str, str]) -> bool:
    """Return whether a request comes from this very machine and no proxy brought it."""
    address = _address(peer)
    return bool(address and address.is_loopback) and not any(
        name in headers for name in _FORWARDING
    )


def _address(text: str) -> IPv4Address | IPv6Address | None:
    text = text.partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # some proxies write the port as well
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


async def read_body(request: Request) -> bytes:
    """Return the body of a request; raises Refused: 413 too large, 408 too slow, 400 broken off."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > MOST_BODY:
        raise Refused(413, "the body is too large")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BODY:
                    raise Refused(413, "the body is too large")
    except TimeoutError as error:
        raise Refused(408, "the body came too slowly") from error
    except ClientDisconnect as error:
        raise Refused(400, "the connection broke off") from error
    return bytes(body)
