"""By a lease that it keeps, a machine says that it lives; by the others' it knows whom to wake."""

import os
import secrets
import socket
import threading
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import Engine

from publisher.errors import StoreError
from publisher.ops import log
from publisher.store import MACHINES, Lease, forget_ended, held

LAST_BEAT_SECONDS = 2.0  # for the beat under way when the process ends

_log = log.get("schedule")


class Presence:
    """This machine's lease, kept in a thread of its own so that no job can hold it up."""

    def __init__(self, engine: Engine, beat: timedelta, *, has_content: bool) -> None:
        """Prepare a lease that outlasts three beats; `name` is also the name of the machine's queue.

        engine  connections of the lease's own
        """
        self.name = MACHINES + secrets.token_hex(4)
        self.alive: frozenset[str] = frozenset()  # all machines, as of the last beat
        self._engine, self._beat = engine, beat
        self._length = 3 * beat + timedelta(seconds=1)  # leases count whole seconds
        place = f"{socket.gethostname()}:{os.getpid()}"
        self._holder = f"{place} with content" if has_content else place
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="presence", daemon=True)

    def begin(self) -> None:
        """Take the lease; raises StoreError when the database cannot be used."""
        self._say_so()
        self._thread.start()

    def end(self) -> None:
        """Give the lease back, if the database can be used, and let go of the database."""
        self._over.set()
        self._thread.join(LAST_BEAT_SECONDS)
        with suppress(StoreError):
            Lease(self._engine, self.name, self._holder, self._length).give_back()
        self._engine.dispose()

    def _keep(self) -> None:
        while not self._over.wait(self._beat.total_seconds()):
            try:
                self._say_so()
                forget_ended(self._engine, MACHINES)
            except StoreError as error:
                _log.debug("lease not kept", reason=error.message)

    def _say_so(self) -> None:
        Lease.take(self._engine, self.name, self._holder, self._length)
        self.alive = frozenset(held(self._engine, MACHINES))
