"""What the rig's server does instead of the usual thing, and when.

A script is a function from a moment of a conversation to a deed, or None for the usual. Scripts
run in the server's thread and may remember what they saw.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The steps of a conversation at which something else can happen."""

    BANNER = "banner"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    CONTENT = "content"  # some bytes of the message are there, its end is not yet read
    DOT = "dot"  # the whole message is there, the answer is not yet given
    ANSWERED = "answered"  # the answer to the message is given
    RSET = "RSET"
    QUIT = "QUIT"


class End(StrEnum):
    """What follows a deed's words."""

    GO_ON = "go on"
    FIN = "close"
    RST = "reset"
    HANG = "hang"
    ENDLESS = "endless"  # the words again and again, as fast as they are taken


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a conversation stands."""

    step: Step
    session: int  # counted from 1 over all connections
    message: int  # of this connection, counted from 1; 0 before the first
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """What to do at a moment.

    say          the bytes in place of the usual reply; None: the usual, or nothing before a cut
    more         bytes that nobody asked for, right after it
    delay        seconds before it
    after_bytes  of CONTENT: how much of the message to take first
    """

    say: bytes | None = None
    end: End = End.GO_ON
    delay: float = 0.0
    more: bytes = b""
    after_bytes: int = 0


Script = Callable[[Moment], Deed | None]


def usual(_moment: Moment) -> Deed | None:
    """Behave as a good server does."""
    return None


def first_of(*scripts: Script) -> Script:
    """Do what the first of these scripts wants that wants anything."""

    def script(moment: Moment) -> Deed | None:
        return next((deed for each in scripts if (deed := each(moment))), None)

    return script


class Turns:
    """Each connection plays one part, in turn, once, at the first chance it gets.

    A part that no client comes to in its connection (RSET needs a refusal first) is played later.
    """

    def __init__(self, parts: Sequence[tuple[Step, Deed]], times: int = 1) -> None:
        self.waiting = [part for _ in range(times) for part in parts]
        self.played: list[tuple[Step, Deed]] = []
        self.played_by: dict[int, tuple[Step, Deed]] = {}  # by session
        self._playing: dict[int, tuple[Step, Deed]] = {}
        self._done: set[int] = set()

    def __call__(self, moment: Moment) -> Deed | None:
        session = moment.session
        if session in self._done or not (self.waiting or session in self._playing):
            return None
        part = self._playing.get(session)
        if part is None:
            part = self._playing[session] = self.waiting.pop(0)
        step, deed = part
        if step is Step.RSET and moment.step is Step.RCPT:
            return Deed(b"450 4.2.0 mailbox busy\r\n")
        if moment.step is not step:
            if moment.step is Step.QUIT:
                self.waiting.append(self._playing.pop(session))
                self._done.add(session)
            return None
        self._done.add(session)
        self.played.append(part)
        self.played_by[session] = self._playing.pop(session)
        return deed


def by_chance(step: Step, deed: Deed, share: float, seed: int) -> Script:
    """Do one thing at a share of the times that a step comes up."""
    dice = random.Random(seed)
    return lambda moment: deed if moment.step is step and dice.random() < share else None


def slow(longest: float, seed: int) -> Script:
    """Take up to so many seconds to answer a message, as servers do that write it to a disk."""
    dice = random.Random(seed)

    def script(moment: Moment) -> Deed | None:
        return Deed(delay=dice.uniform(0, longest)) if moment.step is Step.DOT else None

    return script


class Paced:
    """Answers so many messages a second, over however many connections they come."""

    def __init__(self, per_second: float) -> None:
        self._gap, self._next = 1 / per_second, 0.0

    def __call__(self, moment: Moment) -> Deed | None:
        if moment.step is not Step.DOT:
            return None
        now = time.monotonic()
        self._next = max(self._next, now) + self._gap
        return Deed(delay=self._next - now)


def tired_after(messages: int, deed: Deed) -> Script:
    """Do one thing at the MAIL that follows so many messages of a connection."""
    return lambda m: deed if m.step is Step.MAIL and m.message > messages else None


class Greylist:
    """Says "later" to each recipient's first message, whatever connection it comes by."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def __call__(self, moment: Moment) -> Deed | None:
        if moment.step is not Step.RCPT:
            return None
        self.asked[moment.recipient] += 1
        if self.asked[moment.recipient] == 1:
            return Deed(b"450 4.7.1 greylisted, try again in five minutes\r\n")
        return None


class Storm:
    """For some seconds after it was let loose every connection and every message meets a 421."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.began = 0.0

    def begin(self) -> None:
        self.began = time.monotonic()

    @property
    def is_over(self) -> bool:
        return bool(self.began) and time.monotonic() >= self.began + self.seconds

    def __call__(self, moment: Moment) -> Deed | None:
        if not self.began or self.is_over or moment.step not in (Step.BANNER, Step.MAIL):
            return None
        return Deed(b"421 4.7.0 too many messages, slow down\r\n", End.FIN)
