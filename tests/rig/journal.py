"""What the rig's server saw, written to a file before anything that it says is heard.

One JSON line an event. `accepted` is written before the 250 leaves, `answered` when the kernel has
taken it, `taken` when the client said anything after it: only then is it proved that the client
knew. A second copy of a message whose 250 was `taken` has no excuse.
"""

import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Copy:
    """One message that the server took over."""

    number: int
    session: int
    message_id: str
    recipient: str
    sha256: str
    mail_at: float  # seconds of the machine's own clock, as all times here
    accepted_at: float
    is_answered: bool = False
    taken_at: float | None = None

    def was_taken(self, moment: float) -> bool:
        """Whether the client had proved by then that it knew the answer."""
        return self.taken_at is not None and self.taken_at < moment


@dataclass(slots=True)
class Begun:
    """One try to hand a message over, as far as its RCPT."""

    recipient: str
    mail_at: float  # when its MAIL was read


@dataclass
class Journal:
    """The file, and the same things at hand for the harness."""

    path: Path
    copies: list[Copy] = field(default_factory=list)
    by_id: dict[str, list[Copy]] = field(default_factory=lambda: defaultdict(list))
    begun: list[Begun] = field(default_factory=list)
    connects: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def close(self) -> None:
        os.close(self._file)

    def connected(self, session: int) -> None:
        self.connects.append(time.monotonic())
        self._write("connected", session)

    def began(self, session: int, recipient: str, mail_at: float) -> None:
        self.begun.append(Begun(recipient, mail_at))
        self._write("began", session, recipient=recipient)

    def accepted(
        self, session: int, message_id: str, recipient: str, sha256: str, mail_at: float
    ) -> Copy:
        """Write down a message, before its answer leaves."""
        number, now = len(self.copies) + 1, time.monotonic()
        copy = Copy(number, session, message_id, recipient, sha256, mail_at, now)
        self._write(
            "accepted", session, copy=copy.number, id=message_id, to=recipient, sha256=sha256
        )
        self.copies.append(copy)
        self.by_id[message_id].append(copy)
        return copy

    def answered(self, copy: Copy) -> None:
        copy.is_answered = True
        self._write("answered", copy.session, copy=copy.number)

    def taken(self, copy: Copy) -> None:
        copy.taken_at = time.monotonic()
        self._write("taken", copy.session, copy=copy.number)

    def gone(self, copy: Copy, how: str) -> None:
        """The client left without a word after this message."""
        self._write("gone", copy.session, copy=copy.number, how=how)

    def violation(self, session: int, what: str) -> None:
        self.violations.append(what)
        self._write("violation", session, what=what)

    def _write(self, event: str, session: int, **fields: object) -> None:
        told = {"at": round(time.monotonic(), 6), "event": event, "session": session, **fields}
        os.write(self._file, json.dumps(told, ensure_ascii=False).encode() + b"\n")
