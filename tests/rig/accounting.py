"""What a run came to: the database's rows against the server's journal.

The rows are read with plain SQL, not through the program's own sums, which are looked at too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from email import message_from_bytes
from pathlib import Path

from sqlalchemy import Connection, text

from publisher.delivery import totals

from .journal import Copy, Journal

_NOT_OWED = frozenset({"failed", "skipped", "held"})
_ROWS = text(
    "SELECT d.id, d.state, d.doubts, d.attempts, s.address FROM deliveries d "
    "JOIN subscribers s ON s.id = d.subscriber_id WHERE d.purpose LIKE 'edition:%'"
)
_PURPOSES = text("SELECT DISTINCT purpose FROM deliveries WHERE purpose LIKE 'edition:%'")


@dataclass(frozen=True, slots=True)
class Row:
    """One delivery as the database has it."""

    id: int
    state: str
    doubts: int
    attempts: int
    address: str


@dataclass(frozen=True, slots=True)
class Count:
    """The sums of one run; a good one has zeros from `lost` on, but for excusable repeats."""

    recipients: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    held: int = 0
    in_doubt: int = 0
    waiting: int = 0
    accepted: int = 0  # messages that the server took over
    lost: int = 0  # who should have it and does not, or was called sent and has not
    repeats: int = 0  # copies beyond the first
    inexcusable: int = 0  # of these, after one whose answer the client provably took
    unnamed: int = 0  # repeats of which the ledger knows no doubt
    differing: int = 0  # repeats with other bytes or to somebody else
    violations: int = 0


def add(one: Count, other: Count) -> Count:
    """Return the sums of two runs together."""
    return Count(*(a + b for a, b in zip(astuple(one), astuple(other), strict=True)))


def count_maildir(rows: Sequence[Row], outbox: Path) -> Count:
    """Compare the ledger and a Maildir, in which a repeat is a second file."""
    messages = [message_from_bytes(path.read_bytes()) for path in sorted(outbox.glob("new/*"))]
    got = Counter(str(message["To"]) for message in messages)
    lost = [row for row in rows if not got[row.address] and row.state not in _NOT_OWED]
    repeats = sum(got.values()) - len(got) + len(list(outbox.glob("tmp/*")))
    return replace(
        _states(rows),
        accepted=len(messages),
        lost=len(lost),
        repeats=repeats,
        inexcusable=repeats,
    )


def rows_of(conn: Connection) -> list[Row]:
    """Return every delivery of an edition."""
    return [Row(*row) for row in conn.execute(_ROWS)]


def count(rows: Sequence[Row], journal: Journal) -> Count:
    """Compare the ledger and the journal of an SMTP run."""
    got = {copy.recipient for copy in journal.copies}
    doubted = {row.address for row in rows if row.doubts}
    lost = [row for row in rows if row.address not in got and row.state not in _NOT_OWED]
    groups = list(journal.by_id.values())
    repeats = [pair for group in groups for pair in _repeats(group)]
    # A second message under another Message-ID would be a repeat that nobody could recognise.
    strangers = sum(len(groups_of) - 1 for groups_of in _ids_by_recipient(journal).values())
    return replace(
        _states(rows),
        accepted=len(journal.copies),
        lost=len(lost),
        repeats=len(repeats) + strangers,
        inexcusable=sum(any(c.was_taken(copy.mail_at) for c in before) for copy, before in repeats)
        + strangers,
        unnamed=sum(copy.recipient not in doubted for copy, _ in repeats) + strangers,
        differing=sum(
            (copy.sha256, copy.recipient) != (before[0].sha256, before[0].recipient)
            for copy, before in repeats
        ),
        violations=len(journal.violations),
    )


def own_sums(conn: Connection) -> tuple[int, int]:
    """Return recipients and the sum of all states as the program itself adds them up."""
    recipients = parts = 0
    for purpose in conn.execute(_PURPOSES).scalars().all():
        found = totals(conn, purpose)
        recipients += found.recipients
        parts += found.sent + found.failed + found.skipped + found.held
        parts += found.in_doubt + found.waiting
    return recipients, parts


def _states(rows: Sequence[Row]) -> Count:
    def having(*states: str) -> int:
        return sum(row.state in states for row in rows)

    return Count(
        recipients=len(rows),
        sent=having("sent"),
        failed=having("failed"),
        skipped=having("skipped"),
        held=having("held"),
        in_doubt=having("in doubt"),
        waiting=having("queued", "sending"),
    )


def _repeats(group: Sequence[Copy]) -> Iterator[tuple[Copy, Sequence[Copy]]]:
    """Yield each copy beyond the first, with those before it."""
    for number in range(1, len(group)):
        yield group[number], group[:number]


def _ids_by_recipient(journal: Journal) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for copy in journal.copies:
        found.setdefault(copy.recipient, set()).add(copy.message_id)
    return found
