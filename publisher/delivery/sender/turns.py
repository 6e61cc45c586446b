"""Group commit without a timer: what all lanes have to write goes into one transaction a turn.

A lane gives the answer it got and asks for its next row. While one turn is being made durable, in a
thread, the lanes that wait for nothing go on, and what they ask meanwhile is the next turn.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from publisher.delivery.ledger.claim import Claim, claim
from publisher.delivery.ledger.limits import Allowance, allowance, is_limited, tally
from publisher.delivery.ledger.record import (
    OnDeadAddress,
    keep_leases,
    let_go,
    put_back,
    record_all,
    recover,
)
from publisher.delivery.ledger.retry import RetryRule
from publisher.delivery.ledger.states import State
from publisher.delivery.outcome import Outcome
from publisher.delivery.pace import Pace
from publisher.delivery.sender.spare import Spare
from publisher.delivery.sender.writing import Writing
from publisher.errors import DiskFull, StoreError
from publisher.ops import log
from publisher.settings.model import Delivery

if TYPE_CHECKING:
    from publisher.delivery.sender.run import Run

ROUNDS = 5  # of the loop, some 10 µs each: a fifth more messages a second over 8 connections
TRY_AGAIN_SECONDS = 0.25  # after the database could not be written
GIVE_UP_SECONDS = 5.0  # on a file: its disk is full, or gone
GIVE_UP_SECONDS_SERVER = 60.0  # a server may be restarted

Done = tuple[Claim, Outcome]
_log = log.get("delivery")


@dataclass(frozen=True, slots=True)
class Written:
    """What one turn came to."""

    states: list[State | None]
    untold: int  # messages that the count per minute lacks after it
    claims: list[Claim]
    skipped: int
    want: int  # rows that it may have taken
    wait: float  # seconds until more may be taken
    allowed: Allowance


@dataclass(frozen=True, slots=True)
class Ask:
    """What one lane wants written, and whether it wants another row."""

    done: Done | None
    takes: bool
    answer: "asyncio.Future[Claim | None]"


class Turns:
    """The ledger, as the lanes of one run see it."""

    def __init__(
        self,
        engine: Engine,
        run: "Run",
        *,
        worker: str,
        settings: Delivery,
        rule: RetryRule,
        lease: timedelta,
        on_dead_address: OnDeadAddress | None,
        spare: Spare | None = None,
    ) -> None:
        """Begin; to be called inside the loop that the lanes run in."""
        self._is_server = engine.dialect.name == "postgresql"
        self._writing, self._run, self._worker = Writing(engine), run, worker
        self._settings, self._rule, self._lease = settings, rule, lease
        self._on_dead_address = on_dead_address
        self._loop = asyncio.get_running_loop()
        self._pace = Pace(most=settings.per_second)
        self._is_limited = is_limited(settings)
        self._untold, self._told_at = 0, 0.0  # messages that the count per minute lacks
        self._asks: list[Ask] = []
        self._timer: asyncio.Handle | None = None
        self._is_writing = False
        self._ahead: deque[int] | None = None if self._is_server else deque()
        # Claimed rows, and a moment before their leases began. It is the system's clock: that of the
        # loop stands still while a process does.
        self._under_way: dict[int, float] = {}
        self._kept_at = 0.0
        self._failing_since = 0.0
        self._failure: StoreError | None = None
        self._spare = spare
        self.disk_full: DiskFull | None = None  # why the run ends, its answers written all the same

    async def next(self, done: Done | None) -> Claim | None:
        """Record an answer and take the next row; None when there is none to take now."""
        return await self._ask(done, takes=True)

    async def settle(self, done: Done | None) -> None:
        """Record an answer at once, without taking another row."""
        if done is not None:
            await self._ask(done, takes=False)

    async def close(self) -> None:
        """Let go of the database."""
        try:
            if self._untold:
                await self._writing.write(lambda conn: tally(conn, self._untold, self._run.now()))
        finally:
            self._writing.close()

    def wake(self) -> None:
        """Tell lanes that wait for their time that the run ends."""
        if self._asks and not (self._failing_since or self._is_writing):
            self._again(0)

    async def put_back(self, claimed: Claim, *, not_before: datetime | None = None) -> None:
        """Return a row whose message certainly did not leave."""
        await self._writing.write(lambda conn: put_back(conn, claimed, not_before=not_before))
        self._under_way.pop(claimed.id, None)

    def is_ours(self, claimed: Claim) -> bool:
        """Whether nobody else can have taken a row over since it was marked.

        A process that was stopped for longer than its lease finds out here.
        """
        since = max(self._under_way.get(claimed.id, 0.0), self._kept_at)
        return time.monotonic() - since < self._lease.total_seconds() * 0.8

    async def keep(self) -> None:
        """Tell that this worker lives, and take over the rows of those that do not any more."""
        begun_at = time.monotonic()
        try:
            found = await self._writing.write(self._keep)
        except StoreError as error:
            _log.warning("leases not kept", reason=error.message)
            return
        self._kept_at = begun_at
        self._run.found_in_doubt(found)

    def _keep(self, conn: Connection) -> int:
        keep_leases(conn, self._worker, self._lease)
        rule = self._settings.in_doubt
        return recover(conn, in_doubt=rule, now=self._run.now(), only_ended_leases=True)

    async def _ask(self, done: Done | None, *, takes: bool) -> Claim | None:
        if self._failure is not None:
            raise self._failure
        answer: asyncio.Future[Claim | None] = self._loop.create_future()
        self._asks.append(Ask(done, takes, answer))
        # Also when a timer runs: an answer is never kept waiting by the pace.
        if not self._is_writing and (self._timer is None or (done and not self._failing_since)):
            self._again(0)
        return await answer

    def _again(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if seconds:
            self._timer = self._loop.call_later(seconds, self._turn)
        else:
            self._gather(ROUNDS)

    def _gather(self, rounds: int) -> None:
        """Let the loop come round a few times first: what is on its way joins this commit."""
        if rounds:
            self._timer = self._loop.call_soon(self._gather, rounds - 1)
        else:
            self._turn()

    def _turn(self) -> None:
        """Have all that was asked written; what is asked from now on is the next turn's."""
        self._timer = None
        if self._is_writing:
            return  # `_turned` goes on with it
        self._is_writing = True
        asks, self._asks = self._asks, []
        done = [ask.done for ask in asks if ask.done]
        takes = sum(ask.takes for ask in asks)
        known = list(self._under_way) if self._failing_since else None
        work = partial(self._write, done, takes, known, self._loop.time())
        self._writing.begin(work, partial(self._turned, asks, done, time.monotonic()))

    def _write(
        self,
        done: Sequence[Done],
        takes: int,
        known: Sequence[int] | None,
        at: float,
        conn: Connection,
    ) -> Written:
        """Write one turn; in the thread.

        known  after a failure, the rows that the lanes know of
        at     by the loop's clock
        """
        now = self._run.now()
        if known is not None:
            self._sort_out(conn, known)
        states, untold = self._record(conn, done, now, at)
        want, wait, allowed = self._may_take(conn, takes, now, at)
        claims, skipped = claim(
            conn,
            worker=self._worker,
            now=now,
            count=want,
            lease=self._lease,
            ahead=self._ahead,
        )
        return Written(states, untold, claims, skipped, want, wait, allowed)

    def _turned(
        self,
        asks: list[Ask],
        done: Sequence[Done],
        begun_at: float,
        written: Written | None,
        error: BaseException | None,
    ) -> None:
        """Answer the lanes once their turn is durable, and go on with what they asked meanwhile."""
        self._is_writing = False
        if written is None:
            self._asks = asks + self._asks
            if isinstance(error, StoreError):
                self._failed(error)
            else:
                self._tell_all(error or RuntimeError("a turn came to nothing"))
            return
        self._failing_since = 0.0
        self._untold = written.untold
        for claimed, _ in done:
            self._under_way.pop(claimed.id, None)
        self._under_way.update((claimed.id, begun_at) for claimed in written.claims)
        self._run.note(done, written.states, written.skipped, written.allowed)
        is_more = bool(self._asks)
        wait = self._answer(asks, written)
        if is_more or self._asks:
            self._again(0 if is_more else wait)

    def _record(
        self, conn: Connection, done: Sequence[Done], now: datetime, at: float
    ) -> tuple[list[State | None], int]:
        """Write down the answers; return the new states, and how many the count still lacks."""
        if not done:
            return [], self._untold
        states = record_all(
            conn,
            done,
            now=now,
            rule=self._rule,
            in_doubt=self._settings.in_doubt,
            on_dead_address=self._on_dead_address,
        )
        untold = self._untold + states.count(State.SENT)
        # Limits are counted with every answer; without any, once a second is enough.
        if untold and (self._is_limited or at - self._told_at > 1):
            tally(conn, untold, now)
            self._told_at, untold = at, 0
        return states, untold

    def _may_take(
        self, conn: Connection, wanted: int, now: datetime, at: float
    ) -> tuple[int, float, Allowance]:
        """Return how many rows may be taken, how long the others wait, and what the limits say."""
        allowed = Allowance(None)
        if self._run.is_ending or not wanted:
            return 0, 0.0, allowed
        if self._is_limited:
            allowed = allowance(conn, self._settings, now)
            if allowed.left is not None:
                wanted = min(wanted, allowed.left)
        if not self._settings.per_second:
            return wanted, 0.0, allowed
        count = 0
        while count < wanted and not self._pace.wait_seconds(at):
            self._pace.reserve(at)
            count += 1
        return count, self._pace.wait_seconds(at) if count < wanted else 0.0, allowed

    def _answer(self, asks: Sequence[Ask], written: Written) -> float:
        """Give the lanes their rows; return how long those that stay among `_asks` have to wait.

        Who gets none waits for the pace, or is told to end.
        """
        takers = [ask for ask in asks if ask.takes]
        given, left = takers[: len(written.claims)], takers[len(written.claims) :]
        for ask, claimed in zip(given, written.claims, strict=True):
            _resolve(ask, claimed)
        for ask in asks:
            if not ask.takes:
                _resolve(ask, None)
        is_more = bool(written.skipped) and written.want > 0
        if not self._run.is_ending and left and (written.wait or is_more):
            self._asks += [Ask(None, True, ask.answer) for ask in left]
            return written.wait
        for ask in left:
            _resolve(ask, None)
        return 0.0

    def _sort_out(self, conn: Connection, known: Sequence[int]) -> None:
        """After a failure whose commit may have been done: give back what nobody was told of."""
        number = let_go(conn, self._worker, known)
        if number:
            _log.info("rows marked by a commit without an answer were put back", rows=number)

    def _failed(self, error: StoreError) -> None:
        """Try again for a while: answers that cannot be written down would be repeats later."""
        if self._ahead is not None:
            self._ahead.clear()  # what was taken from it was not marked after all
        if isinstance(error, DiskFull) and self._spare and self._spare.give_up():
            self.disk_full = error
            self._run.end()  # what is under way is still written down, in the room just made
            self._again(0)
            return
        at = self._loop.time()
        if not self._failing_since:
            self._failing_since = at
            _log.warning("database not written", reason=error.message)
        patience = GIVE_UP_SECONDS_SERVER if self._is_server else GIVE_UP_SECONDS
        if at - self._failing_since < patience:
            self._again(TRY_AGAIN_SECONDS)
            return
        self._failure = error
        self._tell_all(error)

    def _tell_all(self, error: BaseException) -> None:
        asks, self._asks = self._asks, []
        for ask in asks:
            if not ask.answer.done():
                ask.answer.set_exception(error)


def _resolve(ask: Ask, claimed: Claim | None) -> None:
    if not ask.answer.done():
        ask.answer.set_result(claimed)
