"""Hand over what waits for editors: one mail after the other, and never for long."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import Engine

from publisher import digests
from publisher.delivery import (
    Aside,
    Crowded,
    Kind,
    Message,
    Transport,
    message_id,
    send_one,
)
from publisher.editors import notices
from publisher.editors.mail import Post
from publisher.editors.notices import Taken
from publisher.errors import TransportDown
from publisher.ops import log
from publisher.store import read, write

REPLY_SECONDS = 30.0  # for each answer of a mail server: readers' mail may have to wait for this

_log = log.get("editors")


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of handing over."""

    sent: int = 0
    failed: int = 0
    next_at: datetime | None = None  # when the first of those that wait is tried again


def send_waiting(
    engine: Engine,
    post: Post,
    open_way: Callable[[], Transport],
    clock: Callable[[], datetime],
    stop: Event,
) -> Handed:
    """Send editors what is due; a server that gives no answer is left alone until the next time.

    open_way  returns a way out; not called while nothing is due
    """
    _drop_what_is_over(engine, post, clock())
    states: Counter[str] = Counter()
    way: Transport | None = None
    goes_on = True
    while goes_on and not stop.is_set() and (taken := _take(engine, clock())):
        way = way or open_way()
        state, goes_on = _send(engine, way, post, taken, clock)
        states[state] += 1
    with read(engine) as conn:
        again = notices.next_at(conn)
    if again and not goes_on:  # the others would fare no better
        again = max(again, clock() + notices.RULE.first_wait)
    return Handed(states["sent"], states["failed"], again)


def _take(engine: Engine, now: datetime) -> Taken | None:
    with read(engine) as conn:  # nearly always there is nothing, and nobody waits for a look
        due_at = notices.next_at(conn)
    if due_at is None or due_at > now:
        return None
    with write(engine) as conn:
        return notices.take(conn, now)


def _send(
    engine: Engine, way: Transport, post: Post, taken: Taken, clock: Callable[[], datetime]
) -> tuple[str, bool]:
    """Hand one mail over and note what came of it; return its state and whether to go on."""
    address = post.editors.get(taken.editor)
    if address is None:
        with write(engine) as conn:
            return notices.skip(conn, taken, clock()), True
    identity = message_id(
        post.keys.lasting, taken.purpose, taken.editor, taken.sender.rpartition("@")[2]
    )
    needs_utf8 = not (address.is_ascii and taken.sender.isascii())
    message = Message(identity, taken.sender, address.text, taken.data, needs_utf8)
    try:
        outcome = send_one(way, message)
    except (TransportDown, Crowded, Aside) as away:
        wait = away.retry_after if isinstance(away, TransportDown) else timedelta(0)
        _log.warning("mail to editors waits", purpose=taken.purpose, reason=str(away.args[0]))
        with write(engine) as conn:
            return notices.put_back(conn, taken, clock(), wait=wait), False
    with write(engine) as conn:
        state = notices.record(conn, taken, outcome, clock())
    say = _log.info if state == "sent" else _log.error if state == "failed" else _log.warning
    say(f"mail to an editor {state}", purpose=taken.purpose, code=outcome.code)
    return state, outcome.kind is not Kind.UNKNOWN


def _drop_what_is_over(engine: Engine, post: Post, now: datetime) -> None:
    """Send no proof of an edition that nobody can decide on any more."""
    with read(engine) as conn:
        proofs = [one for one in notices.waiting_purposes(conn) if one.startswith("proof:")]
        over = [
            purpose
            for purpose in proofs
            if not digests.standing(conn, post.settings, *_about(purpose), now)[0].acts
        ]
    if over:
        with write(engine) as conn:
            notices.skip_all(conn, over, now)


def _about(purpose: str) -> tuple[str, str]:
    """Return the digest and the slot that the purpose of a proof names."""
    name, slot, _ = purpose.removeprefix("proof:").split("/")
    return name, slot
