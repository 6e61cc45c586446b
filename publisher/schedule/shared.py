"""The jobs that one machine at a time does, and the wake-ups, by Procrastinate.

Each machine's worker takes them from queues: one of jobs that any machine can do, one of those
that need content/, and one of its own, where others put a wake-up for it. Procrastinate never
carries a recipient: who gets mail stands in the ledger only, and only the ledger recovers it.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from psycopg_pool import AsyncConnectionPool

from publisher.ops import log
from publisher.schedule.jobs import Job
from publisher.schedule.runner import Ran
from publisher.schedule.wishes import (
    ANYBODY,
    WAKE,
    WITH_CONTENT,
    cron,
    listen_to_procrastinate,
    queue_of,
    strike,
    sweep,
    task_name,
    wake,
    want,
)
from publisher.store.postgres import CONNECT

CONNECTIONS = 4  # of the worker; one more listens
POOL_SECONDS = 3.0  # how long it waits for a connection before it takes the server for gone
POLL_SECONDS = 5.0  # nobody is told that a lock became free
NAP_SECONDS = 0.5  # between two tries to reach a server that is gone
LAST_WORDS_SECONDS = 8.0  # for the job under way when the process ends

_CONNECT: Any = {**CONNECT, "application_name": "publisher jobs"}
_log = log.get("schedule")


class Shared:
    """One machine's part in the shared jobs; lives in a thread, over any loss of the database."""

    def __init__(
        self,
        address: str,
        name: str,
        jobs: Sequence[Job],
        beat: timedelta,
        *,
        has_content: bool,
        do: Callable[[Job], "Future[Ran]"],
        woken: Callable[[str], None],
        alive: Callable[[], Collection[str]],
    ) -> None:
        """Prepare the worker.

        name   the machine's own queue
        jobs   those that one machine at a time does
        beat   how often the worker says that it lives; after three silent ones it counts as dead
        do     does a job somewhere else, and tells when it is done
        woken  called with the name of a job that another machine wants done here
        alive  tells the names of the machines that live
        """
        self._address, self._name, self._beat = address, name, beat.total_seconds()
        self._do, self._woken, self._alive = do, woken, alive
        self._jobs = {task_name(job): job for job in jobs}
        self._queues = [name, ANYBODY, *([WITH_CONTENT] if has_content else [])]
        self._taken: dict[str, int] = {}  # the last of each job, whose end may not be on record
        self._app: App | None = None  # while the database is there
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._later: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="shared", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no further job."""
        with suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._over.set)

    def end(self, deadline: float) -> bool:
        """Wait for the job under way until this monotonic moment; call it after `stop`."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def defer(self, job: Job) -> None:
        """Have some machine do a shared job now; harmless when it is wanted already."""
        self._post(lambda app: want(app, job))

    def wake(self, machines: Sequence[str], job: Job) -> None:
        """Have each of these machines do a job of its own now."""
        self._post(lambda app: wake(app, machines, job))

    def _post(self, say: Callable[[App], Coroutine[Any, Any, None]]) -> None:
        async def post() -> None:
            # Without a database nothing is lost: every job is begun anew when it is back.
            if self._app is not None:
                with suppress(ConnectorException, psycopg.Error):
                    await say(self._app)

        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: self._keep(self._loop.create_task(post())))

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    # In the thread.

    def _run(self) -> None:
        listen_to_procrastinate()
        # An answer that could not be written down: `_take_back` sees to it.
        self._loop.set_exception_handler(lambda _loop, about: _log.debug(about["message"]))
        try:
            self._loop.run_until_complete(self._live())
        finally:
            self._loop.close()

    async def _live(self) -> None:
        lost = ""
        while not self._over.is_set():
            try:
                await self._reach()
                if lost:
                    _log.info("jobs are shared again")
                lost = ""
                await self._serve()
            except Exception as error:
                # Whatever it is, the mail goes on; and the next try may do.
                reason = str(error.__cause__ or error).strip().partition("\n")[0]
                if reason != lost:
                    _log.warning("jobs cannot be shared now", reason=reason)
                lost = reason
            await self._pause(NAP_SECONDS)
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    async def _reach(self) -> None:
        """Raise psycopg.Error at once while the server is away; a pool would wait and wait longer."""
        async with await psycopg.AsyncConnection.connect(self._address, **_CONNECT):
            pass

    async def _serve(self) -> None:
        """Take jobs until the database is lost or the process ends."""
        app = self._procrastinate()
        async with self._pool() as pool, app.open_async(pool):
            await pool.wait(POOL_SECONDS)
            await self._take_back(app)
            for job in self._jobs.values():
                await want(app, job)
            self._app = app
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=self._queues,
                    name=self._name,
                    concurrency=CONNECTIONS,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=min(POLL_SECONDS, self._beat),
                    delete_jobs="always",  # what became of a run stands in our own table
                    update_heartbeat_interval=self._beat,
                    stalled_worker_timeout=3 * self._beat,
                    shutdown_graceful_timeout=LAST_WORDS_SECONDS,
                )
            )
            others = [
                asyncio.create_task(self._over.wait()),
                asyncio.create_task(sweep(app, self._jobs, self._alive, self._beat)),
            ]
            try:
                await asyncio.wait([worker, *others], return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._app = None
                for task in (*others, worker):
                    task.cancel()
                done = await asyncio.gather(worker, *others, return_exceptions=True)
        for outcome in done:
            if isinstance(outcome, Exception):
                raise outcome

    def _pool(self) -> AsyncConnectionPool[Any]:
        return AsyncConnectionPool(
            self._address,
            kwargs=_CONNECT,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=POOL_SECONDS,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    def _procrastinate(self) -> App:
        app = App(connector=PsycopgConnector())
        for job in self._jobs.values():
            self._add(app, job)

        @app.task(name=WAKE)
        async def woken(job: str) -> None:
            self._woken(job)

        return app

    def _add(self, app: App, job: Job) -> None:
        @app.periodic(cron=cron(job.longest_pause))
        @app.task(
            name=task_name(job),
            queue=queue_of(job),
            lock=job.name,
            queueing_lock=job.name,
            pass_context=True,
        )
        async def run(context: JobContext, timestamp: int = 0) -> None:
            if context.job.id is not None:
                self._taken[job.name] = context.job.id
            ran = await asyncio.wrap_future(self._do(job))
            if ran.wait < job.longest_pause:
                self._keep(asyncio.create_task(self._again(app, job, ran.wait)))

    async def _again(self, app: App, job: Job, wait: timedelta) -> None:
        """Want a job at the moment it asked for: the calendar knows whole minutes only."""
        await self._pause(wait.total_seconds())
        if self._app is app:
            with suppress(ConnectorException, psycopg.Error):
                await want(app, job)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    async def _take_back(self, app: App) -> None:
        """Strike the jobs that this machine had under way when it lost the database."""
        for number in self._taken.values():
            for stored in await app.job_manager.list_jobs_async(id=number, status="doing"):
                await strike(app, stored)
        self._taken.clear()
