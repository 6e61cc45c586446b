"""The sender: take one due delivery, compose it, hand it over, write down the answer; repeat.

One commit records an answer and marks the next row, so a crash at any moment leaves at most the
one message in doubt that was under way, and nobody is passed over.
"""

import os
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Event
from typing import Protocol

from sqlalchemy import Engine

from publisher.delivery.bodies import load_body, save_body
from publisher.delivery.claim import Claim, claim
from publisher.delivery.headers import HeaderError, wire_address
from publisher.delivery.ledger import due, waiting
from publisher.delivery.lock import sender_lock
from publisher.delivery.message import Body, Recipient, compose_message, message_id, verify
from publisher.delivery.outcome import Kind, Message, Outcome
from publisher.delivery.record import OnDeadAddress, put_back, record, recover, set_aside
from publisher.delivery.retry import RetryRule
from publisher.delivery.states import State
from publisher.delivery.throttle import Allowance, Pace, allowance
from publisher.delivery.transports import Transport
from publisher.errors import AddressError, PublisherError, RenderError, TransportDown
from publisher.ops import log
from publisher.settings.model import Delivery
from publisher.store import read, write

MOST_UNANSWERED = 5  # messages in a row that got no answer: then it is the transport, not they
BODIES_AT_HAND = 8
REST_WHEN_DOWN = timedelta(minutes=1)
REST_WHEN_BROKEN = timedelta(minutes=5)  # until a body that cannot be made is tried again

_log = log.get("delivery")

OnProgress = Callable[[int, int], None]
"""Told how many deliveries of this run are settled, and how many there were to settle."""


class Clock(Protocol):
    def now(self) -> datetime: ...


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
        make_body: Callable[[int], Body],
        values: Callable[[Recipient, Body], Mapping[str, str]],
        secret: bytes,
        clock: Clock,
        settings: Delivery,
        var_dir: Path,
        on_dead_address: OnDeadAddress | None = None,
        rule: RetryRule | None = None,
    ) -> None:
        """Prepare a sender.

        make_body  makes the text of a reserved body, the first time one of its deliveries is due
        values     what stands at the body's marks for one recipient; may depend on frozen things only
        secret     for Message-IDs: the site's oldest key
        """
        self._engine = engine
        self._transport = transport
        self._make_body = make_body
        self._values = values
        self._secret = secret
        self._clock = clock
        self._settings = settings
        self._var_dir = var_dir
        self._on_dead_address = on_dead_address
        self._rule = rule or RetryRule()
        self._pace = Pace(settings.per_second)
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._body = lru_cache(maxsize=BODIES_AT_HAND)(self._fetch_body)
        self._verified: set[int] = set()

    def send_due(
        self, stop: Event | None = None, on_progress: OnProgress | None = None
    ) -> SendReport:
        """Send until nothing is due, a limit is reached, the transport is down, or stop is set.

        Only one sender runs at a time; a second one does nothing and says who is at it. A stop
        lets the message under way end and be recorded.
        """
        stop = stop or Event()
        with sender_lock(self._engine, self._var_dir, self._clock.now()) as holder:
            if holder:
                return self._report(Counter(), busy=holder)
            run = _Run(on_progress)
            down = None
            try:
                self._send_all(run, stop)
            except TransportDown as error:
                down = error
            finally:
                self._transport.close()
            return self._report(run.count, allowed=run.allowed, down=down, broken=run.broken)

    def _send_all(self, run: "_Run", stop: Event) -> None:
        with write(self._engine) as conn:
            now = self._clock.now()
            run.count["in doubt"] += recover(conn, in_doubt=self._settings.in_doubt, now=now)
            run.total = due(conn, now)
            run.allowed = allowance(conn, self._settings, now)
        done: tuple[Claim, Outcome] | None = None
        while True:
            pause = self._pace.wait_seconds()
            if done and (pause or run.is_exhausted):
                # An answer is never kept waiting: what is not written down would be sent again.
                self._turn(run, done, take_next=False)
                done = None
            if run.is_exhausted:
                with read(self._engine) as conn:
                    run.allowed = allowance(conn, self._settings, self._clock.now())
            if pause:
                stop.wait(pause)
            claimed = self._turn(run, done, take_next=not stop.is_set() and not run.is_exhausted)
            if claimed is None:
                return
            outcome = self._attempt(run, claimed)
            if outcome is None:
                done = None
                continue
            self._pace.went()
            run.went(outcome)
            done = (claimed, outcome)
            if run.unanswered >= MOST_UNANSWERED:
                self._turn(run, done, take_next=False)
                raise TransportDown(self._transport.name, outcome.text)

    def _turn(
        self, run: "_Run", done: tuple[Claim, Outcome] | None, *, take_next: bool
    ) -> Claim | None:
        """Record the last answer and mark the next row, in one commit."""
        while done or take_next:
            claimed, skipped, state = None, 0, None
            with write(self._engine) as conn:
                now = self._clock.now()
                if done:
                    state = record(
                        conn,
                        *done,
                        now=now,
                        rule=self._rule,
                        in_doubt=self._settings.in_doubt,
                        on_dead_address=self._on_dead_address,
                    )
                if take_next:
                    claimed, skipped = claim(conn, worker=self._worker, now=now)
            run.note(done[1] if done else None, state, skipped)
            done = None
            if claimed or not skipped:
                return claimed
        return None

    def _attempt(self, run: "_Run", claimed: Claim) -> Outcome | None:
        """Make and hand over one message; None when its body cannot be made, so all of it waits."""
        try:
            body = self._body(claimed.body_id)
            try:
                address = wire_address(claimed.recipient.address)
            except AddressError as error:
                return Outcome(Kind.REFUSED, "5.1.3", error.message)
            message = self._message(claimed, body, address)
        except (RenderError, HeaderError) as error:
            # The fault of one segment; all others, and the letters, must not wait for its mending.
            self._set_aside(claimed, error)
            run.broken = run.broken or error
            return None
        except BaseException:
            with write(self._engine) as conn:
                put_back(conn, claimed)
            raise
        try:
            return self._transport.send(message)
        except TransportDown as down:
            not_before = self._clock.now() + down.retry_after if down.retry_after else None
            with write(self._engine) as conn:
                put_back(conn, claimed, not_before=not_before)
            raise

    def _set_aside(self, claimed: Claim, error: PublisherError) -> None:
        _log.error("a body cannot be made", body=claimed.body_id, reason=error.message)
        with write(self._engine) as conn:
            put_back(conn, claimed)
            set_aside(conn, claimed.body_id, until=self._clock.now() + REST_WHEN_BROKEN)

    def _message(self, claimed: Claim, body: Body, address: str) -> Message:
        sender = body.sender
        domain = sender.rpartition("@")[2]
        recipient = claimed.recipient
        identity = message_id(self._secret, claimed.purpose, recipient.public_id, domain)
        values = self._values(recipient, body)
        data = compose_message(body, recipient, values, identity, claimed.queued_at)
        if body.id not in self._verified:
            verify(body, data)
            self._verified.add(body.id)
        needs_smtputf8 = not (address.isascii() and sender.isascii())
        return Message(identity, sender, address, data, needs_smtputf8)

    def _fetch_body(self, body_id: int) -> Body:
        """Return a stored body; one that is not made yet is made and stored before it is used."""
        with read(self._engine) as conn:
            stored = load_body(conn, body_id)
        if stored is not None:
            return stored
        made = self._make_body(body_id)
        with write(self._engine) as conn:
            save_body(conn, made, self._clock.now())
            return load_body(conn, body_id) or made

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


class _Run:
    """What one run has done so far."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self.count: Counter[str] = Counter()
        self.total = 0
        self.unanswered = 0
        self.allowed = Allowance(None)
        self.broken: PublisherError | None = None
        self._settled = 0
        self._on_progress = on_progress

    @property
    def is_exhausted(self) -> bool:
        return self.allowed.left is not None and self.allowed.left <= 0

    def went(self, outcome: Outcome) -> None:
        """Note an attempt at once: the limits and a silent server do not wait for the commit."""
        self.unanswered = 0 if outcome.is_answered else self.unanswered + 1
        if outcome.kind is Kind.ACCEPTED and self.allowed.left is not None:
            self.allowed = Allowance(self.allowed.left - 1)

    def note(self, outcome: Outcome | None, state: State | None, skipped: int) -> None:
        """Count what a commit has settled."""
        self.count[State.SKIPPED] += skipped
        self._settled += skipped
        if outcome and state:
            self._settled += 1
            if outcome.kind is Kind.UNKNOWN:
                self.count["in doubt"] += 1
            else:
                self.count["deferred" if state is State.QUEUED else state] += 1
        if self._on_progress and (skipped or state):
            self._on_progress(self._settled, max(self.total, self._settled))
