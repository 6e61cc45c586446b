"""What a message says that came back: one value, whatever form it had."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What came back; the words stand in the database."""

    HARD = "hard"  # nobody has this address, or its domain does not exist
    SOFT = "soft"  # a full mailbox, a server that was away for days
    BLOCKED = "blocked"  # about us or our message: policy, reputation, authentication, size
    UNCLEAR = "unclear"  # it came back, and nothing says why
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    UNPROVED = "unproved"  # a report without proof that it is about a message of ours


BOUNCES = frozenset({Kind.HARD, Kind.SOFT, Kind.BLOCKED, Kind.UNCLEAR})


@dataclass(frozen=True, slots=True)
class Report:
    """What one message says, and the tokens that say about whom; they are proved by nobody yet."""

    kind: Kind
    identity: str  # the same when the same message comes twice
    code: str = ""  # "5.1.1", "abuse"
    words: str = ""  # the other server's; without addresses
    bounce_tags: tuple[str, ...] = ()
    unsubscribe_tokens: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()  # Message-IDs of our messages that it brings back
