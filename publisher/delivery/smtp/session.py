"""An SMTP session from the connection to the point at which messages can be handed over."""

import asyncio
import base64
import socket
import ssl
from dataclasses import dataclass

from publisher.delivery.smtp.servers import Server
from publisher.delivery.smtp.wire import Lost, Reply, Wire
from publisher.settings.model import Smtp

CONNECT_SECONDS = 30.0
QUIT_SECONDS = 1.0


class Refused(Exception):
    """The server could not be reached or did not let us in."""

    def __init__(self, words: str, code: int = 0) -> None:
        super().__init__(words)
        self.words, self.code = words, code


@dataclass(slots=True)
class Session:
    """A session that messages can be handed over in."""

    wire: Wire
    server: Server
    offers: frozenset[str]  # EHLO keywords, upper case
    used: bool = False  # whether a message went through it: the server does talk to us
    reply_seconds: float = 300.0

    async def ask(self, line: str) -> Reply:
        """Send one command and return its reply; raises Lost."""
        return await _ask(self.wire, line, self.reply_seconds)

    async def quit(self) -> None:
        """Say goodbye, and wait for the answer a moment only; never raises."""
        try:
            await _ask(self.wire, "QUIT", QUIT_SECONDS)
        except Lost:
            return


async def open_session(
    settings: Smtp, server: Server, context: ssl.SSLContext | None, reply_seconds: float
) -> Session:
    """Connect, encrypt and log in as the settings say; raises Refused.

    context  for TLS and STARTTLS; certificates are verified as it says
    """
    wire = None
    try:
        wire = await _dial(settings, server, context)
        await _expect(wire, reply_seconds, 220)
        name = _own_name(wire)
        offers = await _greet(wire, name, reply_seconds)
        if settings.security == "starttls":
            offers = await _secure(wire, server, offers, name, context, reply_seconds)
        if settings.username:
            await _log_in(wire, settings, offers, reply_seconds)
    except Refused:
        _close(wire)
        raise
    except (Lost, OSError, UnicodeError, TimeoutError) as error:
        _close(wire)
        raise Refused(str(error) or type(error).__name__) from error
    except BaseException:
        _close(wire)
        raise
    return Session(wire, server, frozenset(offers), reply_seconds=reply_seconds)


async def _dial(settings: Smtp, server: Server, context: ssl.SSLContext | None) -> Wire:
    loop = asyncio.get_running_loop()
    is_tls = settings.security == "tls"
    making = loop.create_connection(
        Wire,
        server.host,
        server.port,
        ssl=context if is_tls else None,
        server_hostname=server.host if is_tls else None,
    )
    async with asyncio.timeout(CONNECT_SECONDS):
        transport, wire = await making
    sock = transport.get_extra_info("socket")
    # The dot is sent alone; Nagle's algorithm would let it wait for the answer to the rest.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def _own_name(wire: Wire) -> str:
    name = socket.gethostname()
    if "." in name:
        return name
    here = str(wire.transport.get_extra_info("sockname")[0])
    return f"[IPv6:{here}]" if ":" in here else f"[{here}]"


async def _greet(wire: Wire, name: str, seconds: float) -> dict[str, str]:
    """Say EHLO and return what the server offers; what it said before counts no more."""
    reply = await _ask(wire, f"EHLO {name}", seconds)
    if reply.code != 250:
        raise Refused(str(reply), reply.code)
    offers = {}
    for line in reply.lines[1:]:
        word, _, more = line.partition(" ")
        offers[word.upper()] = more
    return offers


async def _secure(
    wire: Wire,
    server: Server,
    offers: dict[str, str],
    name: str,
    context: ssl.SSLContext | None,
    seconds: float,
) -> dict[str, str]:
    if "STARTTLS" not in offers:
        raise Refused("the server does not offer STARTTLS", 500)
    reply = await _ask(wire, "STARTTLS", seconds)
    if reply.code != 220:
        raise Refused(str(reply), reply.code)
    assert context is not None
    async with asyncio.timeout(CONNECT_SECONDS):
        await wire.secure(context, server.host)
    return await _greet(wire, name, seconds)


async def _log_in(wire: Wire, settings: Smtp, offers: dict[str, str], seconds: float) -> None:
    ways = offers.get("AUTH", "").upper().split()
    user, password = settings.username.encode(), settings.password.encode()
    if "PLAIN" in ways:
        secret = base64.b64encode(b"\0" + user + b"\0" + password).decode()
        reply = await _ask(wire, f"AUTH PLAIN {secret}", seconds)
    elif "LOGIN" in ways:
        reply = await _ask(wire, "AUTH LOGIN", seconds)
        for word in (user, password):
            if reply.code == 334:
                reply = await _ask(wire, base64.b64encode(word).decode(), seconds)
    else:
        offered = ", ".join(ways) or "no way at all"
        raise Refused(f"the server offers to log in by {offered}, and we know PLAIN and LOGIN", 500)
    if reply.code != 235:
        raise Refused(str(reply), reply.code)


async def _expect(wire: Wire, seconds: float, code: int) -> None:
    (reply,) = await wire.heard(1, seconds)
    if reply.code != code:
        raise Refused(str(reply), reply.code)


async def _ask(wire: Wire, line: str, seconds: float) -> Reply:
    wire.write(line.encode() + b"\r\n", 1)
    (reply,) = await wire.heard(1, seconds)
    return reply


def _close(wire: Wire | None) -> None:
    if wire is not None:
        wire.close()
