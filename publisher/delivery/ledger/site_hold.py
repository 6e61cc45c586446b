"""What keeps a whole site from sending: it is a copy, and another may have sent the same.

A restored database does not know what left after it was made. So every delivery that waited is
held until somebody says that no other copy sends; what was under way then is in doubt.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, literal, select, update

from publisher.delivery.ledger.ledger import IS_QUEUED, IS_SENDING, moment, seconds
from publisher.delivery.ledger.record import InDoubt
from publisher.delivery.ledger.states import RESTORED_CODE, State, move
from publisher.store import Prepared
from publisher.store.tables import attempts, deliveries, holds

_SITE = "site"
_THING = "a delivery"


@dataclass(frozen=True, slots=True)
class SiteHold:
    """Since when nothing is sent, and why."""

    since: datetime
    why: str


def site_hold(conn: Connection) -> SiteHold | None:
    """Return what holds the whole site, None when nothing does."""
    found = _HELD.run(conn, {})
    return SiteHold(moment(found[0][0]), found[0][1]) if found else None


# Every sign-up asks, so it must cost next to nothing.
_HELD = Prepared(lambda _kind: select(holds.c.since_at, holds.c.why).where(holds.c.name == _SITE))


def hold_site(conn: Connection, why: str, now: datetime) -> int:
    """Hold the site and every delivery that waits; return how many do."""
    conn.execute(delete(holds).where(holds.c.name == _SITE))
    conn.execute(insert(holds).values(name=_SITE, since_at=seconds(now), why=why))
    wanted = str(move(_THING, State.QUEUED, State.HELD))
    held = update(deliveries).where(IS_QUEUED).values(state=wanted, code=RESTORED_CODE)
    return conn.execute(held).rowcount


def release_site(conn: Connection) -> int | None:
    """Let the site send again, and what was held with it; return how many rows, None: it was free."""
    if not conn.execute(delete(holds).where(holds.c.name == _SITE)).rowcount:
        return None
    wanted = str(move(_THING, State.HELD, State.QUEUED))
    restored = deliveries.c.state == State.HELD, deliveries.c.code == RESTORED_CODE
    freed = update(deliveries).where(*restored).values(state=wanted, code=None)
    return conn.execute(freed).rowcount


def doubt_all_under_way(conn: Connection, *, in_doubt: InDoubt, now: datetime) -> int:
    """Count a doubt for each row that was being sent when a copy was made; return how many.

    They wait again, or with `hold` until somebody looks at each. Only for a database that nobody
    sends from yet.
    """
    doubtful = move(_THING, State.SENDING, State.IN_DOUBT)
    wanted = move(_THING, doubtful, State.QUEUED if in_doubt == "resend" else State.HELD)
    told = select(
        deliveries.c.id,
        deliveries.c.attempts,
        literal(seconds(now), attempts.c.started_at.type),
        literal(str(doubtful)),
        literal(""),
        literal("a copy of the database was made before the answer was recorded"),
    ).where(IS_SENDING)
    names = ["delivery_id", "number", "started_at", "outcome", "code", "answer"]
    conn.execute(insert(attempts).from_select(names, told))
    nobody = {"worker": None, "lease_until_at": None}
    changed = update(deliveries).where(IS_SENDING)
    return conn.execute(
        changed.values(state=str(wanted), doubts=deliveries.c.doubts + 1, **nobody)
    ).rowcount
