"""Deliver over SMTP: several connections, each kept for many messages of one recipient each.

Here is decided what the end of a session means; how one message is handed over stands in
`delivery.handing`, what a connection is in `delivery.wire` and `delivery.session`.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from publisher.delivery.outcome import (
    Aside,
    Crowded,
    Message,
    Outcome,
    answer_code,
    is_quota,
    without_address,
)
from publisher.delivery.smtp.handing import Over, hand_over
from publisher.delivery.smtp.servers import REST_FOR_QUOTA, Health, Server, Servers
from publisher.delivery.smtp.session import Refused, Session, open_session
from publisher.settings.model import Smtp

REPLY_SECONDS = 300.0  # RFC 5321 section 4.5.3.2
FINAL_SECONDS = 600.0  # after the final dot: the server may be scanning, or delivering

# A 421 at RCPT or later may be about one recipient: the others get their turn before it.
ASIDE = timedelta(minutes=1)
_HINT = "check [delivery.smtp] host, port, security, username and the password"


class SmtpTransport:
    """The site's mail servers, and as many connections as it may use at once."""

    name = "smtp"

    def __init__(
        self,
        settings: Smtp,
        *,
        context: ssl.SSLContext | None = None,
        reply_seconds: float = REPLY_SECONDS,
        final_seconds: float = FINAL_SECONDS,
    ) -> None:
        """Prepare connections; they are opened when first needed.

        context  for tests with a certificate of their own
        """
        self.lanes = settings.connections
        self._settings = settings
        self._reply_seconds, self._final_seconds = reply_seconds, final_seconds
        self._servers = Servers(
            [Server(host, port) for host, port in settings.servers], self.name, _HINT
        )
        self._context = context
        self._first = asyncio.Lock()  # until one is let in, connections are tried one by one

    def connect(self) -> "SmtpConnection":
        """Return one more connection."""
        return SmtpConnection(self, self._final_seconds)

    def recall(self, known: Mapping[str, Health]) -> None:
        """Begin with what earlier runs learnt of the servers."""
        self._first = asyncio.Lock()  # of the loop that runs now
        self._servers.recall(known, time.monotonic())

    def learnt(self) -> dict[str, Health]:
        """Return what later runs should know of the servers."""
        return self._servers.learnt(time.monotonic())

    async def open(self) -> Session:
        """Open a session with the first server that lets us in.

        Raises TransportDown, or Crowded when a server in use takes no further connection.
        """
        while True:
            server, wait = self._servers.pick(time.monotonic())
            if wait:
                await asyncio.sleep(wait)
            elif server.open and not server.failures:
                return await self._enter(server)
            else:
                async with self._first:
                    if not server.is_ready(time.monotonic()):
                        continue
                    if server.open:
                        return await self._enter(server)
                    with suppress(Crowded):
                        return await self._enter(server)

    async def _enter(self, server: Server) -> Session:
        try:
            session = await open_session(self._settings, server, self._tls(), self._reply_seconds)
        except Refused as refused:
            self.refused(server, refused.words, refused.code)
            raise Crowded(refused.words) from refused
        server.open += 1
        return session

    def refused(self, server: Server, words: str, code: int) -> None:
        """Note that a server did not let us in, or sent us away before it took anything."""
        if code and is_quota(answer_code(code, words), words):
            server.rest(words, time.monotonic(), REST_FOR_QUOTA)
        else:
            server.refused(words, time.monotonic(), for_good=code >= 500)

    def used_up(self, server: Server, words: str) -> None:
        """Note that a server takes no more for now; raises TransportDown when there is no other."""
        server.rest(words, time.monotonic(), REST_FOR_QUOTA)
        self._servers.pick(time.monotonic())

    def _tls(self) -> ssl.SSLContext | None:
        if self._settings.security == "none":
            return None
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context


class SmtpConnection:
    """One connection, opened when first needed and again when the server ended it."""

    def __init__(self, transport: SmtpTransport, final_seconds: float) -> None:
        """Prepare a connection of a transport."""
        self._transport = transport
        self._final_seconds = final_seconds
        self._session: Session | None = None

    @property
    def is_ready(self) -> bool:
        """Whether a message can be handed over without waiting."""
        session = self._session
        return session is not None and session.wire.is_open and not _pause(session)

    async def ready(self) -> None:
        """Connect where that is needed, and keep the pace the server has taught us.

        Raises TransportDown or Crowded.
        """
        session = await self._open()
        if pause := _pause(session):
            await asyncio.sleep(pause)

    async def send(self, message: Message) -> Outcome:
        """Hand one message over, on a new session if the one in use turns out to be over.

        Raises what says that it was certainly not delivered: TransportDown when nobody's could
        be, Crowded when only this connection is unwelcome, Aside when others should go first.
        """
        while True:
            session = await self._open()
            session.server.pace.reserve(time.monotonic())
            try:
                outcome = await hand_over(session, message, self._final_seconds)
            except Over as over:
                await self.close()
                self._judge(session, over, without_address(over.words, message.recipient))
                continue
            session.used = True
            if outcome.is_answered:
                session.server.welcomed()
            return outcome

    def hurry(self, seconds: float) -> None:
        """Wait for no reply longer than this from now on."""
        if self._session is not None:
            self._session.wire.hurry(seconds)

    async def close(self) -> None:
        """Say QUIT and close; whatever the server does then is no matter to us."""
        if self._session is not None and self._session.wire.is_open:
            await self._session.quit()
        self._drop()

    async def _open(self) -> Session:
        if self._session is None or not self._session.wire.is_open:
            self._drop()
            self._session = await self._transport.open()
        return self._session

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.wire.close()
            session.server.open -= 1

    def _judge(self, session: Session, over: Over, words: str) -> None:
        """Decide what the end of a session means for the message under way; returns to try again."""
        server = session.server
        if over.is_quota:
            self._transport.used_up(server, words)
        if over.is_quota or session.used:
            # Another server has not used up its quota. And servers end sessions that carried enough:
            # a new one shows whether it is more than that.
            return
        self._transport.refused(server, words, over.code)
        if over.is_aside:
            raise Aside(words, ASIDE)
        if server.open:
            raise Crowded(words)


def _pause(session: Session) -> float:
    return session.server.pace.wait_seconds(time.monotonic())
