"""A thread that does jobs one after the other, each when it is due or asked for."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from publisher.schedule.jobs import Job
from publisher.schedule.runner import Ran, Runner

if TYPE_CHECKING:
    from publisher.app import App

_NEVER = float("inf")


class Lane:
    """Jobs that take turns; its App is used by this thread alone.

    The thread is a daemon: a process that has waited long enough for a job to stop ends all the
    same. Every job survives that, as it survives a crash.
    """

    def __init__(
        self,
        name: str,
        app: "App",
        stop: threading.Event,
        on_start: Callable[[Job], None],
        on_done: Callable[[Job, Ran], None],
    ) -> None:
        """Prepare a lane; on_start and on_done are called in its thread."""
        self.app = app
        self._stop, self._on_start, self._on_done = stop, on_start, on_done
        self._runner = Runner(app, stop)
        self._changed = threading.Condition()
        self._due: dict[Job, float] = {}  # of repeated jobs, on the monotonic clock
        self._pauses: dict[Job, timedelta] = {}
        self._wanted: deque[tuple[Job, Future[Ran]]] = deque()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def repeat(self, job: Job, pause: timedelta) -> None:
        """Do a job now and ever again, at least once a pause; call it before `begin`."""
        self._due[job], self._pauses[job] = time.monotonic(), pause

    def ask(self, job: Job, wait_seconds: float = 0) -> None:
        """Do a repeated job then; when it runs just now, another time after that."""
        with self._changed:
            if job in self._due:
                self._due[job] = time.monotonic() + wait_seconds
                self._changed.notify()

    def once(self, job: Job) -> "Future[Ran]":
        """Do a job as soon as the one under way is done."""
        future: Future[Ran] = Future()
        with self._changed:
            self._wanted.append((job, future))
            self._changed.notify()
            if self._stop.is_set():
                self._call_off()
        return future

    def end(self, deadline: float) -> bool:
        """Wait for the job under way until this monotonic moment; call it when stop is set."""
        with self._changed:
            self._changed.notify()
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (turn := self._next()) is not None:
            job, future = turn
            self._on_start(job)
            ran = self._runner.run(job)
            if future is None:
                self._plan(job, ran)
            self._on_done(job, ran)
            if future is not None:
                future.set_result(ran)
        with self._changed:
            self._call_off()

    def _next(self) -> "tuple[Job, Future[Ran] | None] | None":
        """Wait for the next job to do; None when it is time to stop."""
        with self._changed:
            while not self._stop.is_set():
                while self._wanted:
                    job, future = self._wanted.popleft()
                    if future.set_running_or_notify_cancel():
                        return job, future
                due, at = min(self._due.items(), key=itemgetter(1), default=(None, _NEVER))
                left = at - time.monotonic()
                if due and left <= 0:
                    self._due[due] = _NEVER
                    return due, None
                self._changed.wait(None if left == _NEVER else left)
        return None

    def _plan(self, job: Job, ran: Ran) -> None:
        """Plan the next run, unless somebody asked for an earlier one meanwhile."""
        wait = ran.wait if ran.must_rest else min(ran.wait, self._pauses[job])
        with self._changed:
            at = time.monotonic() + wait.total_seconds()
            self._due[job] = min(self._due[job], at)

    def _call_off(self) -> None:
        while self._wanted:
            self._wanted.popleft()[1].cancel()
