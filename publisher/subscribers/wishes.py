"""What somebody asked for and has not confirmed, kept beside what they have until they do."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select

from publisher.store import insert_into
from publisher.store.tables import wishes
from publisher.subscribers.preferences import Choice
from publisher.tokens import CONFIRM_WITHIN


def make_wish(
    conn: Connection,
    subscriber_id: int,
    name: str,
    choice: Choice,
    now: datetime,
    *,
    replaces: int | None = None,
) -> None:
    """Keep a wish; the letter that is queued at the same moment is the one that confirms it.

    replaces   the subscriber who wants to be mailed at this one's address
    """
    row = insert_into(conn, wishes).values(
        subscriber_id=subscriber_id,
        made_at=int(now.timestamp()),
        name=name,
        languages=choice.languages,
        time_zone=choice.time_zone,
        digests=" ".join(choice.digests),
        kinds=choice.kinds,
        categories=choice.categories,
        originals=choice.originals,
        replaces=replaces,
    )
    conn.execute(row.on_conflict_do_nothing())


def find_wish(
    conn: Connection, subscriber_id: int, made_at: datetime
) -> tuple[str, Choice, int | None] | None:
    """Return name, choice and whom it replaces, of the wish that a letter's link confirms."""
    mine = (wishes.c.subscriber_id == subscriber_id) & (
        wishes.c.made_at == int(made_at.timestamp())
    )
    row = conn.execute(select(wishes).where(mine)).one_or_none()
    if row is None:
        return None
    choice = Choice(
        row.languages,
        tuple(row.digests.split()),
        row.kinds,
        row.categories,
        row.time_zone,
        row.originals,
    )
    return row.name, choice, row.replaces


def drop_wishes(conn: Connection, subscriber_id: int) -> None:
    """Forget what somebody asked for, and who asked to be mailed at another's address."""
    mine = or_(wishes.c.subscriber_id == subscriber_id, wishes.c.replaces == subscriber_id)
    conn.execute(delete(wishes).where(mine))


def forget_wishes(conn: Connection, now: datetime) -> int:
    """Let go of wishes that no link can confirm any more; return how many."""
    ended = wishes.c.made_at < int((now - CONFIRM_WITHIN - timedelta(days=1)).timestamp())
    return conn.execute(delete(wishes).where(ended)).rowcount
