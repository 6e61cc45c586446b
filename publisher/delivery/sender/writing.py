"""One thread writes the ledger for a whole run, so that its loop goes on while the disk is waited for."""

import asyncio
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from publisher.store import Writer

# The thread has to wait so long at most before the loop lets it go on; Python's own 5 ms are ten
# commits. A twelfth more messages a second over 20 connections.
SWITCH_SECONDS = 0.0002

Work = Callable[[Connection], Any]
Told = Callable[[Any, BaseException | None], None]
T = TypeVar("T")


class Writing:
    """Transactions of one loop, one after the other in the order in which they were asked for."""

    def __init__(self, engine: Engine) -> None:
        """Begin; to be called inside the loop."""
        self._writer = Writer(engine)
        self._loop = asyncio.get_running_loop()
        self._works: SimpleQueue[tuple[Work, Told] | None] = SimpleQueue()
        self._switch_seconds = sys.getswitchinterval()
        sys.setswitchinterval(min(SWITCH_SECONDS, self._switch_seconds))
        self._thread = threading.Thread(target=self._go, name="ledger", daemon=True)
        self._thread.start()

    def begin(self, work: Work, told: Told) -> None:
        """Do a piece of work in one transaction; then say in the loop what came of it.

        told  gets what work returned, or why nothing was committed: StoreError for one
        """
        self._works.put((work, told))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do a piece of work in one transaction and wait until it is durable."""
        ended: asyncio.Future[T] = self._loop.create_future()

        def told(result: Any, error: BaseException | None) -> None:
            if ended.done():
                return
            if error is None:
                ended.set_result(result)
            else:
                ended.set_exception(error)

        self.begin(work, told)
        return await ended

    def close(self) -> None:
        """Let go of the database, when all that was asked for is done."""
        self._works.put(None)
        self._thread.join()
        sys.setswitchinterval(self._switch_seconds)

    def _go(self) -> None:
        while (asked := self._works.get()) is not None:
            work, told = asked
            result, error = None, None
            try:
                with self._writer.write() as conn:
                    result = work(conn)
            except BaseException as why:
                result, error = None, why  # what work returned was not committed
            with suppress(RuntimeError):  # the loop was closed: nobody waits for it any more
                self._loop.call_soon_threadsafe(told, result, error)
        self._writer.close()
