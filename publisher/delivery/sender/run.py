"""What one run of the sender has done so far, and whether it goes on."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Event
from typing import Protocol

from publisher.delivery.ledger.claim import Claim
from publisher.delivery.ledger.limits import Allowance
from publisher.delivery.ledger.states import State
from publisher.delivery.outcome import Kind, Outcome
from publisher.errors import PublisherError, TransportDown

MOST_UNANSWERED = 5  # messages a lane in a row that got no answer: it is the transport, not they

OnProgress = Callable[[int, int], None]
"""Told how many deliveries of this run are settled, and how many there were to settle."""


class Clock(Protocol):
    def now(self) -> datetime: ...


class Run:
    """The count of one run, shared by its lanes."""

    def __init__(self, clock: Clock, stop: Event, on_progress: OnProgress | None) -> None:
        """Begin to count; stop is what somebody sets from outside."""
        self.count: Counter[str] = Counter()
        self.total = 0
        self.lanes = 1
        self.allowed = Allowance(None)
        self.down: TransportDown | None = None  # why the run ends early
        self.broken: PublisherError | None = None
        self.ending = asyncio.Event()
        self._clock, self._stop = clock, stop
        self._unanswered = 0
        self._settled = 0
        self._on_progress = on_progress

    @property
    def is_ending(self) -> bool:
        """Whether no further row is to be taken."""
        return self._stop.is_set() or self.ending.is_set()

    def now(self) -> datetime:
        """Return the moment by the clock that deliveries go by."""
        return self._clock.now()

    def end(self, down: TransportDown | None = None) -> None:
        """Take no further row."""
        self.down = self.down or down
        self.ending.set()

    async def rest(self, length: timedelta) -> bool:
        """Wait, and return whether the run still goes on afterwards."""
        try:
            async with asyncio.timeout(length.total_seconds()):
                await self.ending.wait()
        except TimeoutError:
            return True
        return False

    def went(self, outcome: Outcome, transport: str) -> None:
        """Look at an answer at once: when none come any more, the transport is down."""
        self._unanswered = 0 if outcome.is_answered else self._unanswered + 1
        if self._unanswered >= max(MOST_UNANSWERED, 2 * self.lanes):
            self.end(TransportDown(transport, outcome.text))

    def found_in_doubt(self, rows: int) -> None:
        """Count rows that a dead sender left."""
        self.count["in doubt"] += rows

    def note(
        self,
        done: Sequence[tuple[Claim, Outcome]],
        states: Sequence[State | None],
        skipped: int,
        allowed: Allowance,
    ) -> None:
        """Count what a commit has settled."""
        if allowed.left is not None:
            self.allowed = allowed
        self.count[State.SKIPPED] += skipped
        before, self._settled = self._settled, self._settled + skipped
        for (_, outcome), state in zip(done, states, strict=True):
            if state is None:
                continue
            self._settled += 1
            if outcome.kind is Kind.UNKNOWN:
                self.count["in doubt"] += 1
            else:
                self.count["deferred" if state is State.QUEUED else state] += 1
        if self._on_progress and self._settled > before:
            self._on_progress(self._settled, max(self.total, self._settled))
