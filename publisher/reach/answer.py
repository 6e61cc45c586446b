"""What became of a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How a request ended."""

    OK = "ok"  # any 2xx, or 304
    MISSING = "missing"  # 404 or 410
    FAILED = "failed"  # any other status
    REFUSED = "refused"  # by us: its scheme, port or form; nothing was sent
    PRIVATE = "private"  # by us: it leads to an address that is not a public one
    NO_HOST = "no_host"  # there is no host of this name
    CLOSED = "closed"  # the host is there, and nobody listens
    UNREACHABLE = "unreachable"  # no way there, or no name server that answers
    SLOW = "slow"  # it was not done in time
    BROKEN = "broken"  # its TLS, HTTP or redirects are wrong
    TOO_LARGE = "too_large"


class Sent(StrEnum):
    """How much of a request had left when it ended, whatever came back."""

    NOTHING = "nothing"
    PART = "part"  # so the server cannot have acted upon it
    WHOLE = "whole"  # so it may have


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: always a value, so that one bad address stops nothing else."""

    kind: Kind
    url: str  # the last one that was looked at: that of the last redirect
    status: int = 0  # 0 when no server answered
    detail: str = ""  # a few words for people
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""  # decoded; empty when it was not asked for
    sent: Sent = Sent.NOTHING

    @property
    def is_ok(self) -> bool:
        return self.kind is Kind.OK
