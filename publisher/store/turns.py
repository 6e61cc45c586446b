"""Small writes that threads ask for at the same moment, to be done in one transaction of SQLite.

A commit that waits for the disk takes longer than all that a sign-up does before it, and on SQLite
one must end before the next begins. So who finds others waiting does their work too, and one wait
makes all of it durable. Nobody hears of their own work before that.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from sqlalchemy import Connection

from publisher.errors import PublisherError


class Turn:
    """One piece of work and what became of it."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self._work = work
        self._value: Any = None
        self.error: BaseException | None = None
        self.is_over = False

    def take(self, conn: Connection) -> None:
        """Do the work, or none of it when it is refused; what else it raises ends the transaction."""
        self.error = None
        raw: Any = conn.connection.driver_connection
        raw.execute("SAVEPOINT turn")  # by SQLite's own means: a tenth of a sign-up less
        try:
            self._value = self._work(conn)
        except PublisherError as refusal:
            self.error = refusal
            raw.execute("ROLLBACK TO turn")
        raw.execute("RELEASE turn")

    def result(self) -> Any:
        """Return what the work returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self._value


class Turns:
    """Those that wait for one database."""

    def __init__(self) -> None:
        self._waiting: list[Turn] = []
        self._adding, self._leading = Lock(), Lock()

    def wait(self, turn: Turn, take: Callable[[Sequence[Turn]], None]) -> None:
        """Return when a turn is over: by another thread, or here with all that wait.

        take   does their work in one transaction and says in each turn what became of it
        """
        with self._adding:
            self._waiting.append(turn)
        with self._leading:
            if turn.is_over:
                return
            with self._adding:
                turns, self._waiting = self._waiting, []
            take(turns)
            for one in turns:
                one.is_over = True
