"""How messages leave: one module per transport, and the table of their names.

A transport opens connections, as many as it has lanes; each carries one message at a time. It
knows messages and nothing else. What becomes of one recipient is the Outcome a connection returns;
what it raises (TransportDown, Crowded, Aside) means that the message it was given was certainly
not delivered. A transport whose calls block has just `name`, `send` and `close`, and is given its
lanes by `Lanes`.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from threading import Event
from typing import Protocol

from publisher.delivery.outcome import Message, Outcome
from publisher.delivery.smtp.lanes import Lanes
from publisher.delivery.smtp.servers import Health
from publisher.errors import Problem, SettingsError
from publisher.settings.model import Settings

# Names that RFC 2606 keeps for examples: nobody's mail may claim to come from there.
_EXAMPLE_SENDER = re.compile(r"(?:^|[@.])example(?:\.[a-z]{2,})?$", re.IGNORECASE)


class Connection(Protocol):
    """One lane of a transport."""

    @property
    def is_ready(self) -> bool:
        """Whether a message can be handed over without waiting for anything."""

    async def ready(self) -> None:
        """Wait until a message can be handed over; raises TransportDown or Crowded."""

    async def send(self, message: Message) -> Outcome:
        """Hand one message over; raises TransportDown, Crowded or Aside."""

    def hurry(self, seconds: float) -> None:
        """Wait for no answer longer than this from now on: somebody wants to stop."""

    async def close(self) -> None:
        """Let go of the connection politely; never raises."""


class Transport(Protocol):
    """One way out."""

    @property
    def name(self) -> str:
        """The word in `[delivery] transport`."""

    @property
    def lanes(self) -> int:
        """How many messages may be under way at once."""

    def connect(self) -> Connection:
        """Return a connection, which opens when first needed."""

    def recall(self, known: Mapping[str, Health]) -> None:
        """Begin with what earlier runs have learnt."""

    def learnt(self) -> dict[str, Health]:
        """Return what later runs should know."""


def _maildir(settings: Settings, _stop: Event | None, _reply_seconds: float) -> Transport:
    from publisher.delivery.transports.maildir import Maildir

    return Lanes(lambda: Maildir(settings.outbox_dir), 1)


def _smtp(settings: Settings, _stop: Event | None, reply_seconds: float) -> Transport:
    from publisher.delivery.transports.smtp import FINAL_SECONDS, REPLY_SECONDS, SmtpTransport

    return SmtpTransport(
        settings.delivery.smtp,
        reply_seconds=reply_seconds or REPLY_SECONDS,
        final_seconds=reply_seconds or FINAL_SECONDS,
    )


def _ses(settings: Settings, stop: Event | None, _reply_seconds: float) -> Transport:
    from publisher.delivery.transports.ses import open_ses

    return Lanes(lambda: open_ses(settings, stop), settings.delivery.ses.connections)


def _postmark(settings: Settings, stop: Event | None, _reply_seconds: float) -> Transport:
    from publisher.delivery.transports.postmark import open_postmark

    return Lanes(lambda: open_postmark(settings, stop), settings.delivery.postmark.connections)


_Opener = Callable[[Settings, Event | None, float], Transport]
TRANSPORTS: dict[str, _Opener] = {
    "maildir": _maildir,
    "smtp": _smtp,
    "ses": _ses,
    "postmark": _postmark,
}


def open_transport(
    settings: Settings, stop: Event | None = None, reply_seconds: float = 0.0
) -> Transport:
    """Return the transport that the settings name; it connects when first used.

    stop           once set, blocking transports wait for what is under way seconds, not minutes
    reply_seconds  how long to wait for a mail server's answers; 0: as long as the standard asks

    Raises SettingsError when mail from an example address would leave the machine, or when the
    transport has no keys.
    """
    name = settings.delivery.transport
    if name != "maildir" and _EXAMPLE_SENDER.search(settings.sender.address.strip()):
        problem = Problem(
            "publisher.toml",
            0,
            f"[sender] address {settings.sender.address} is an example, "
            f"and transport {name} would send it to real people",
            'set an address of your own, or [delivery] transport = "maildir"',
        )
        raise SettingsError([problem])
    return TRANSPORTS[name](settings, stop, reply_seconds)


def send_one(transport: Transport, message: Message) -> Outcome:
    """Hand a single message over, outside any run; raises TransportDown."""

    async def send() -> Outcome:
        connection = transport.connect()
        try:
            return await connection.send(message)
        finally:
            await connection.close()

    return asyncio.run(send())
