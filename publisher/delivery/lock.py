"""One sender at a time: who gets the lock knows that no other lives and may take over its rows."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, text

_ADVISORY_KEY = 0x7075_626C  # any number, the same for every sender of one database


@contextmanager
def sender_lock(engine: Engine, var_dir: Path, now: datetime) -> Iterator[str]:
    """Hold the sender's lock for a block; yields "" or, without having it, who does.

    The kernel gives the lock back however this process ends. On PostgreSQL other machines count
    too: the server gives its own lock back when our connection ends.
    """
    with ExitStack() as held:
        holder = _take_file(held, var_dir / "sender.lock", now)
        if not holder and engine.dialect.name == "postgresql":
            holder = _take_server(held, engine)
        yield holder


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


def _take_server(held: ExitStack, engine: Engine) -> str:
    conn = held.enter_context(engine.connect()).execution_options(isolation_level="AUTOCOMMIT")
    key = {"key": _ADVISORY_KEY}
    if not conn.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one():
        return "a sender on another machine"
    # Closed for good: in the pool the lock would live on if giving it back failed. Closing alone
    # is not enough, because the server lets go only a moment after we did.
    held.callback(conn.invalidate)
    held.callback(conn.execute, text("SELECT pg_advisory_unlock(:key)"), key)
    return ""
