"""One sender at a time: who gets the lock knows that no other lives and may take over its rows."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, select

from publisher.delivery.ledger.ledger import IS_SENDING
from publisher.store import clock_seconds, read
from publisher.store.tables import deliveries


@contextmanager
def sender_lock(var_dir: Path, now: datetime) -> Iterator[str]:
    """Hold the sender's lock for a block; yields "" or, without having it, who does.

    The kernel gives the lock back however this process ends. It is for SQLite, whose one machine
    it covers; on PostgreSQL senders share the ledger, and leases say whose a row is.
    """
    with ExitStack() as held:
        yield _take_file(held, var_dir / "sender.lock", now)


@contextmanager
def nobody_sends(engine: Engine, var_dir: Path, now: datetime) -> Iterator[str]:
    """Keep senders away from a database for a block; yields "" or who sends from it now.

    On PostgreSQL a sender is known by the rows that it holds; one that has none may still begin.
    """
    with ExitStack() as held:
        holder = held.enter_context(sender_lock(var_dir, now))
        if not holder and engine.dialect.name == "postgresql":
            holder = _who_holds_rows(engine)
        yield holder


def _who_holds_rows(engine: Engine) -> str:
    with read(engine) as conn:
        if not inspect(conn).has_table(deliveries.name):
            return ""
        lives = deliveries.c.lease_until_at > clock_seconds("postgresql")
        found = select(deliveries.c.worker).where(IS_SENDING, lives).limit(1)
        worker: str | None = conn.execute(found).scalar()
    return f"worker {worker}" if worker else ""


def _take_file(held: ExitStack, path: Path, now: datetime) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = held.enter_context(os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return file.read().strip() or "another process"
    file.truncate()
    file.write(f"process {os.getpid()} on {socket.gethostname()}, since {now:%Y-%m-%d %H:%M} UTC\n")
    file.flush()
    return ""
