"""What is remembered of reports, and for how long."""

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, select

from publisher.feedback.report import Kind
from publisher.store.tables import feedback


def last_report(conn: Connection) -> datetime | None:
    """Return when the last report came that was about somebody; None when none ever did."""
    ours = feedback.c.kind != Kind.UNPROVED.value
    at = conn.scalar(select(func.max(feedback.c.received_at)).where(ours))
    return None if at is None else datetime.fromtimestamp(at, UTC)


def forget_unproved(conn: Connection, before: datetime) -> int:
    """Forget reports about nobody's delivery that came before a moment; return how many."""
    old = (feedback.c.received_at < int(before.timestamp())) & feedback.c.delivery_id.is_(None)
    return conn.execute(delete(feedback).where(old)).rowcount
