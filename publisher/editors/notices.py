"""Mails to editors: each made once, kept as the bytes that leave, handed over till an answer comes.

They have a table of their own because a delivery belongs to a subscriber, and an editor need be
none. What makes them safe is the same: a key that lets each be made once, and a mark that is
committed before a message leaves. A crash can repeat a message, byte for byte and under the same
Message-ID.
"""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update

from publisher.delivery import Kind, Outcome, RetryRule
from publisher.store import insert_into
from publisher.store.tables import notices

# Longer than any server is waited for: whoever took the row has its answer by then, or is dead.
ANSWER_WITHIN = timedelta(minutes=15)
RULE = RetryRule()


@dataclass(frozen=True, slots=True)
class Draft:
    """One mail to one editor, whole and signed, that nobody has queued yet."""

    purpose: str
    editor: str  # see `editor_id`
    sender: str  # MAIL FROM
    data: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that is being handed over."""

    id: int
    purpose: str
    editor: str
    sender: str
    data: bytes
    attempts: int
    queued_at: datetime


def queue(conn: Connection, drafts: Sequence[Draft], now: datetime) -> None:
    """Queue mails; one that was made for an editor before is not made again."""
    for draft in drafts:
        row = insert_into(conn, notices).values(
            purpose=draft.purpose,
            editor=draft.editor,
            state="queued",
            sender=draft.sender,
            message=zlib.compress(draft.data),
            queued_at=_unix(now),
            next_at=_unix(now),
        )
        conn.execute(row.on_conflict_do_nothing())


def who_has(conn: Connection, purpose: str) -> frozenset[str]:
    """Return the editors for whom a mail was made whose purpose begins so."""
    chosen = select(notices.c.editor).where(notices.c.purpose.startswith(purpose, autoescape=True))
    return frozenset(conn.scalars(chosen))


def waiting_purposes(conn: Connection) -> frozenset[str]:
    """Return what the mails are for that wait, or whose answer does."""
    return frozenset(
        conn.scalars(select(notices.c.purpose).where(notices.c.settled_at.is_(None)).distinct())
    )


def next_at(conn: Connection) -> datetime | None:
    """Return when the first of those that wait is due."""
    first = conn.scalar(select(func.min(notices.c.next_at)).where(notices.c.settled_at.is_(None)))
    return None if first is None else datetime.fromtimestamp(first, UTC)


def take(conn: Connection, now: datetime) -> Taken | None:
    """Take the next mail that is due, None when there is none; the commit is the mark.

    One that was taken before, and of which nothing was heard since, is due again.
    """
    is_due = notices.c.settled_at.is_(None) & (notices.c.next_at <= _unix(now))
    first = select(notices.c.id).where(is_due).order_by(notices.c.next_at, notices.c.id).limit(1)
    row = conn.execute(
        update(notices)
        .where(notices.c.id == first.scalar_subquery(), is_due)
        .values(
            state="sending",
            attempts=notices.c.attempts + 1,
            next_at=_unix(now + ANSWER_WITHIN),
        )
        .returning(notices)
    ).one_or_none()
    if row is None:
        return None
    data, queued_at = zlib.decompress(row.message), datetime.fromtimestamp(row.queued_at, UTC)
    return Taken(row.id, row.purpose, row.editor, row.sender, data, row.attempts, queued_at)


def record(conn: Connection, taken: Taken, outcome: Outcome, now: datetime) -> str:
    """Note an answer; return the state that followed. Without one, or for later, it waits again."""
    if outcome.kind is Kind.ACCEPTED:
        return _settle(conn, taken, "sent", outcome.code, now)
    if outcome.kind is Kind.REFUSED:
        return _settle(conn, taken, "failed", outcome.code, now)
    return put_back(conn, taken, now, attempts=taken.attempts, code=outcome.code)


def put_back(
    conn: Connection,
    taken: Taken,
    now: datetime,
    *,
    attempts: int = 1,
    wait: timedelta = timedelta(0),
    code: str = "",
) -> str:
    """Let a mail wait for its next try, or call it failed after two days; return its state.

    attempts  that its receiver saw; a transport that was down is no reason to wait longer
    wait      that a server asked for
    """
    again = RULE.next_attempt(taken.id, attempts, taken.queued_at, now, wait)
    if again is None:
        return _settle(conn, taken, "failed", code, now)
    _mine(conn, taken, state="queued", next_at=_unix(again), code=code)
    return "queued"


def skip(conn: Connection, taken: Taken, now: datetime) -> str:
    """Let a mail be: who was to get it is no editor any more."""
    return _settle(conn, taken, "skipped", "", now)


def skip_all(conn: Connection, purposes: Collection[str], now: datetime) -> None:
    """Let those mails be that wait and tell of what is over."""
    over = notices.c.purpose.in_(purposes), notices.c.settled_at.is_(None)
    settled = {"state": "skipped", "settled_at": _unix(now), "message": None}
    conn.execute(update(notices).where(*over, notices.c.state == "queued").values(settled))


def forget(conn: Connection, before: datetime) -> None:
    """Delete what was settled before a moment."""
    conn.execute(delete(notices).where(notices.c.settled_at < _unix(before)))


def _settle(conn: Connection, taken: Taken, state: str, code: str, now: datetime) -> str:
    _mine(conn, taken, state=state, code=code, settled_at=_unix(now), message=None)
    return state


def _mine(conn: Connection, taken: Taken, **values: object) -> None:
    """Change a row unless somebody else has taken it since."""
    mine = notices.c.id == taken.id, notices.c.attempts == taken.attempts
    conn.execute(update(notices).where(*mine, notices.c.settled_at.is_(None)).values(**values))


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())
