"""How messages leave: one module per transport, and the table of their names.

A transport is anything with `name`, `send` and `close`. It knows messages and nothing else. What
becomes of one recipient is the Outcome it returns; TransportDown, which it raises, means that it
can carry nobody now and that the message it was given was certainly not delivered.
"""

import re
from collections.abc import Callable
from threading import Event
from typing import Protocol

from publisher.delivery.outcome import Message, Outcome
from publisher.errors import Problem, SettingsError
from publisher.settings.model import Settings

# Names that RFC 2606 keeps for examples: nobody's mail may claim to come from there.
_EXAMPLE_SENDER = re.compile(r"(?:^|[@.])example(?:\.[a-z]{2,})?$", re.IGNORECASE)


class Transport(Protocol):
    """One way out, used by one thread at a time."""

    @property
    def name(self) -> str:
        """The word in `[delivery] transport`."""

    def send(self, message: Message) -> Outcome:
        """Hand one message over; raises TransportDown."""

    def close(self) -> None:
        """Let go of connections politely; never raises."""


def _maildir(settings: Settings, _stop: Event | None) -> Transport:
    from publisher.delivery.transports.maildir import Maildir

    return Maildir(settings.outbox_dir)


def _smtp(settings: Settings, stop: Event | None) -> Transport:
    from publisher.delivery.transports.smtp import SmtpTransport

    return SmtpTransport(settings.delivery.smtp, stop=stop)


def _ses(settings: Settings, stop: Event | None) -> Transport:
    from publisher.delivery.transports.ses import open_ses

    return open_ses(settings, stop)


def _postmark(settings: Settings, stop: Event | None) -> Transport:
    from publisher.delivery.transports.postmark import open_postmark

    return open_postmark(settings, stop)


_Opener = Callable[[Settings, Event | None], Transport]
TRANSPORTS: dict[str, _Opener] = {
    "maildir": _maildir,
    "smtp": _smtp,
    "ses": _ses,
    "postmark": _postmark,
}


def open_transport(settings: Settings, stop: Event | None = None) -> Transport:
    """Return the transport that the settings name; it connects when first used.

    stop  once set, the message under way is waited for seconds, not minutes

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
    return TRANSPORTS[name](settings, stop)
