"""What goes to a transport and what comes back: one message, one outcome, both plain values."""

import re
from dataclasses import dataclass
from enum import StrEnum

from publisher.errors import one_line

LONGEST_ANSWER = 500  # characters kept of what a server said
DEAD_ADDRESS_CODES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.10"})  # RFC 3463, RFC 7505

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")


class Kind(StrEnum):
    """What became of one attempt."""

    ACCEPTED = "accepted"  # the receiver took it over
    DEFERRED = "deferred"  # certainly not delivered; worth another try
    REFUSED = "refused"  # certainly not delivered; no use trying again
    UNKNOWN = "unknown"  # handed over, and no answer came


@dataclass(frozen=True, slots=True)
class Outcome:
    """One recipient's fate, as data: never an exception."""

    kind: Kind
    code: str = ""  # "5.1.1", or "550" from a server without enhanced codes; "" when none spoke
    text: str = ""
    remote_id: str = ""

    @property
    def is_answered(self) -> bool:
        """Whether a server said so, rather than a broken connection."""
        return bool(self.code)


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message for one recipient, with its envelope."""

    message_id: str
    sender: str  # MAIL FROM
    recipient: str  # RCPT TO; the domain as A-label
    data: bytes  # RFC 5322, CRLF, not dot-stuffed
    needs_smtputf8: bool = False


def answer_code(reply: int, text: str) -> str:
    """Return the enhanced status code that a reply opens with, else the reply's own number.

    Source: RFC 3463. A code of another class than the reply is not believed.
    """
    found = _ENHANCED.match(text)
    if found and found[1][0] == str(reply)[0]:
        return found[1]
    return str(reply)


def without_address(text: str, *addresses: str) -> str:
    """Return a server's words on one line, the recipient's address replaced by `<recipient>`.

    Answers are kept longer than people may want to be known, so erasing must find nothing here.
    """
    text = one_line(text)
    for address in sorted({a for a in addresses if a}, key=len, reverse=True):
        text = re.sub(f"<?{re.escape(address)}>?", "<recipient>", text, flags=re.IGNORECASE)
    return text[:LONGEST_ANSWER]
