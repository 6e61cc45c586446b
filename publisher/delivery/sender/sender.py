"""The sender: several lanes, each of which takes a due delivery, hands it over and notes the answer.

One commit records a lane's answer and marks its next row, so a crash at any moment leaves at most
the one message a lane in doubt that was under way, and nobody is passed over.
"""

import asyncio
import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

from sqlalchemy import Engine

from publisher.delivery.ledger.claim import LEASE, Claim
from publisher.delivery.ledger.ledger import due, waiting
from publisher.delivery.ledger.limits import Allowance, allowance, forget_minutes, is_limited
from publisher.delivery.ledger.record import OnDeadAddress, recover, set_aside
from publisher.delivery.ledger.retry import RetryRule
from publisher.delivery.ledger.states import State
from publisher.delivery.message.dkim import Signer
from publisher.delivery.message.headers import HeaderError
from publisher.delivery.outcome import Aside, Crowded, Kind, Message, Outcome
from publisher.delivery.sender.composing import Composer, MakeBody, ReturnPath, Values
from publisher.delivery.sender.groups import Groups
from publisher.delivery.sender.lock import sender_lock
from publisher.delivery.sender.memory import recall, remember
from publisher.delivery.sender.run import Clock, OnProgress, Run
from publisher.delivery.sender.spare import Spare
from publisher.delivery.sender.turns import Done, Turns
from publisher.delivery.smtp.servers import Health
from publisher.delivery.transports import Connection, Transport
from publisher.errors import AddressError, PublisherError, RenderError, TransportDown
from publisher.ops import log
from publisher.settings.model import Delivery
from publisher.store import read, write

REST_WHEN_DOWN = timedelta(seconds=5)
REST_WHEN_BROKEN = timedelta(minutes=5)  # until a body that cannot be made is tried again
REST_WHEN_CROWDED = timedelta(seconds=2)  # doubled each time, for one lane among several
LONGEST_REST = timedelta(seconds=16)
STOP_SECONDS = 8.0  # for the messages under way after a wish to stop, which is met within ten
LOOK_SECONDS = 0.1  # between two looks whether somebody wants to stop
SHORT_WAIT = 1.0  # seconds that a row may be kept waiting for its receiver's sake

_log = log.get("delivery")


@dataclass(frozen=True, slots=True)
class SendReport:
    """What one run did, and what is left to do."""

    sent: int = 0
    failed: int = 0
    deferred: int = 0
    skipped: int = 0
    in_doubt: int = 0  # who may get a second copy or, when doubts are held, may have got none
    waiting: int = 0
    next_at: datetime | None = None  # when to try again, for the first of those waiting
    busy: str = ""  # who sends already; then this run did nothing
    down: TransportDown | None = None  # what ended this run early
    broken: PublisherError | None = None  # why a body cannot be made; its deliveries wait


class Sender:
    """Sends everything that is due, through one transport."""

    def __init__(
        self,
        engine: Engine,
        transport: Transport,
        *,
        make_body: MakeBody,
        values: Values,
        secret: bytes,
        clock: Clock,
        settings: Delivery,
        var_dir: Path,
        on_dead_address: OnDeadAddress | None = None,
        rule: RetryRule | None = None,
        signers: Sequence[Signer] = (),
        return_path: ReturnPath | None = None,
        lease: timedelta = LEASE,
    ) -> None:
        """Prepare a sender.

        make_body    makes the text of a reserved body, when one of its deliveries is first due
        values       what stands at the body's marks for one recipient; may depend on frozen things only
        secret       for Message-IDs: the site's oldest key
        return_path  where bounces of a delivery go, if not to the address in From
        lease        on PostgreSQL, how long others leave the rows of a silent worker alone
        """
        self._engine = engine
        self._transport = transport
        self.transport_name = transport.name
        self._clock = clock
        self._settings = settings
        self._var_dir = var_dir
        self._on_dead_address = on_dead_address
        self._rule = rule or RetryRule()
        self._lease = lease
        self._is_shared = engine.dialect.name == "postgresql"  # with senders on other machines
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._make_composer = partial(
            Composer,
            engine,
            make_body=make_body,
            values=values,
            secret=secret,
            clock=clock,
            signers=signers,
            return_path=return_path,
        )

    def send_due(
        self, stop: Event | None = None, on_progress: OnProgress | None = None
    ) -> SendReport:
        """Send until nothing is due, a limit is reached, the transport is down, or stop is set.

        On SQLite one sender runs at a time; a second one does nothing and says who is at it. A
        stop lets the messages under way end and be recorded.
        """
        stop = stop or Event()
        with ExitStack() as held:
            if not self._is_shared:
                lock = sender_lock(self._var_dir, self._clock.now())
                if holder := held.enter_context(lock):
                    return self._report(Counter(), busy=holder)
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                run = runner.run(self._send(stop, on_progress))
            return self._report(run.count, allowed=run.allowed, down=run.down, broken=run.broken)

    async def _send(self, stop: Event, on_progress: OnProgress | None) -> Run:
        run = Run(self._clock, stop, on_progress)
        known = self._begin(run)
        if not run.total or stop.is_set():
            return run
        loop = asyncio.get_running_loop()
        spare = None if self._is_shared else Spare(self._var_dir)
        if spare:
            spare.keep()
        groups = Groups(self._settings.receivers)
        groups.recall(known, loop.time())
        self._transport.recall(known)
        turns = Turns(
            self._engine,
            run,
            worker=self._worker,
            settings=self._settings,
            rule=self._rule,
            lease=self._lease,
            on_dead_address=self._on_dead_address,
            spare=spare,
        )
        composer = self._make_composer()
        run.lanes = min(self._transport.lanes, run.total)
        connections = [self._transport.connect() for _ in range(run.lanes)]
        lanes = [
            _Lane(self, run, turns, composer, groups, connection) for connection in connections
        ]
        beside = [asyncio.create_task(_watch(stop, run, turns, connections))]
        if self._is_shared:
            beside.append(asyncio.create_task(self._keep(turns)))
        try:
            ends = await asyncio.gather(*(lane.go() for lane in lanes), return_exceptions=True)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            composer.close()
            await turns.close()
        with write(self._engine) as conn:
            learnt = {**groups.learnt(loop.time()), **self._transport.learnt()}
            remember(conn, learnt, self._clock.now())
        for end in (*ends, turns.disk_full):
            if isinstance(end, BaseException):
                raise end
        return run

    def _begin(self, run: Run) -> dict[str, Health]:
        with write(self._engine) as conn:
            now = self._clock.now()
            rule = self._settings.in_doubt
            found = recover(conn, in_doubt=rule, now=now, only_ended_leases=self._is_shared)
            run.found_in_doubt(found)
            run.total = due(conn, now)
            forget_minutes(conn, now)
            if is_limited(self._settings):
                run.allowed = allowance(conn, self._settings, now)
            return recall(conn, now)

    async def _keep(self, turns: Turns) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 6)
            await turns.keep()

    def set_aside(self, claimed: Claim, error: PublisherError) -> None:
        """Let all deliveries of a body that cannot be made wait."""
        _log.error("a body cannot be made", body=claimed.body_id, reason=error.message)
        with write(self._engine) as conn:
            set_aside(conn, claimed.body_id, until=self._clock.now() + REST_WHEN_BROKEN)

    def _report(
        self,
        count: Counter[str],
        *,
        allowed: Allowance | None = None,
        busy: str = "",
        down: TransportDown | None = None,
        broken: PublisherError | None = None,
    ) -> SendReport:
        with read(self._engine) as conn:
            left, next_at = waiting(conn)
        if next_at and allowed and allowed.again_at:
            next_at = max(next_at, allowed.again_at)
        if next_at and down:
            next_at = max(next_at, self._clock.now() + max(down.retry_after, REST_WHEN_DOWN))
        return SendReport(
            sent=count[State.SENT],
            failed=count[State.FAILED],
            deferred=count["deferred"],
            skipped=count[State.SKIPPED],
            in_doubt=count["in doubt"],
            waiting=left,
            next_at=next_at,
            busy=busy,
            down=down,
            broken=broken,
        )


class _Lane:
    """One connection's work: a row, a message, an answer, and the next."""

    def __init__(
        self,
        sender: Sender,
        run: Run,
        turns: Turns,
        composer: Composer,
        groups: Groups,
        connection: Connection,
    ) -> None:
        self._sender, self._run, self._turns = sender, run, turns
        self._composer, self._groups, self._connection = composer, groups, connection
        self._loop = asyncio.get_running_loop()
        self._rest = REST_WHEN_CROWDED
        self._promised: dict[int, float] = {}  # rows put off until their receiver's turn

    async def go(self) -> None:
        """Work until there is nothing to do."""
        done: Done | None = None
        try:
            while True:
                if not self._connection.is_ready:
                    await self._turns.settle(done)
                    done = None
                    if not await self._get_ready():
                        return
                claimed = await self._turns.next(done)
                if claimed is None:
                    return
                done = await self._attempt(claimed)
        except TransportDown as down:
            self._run.end(down)
        finally:
            await self._connection.close()

    async def _get_ready(self) -> bool:
        """Connect, unless the run ends meanwhile; False then."""
        while not self._run.is_ending:
            getting = asyncio.ensure_future(self._connection.ready())
            ending = asyncio.ensure_future(self._run.ending.wait())
            await asyncio.wait({getting, ending}, return_when=asyncio.FIRST_COMPLETED)
            ending.cancel()
            if not getting.done():
                getting.cancel()
                await asyncio.gather(getting, return_exceptions=True)
                return False
            try:
                getting.result()
            except Crowded:
                await self._wait_in_the_crowd()
                continue
            return True
        return False

    async def _wait_in_the_crowd(self) -> None:
        rest, self._rest = self._rest, min(self._rest * 2, LONGEST_REST)
        await self._run.rest(rest)

    async def _attempt(self, claimed: Claim) -> Done | None:
        """Make and hand over one message; None when its row went back to the queue."""
        try:
            message = await self._composer.message(claimed)
        except AddressError as error:
            return claimed, Outcome(Kind.REFUSED, "5.1.3", error.message)
        except (RenderError, HeaderError) as error:
            # The fault of one segment; all others, and the letters, must not wait for its mending.
            await self._turns.put_back(claimed)
            self._sender.set_aside(claimed, error)
            self._run.broken = self._run.broken or error
            return None
        except Exception:
            await self._turns.put_back(claimed)
            raise
        if not await self._is_its_turn(claimed, message):
            return None
        return await self._hand_over(claimed, message)

    async def _hand_over(self, claimed: Claim, message: Message) -> Done | None:
        try:
            outcome = await self._connection.send(message)
        except Crowded:
            await self._turns.put_back(claimed)
            await self._wait_in_the_crowd()
            return None
        except Aside as aside:
            await self._turns.put_back(claimed, not_before=self._run.now() + aside.wait)
            self._groups.slower(message.recipient, self._loop.time())
            return None
        except TransportDown as down:
            wait = down.retry_after
            not_before = self._run.now() + wait if wait else None
            await self._turns.put_back(claimed, not_before=not_before)
            raise
        self._rest = REST_WHEN_CROWDED
        self._run.went(outcome, self._sender.transport_name)
        if outcome.kind is Kind.DEFERRED and outcome.is_too_fast:
            self._groups.slower(message.recipient, self._loop.time())
        return claimed, outcome

    async def _is_its_turn(self, claimed: Claim, message: Message) -> bool:
        """Keep the pace of the message's receivers; False when its row went back until later."""
        if not self._turns.is_ours(claimed):
            await self._turns.put_back(claimed)
            return False
        at = self._loop.time()
        if self._promised.pop(claimed.id, at + 1) <= at:
            return True
        wait = self._groups.wait_seconds(message.recipient, at)
        if wait <= SHORT_WAIT:
            if wait:
                await asyncio.sleep(wait)
            return True
        self._promised[claimed.id] = at + wait - 1
        await self._turns.put_back(claimed, not_before=self._run.now() + timedelta(seconds=wait))
        return False


async def _watch(stop: Event, run: Run, turns: Turns, connections: Sequence[Connection]) -> None:
    """End the run when somebody wants to stop it."""
    while not stop.is_set():
        await asyncio.sleep(LOOK_SECONDS)
    run.end()
    turns.wake()
    for connection in connections:
        connection.hurry(STOP_SECONDS)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # where there is none, Windows for instance, the slower one does
        return None
    made: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return made
