"""Named leases, so that of several processes one at a time does a job.

A lease ends by itself when its holder dies. Its clock is the database's, the only one that all
machines share; it has nothing to do with the clock that editions go by.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Engine, delete, select, update

from publisher.store import tables
from publisher.store.database import clock_seconds, insert_into, read, write

MACHINES = "machine:"  # begins the leases by which machines at work say that they live

_leases = tables.leases


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on a job, with an end; made by `Lease.take`."""

    engine: Engine
    name: str
    holder: str  # unique per process
    length: timedelta

    @classmethod
    def take(cls, engine: Engine, name: str, holder: str, length: timedelta) -> "Lease | None":
        """Return the lease, or None while somebody else has it; one's own is taken anew."""
        with write(engine) as conn:
            now = clock_seconds(conn.dialect.name)
            row = insert_into(conn, _leases).values(
                name=name, holder=holder, until_at=now + int(length.total_seconds())
            )
            taken = conn.execute(
                row.on_conflict_do_update(
                    index_elements=[_leases.c.name],
                    set_={"holder": row.excluded.holder, "until_at": row.excluded.until_at},
                    where=(_leases.c.until_at <= now) | (_leases.c.holder == holder),
                ).returning(_leases.c.name)
            ).first()
        return cls(engine, name, holder, length) if taken else None

    def keep(self) -> bool:
        """Begin the lease's length anew; False when it ended and may be somebody else's."""
        with write(self.engine) as conn:
            now = clock_seconds(conn.dialect.name)
            kept = conn.execute(
                update(_leases)
                .where(self._is_mine(), _leases.c.until_at > now)
                .values(until_at=now + int(self.length.total_seconds()))
            )
            return kept.rowcount == 1

    def give_back(self) -> None:
        """End the lease now; harmless when it is no longer one's own."""
        with write(self.engine) as conn:
            conn.execute(delete(_leases).where(self._is_mine()))

    def _is_mine(self) -> ColumnElement[bool]:
        return (_leases.c.name == self.name) & (_leases.c.holder == self.holder)


def held(engine: Engine, prefix: str) -> dict[str, str]:
    """Return the holders of all leases in force whose names begin so, by name."""
    with read(engine) as conn:
        rows = conn.execute(
            select(_leases.c.name, _leases.c.holder)
            .where(
                _leases.c.name.startswith(prefix, autoescape=True),
                _leases.c.until_at > clock_seconds(conn.dialect.name),
            )
            .order_by(_leases.c.name)
        )
        return dict(rows.all())


def forget_ended(engine: Engine, prefix: str) -> None:
    """Delete the leases that begin so and are over; their holders died without a word."""
    with write(engine) as conn:
        ended = _leases.c.until_at <= clock_seconds(conn.dialect.name)
        conn.execute(
            delete(_leases).where(_leases.c.name.startswith(prefix, autoescape=True), ended)
        )
