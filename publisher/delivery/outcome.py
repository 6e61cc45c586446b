"""What goes to a transport and what comes back: one message, one outcome, both plain values."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from publisher.errors import one_line

LONGEST_ANSWER = 500  # characters kept of what a server said
DEAD_ADDRESS_CODES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.10"})  # RFC 3463, RFC 7505

# What a provider says of its own limits, not of a rate that was too high for a moment; a full
# mailbox (X.2.2) is the recipient's matter.
_QUOTA = re.compile(
    r"\b(?:daily|hourly|per[- ](?:day|hour))\b.{0,40}?\b(?:limit|quota)\b|"
    r"\b(?:sending|account|relay|smtp)(?: message)? (?:limit|quota)\b|"
    r"\b(?:limit|quota)\b.{0,40}?\b(?:exceeded|reached)\b.{0,40}?\b(?:day|hour|account|sender)\b",
    re.IGNORECASE,
)
# 4.7.28 is Gmail's word for too many at once; 4.3.2 is any system's for "not just now".
_TOO_FAST = frozenset({"421", "4.7.28", "4.3.2"})
_RATE = re.compile(r"\brate[ -]?limit|\btoo (?:fast|quickly|many)\b|\bthrottl", re.IGNORECASE)
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")


class Crowded(Exception):
    """A server takes no further connection while others to it are in use; it is not down."""


class Aside(Exception):
    """A message that certainly was not delivered, and that others should not wait for."""

    def __init__(self, words: str, wait: timedelta) -> None:
        super().__init__(words)
        self.wait = wait


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

    @property
    def is_too_fast(self) -> bool:
        """Whether the receiver asks for fewer messages, rather than for this one later."""
        return self.code in _TOO_FAST or bool(_RATE.search(self.text))


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message for one recipient, with its envelope."""

    message_id: str
    sender: str  # MAIL FROM
    recipient: str  # RCPT TO; the domain as A-label
    data: bytes  # RFC 5322, CRLF, not dot-stuffed
    needs_smtputf8: bool = False
    has_dots: bool = True  # whether a line may begin with one; looking takes 10 µs


def answer_code(reply: int, text: str) -> str:
    """Return the enhanced status code that a reply opens with, else the reply's own number.

    Source: RFC 3463. A code of another class than the reply is not believed.
    """
    found = _ENHANCED.match(text)
    if found and found[1][0] == str(reply)[0]:
        return found[1]
    return str(reply)


def answer_words(code: str, text: str) -> str:
    """Return what a server said with its code first, and once: most texts begin with it."""
    return text if text.startswith(code) else f"{code} {text}".rstrip()


def is_quota(code: str, text: str) -> bool:
    """Return whether a refusal says that the sender has used up what it may send for now.

    Sources: 5.4.5 and 4.7.28 of Gmail's SMTP error reference, the wordings of common relays.
    """
    if code.split(".")[1:2] == ["2"]:
        return False
    return code == "5.4.5" or bool(_QUOTA.search(text))


def without_address(text: str, *addresses: str) -> str:
    """Return a server's words on one line, the recipient's address replaced by `<recipient>`.

    Answers are kept longer than people may want to be known, so erasing must find nothing here.
    """
    text = one_line(text)
    for address in sorted({a for a in addresses if a}, key=len, reverse=True):
        text = re.sub(f"<?{re.escape(address)}>?", "<recipient>", text, flags=re.IGNORECASE)
    return text[:LONGEST_ANSWER]
