"""Jobs shared through Procrastinate over a real PostgreSQL; what they do is the test's."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from machines import BEAT, until
from procrastinate import App, PsycopgConnector

from publisher.schedule.jobs import Done, Job
from publisher.schedule.runner import Ran
from publisher.schedule.shared import Shared
from publisher.schedule.wishes import ANYBODY, WITH_CONTENT, cron

TIDY = Job("tidy", timedelta(minutes=1), lambda _app, _stop: Done(None))
OPEN = Job("open", timedelta(minutes=1), lambda _app, _stop: Done(None), needs_content=True)


class Work:
    """Does jobs slowly, and knows how many were ever under way at once."""

    def __init__(self, wait: timedelta = TIDY.longest_pause) -> None:
        self.done: list[str] = []
        self.most_at_once = 0
        self._now = 0
        self._wait = wait
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(8)

    def do(self, job: Job) -> "Future[Ran]":
        return self._threads.submit(self._do, job)

    def _do(self, job: Job) -> Ran:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(0.15)
        with self._lock:
            self._now -= 1
            self.done.append(job.name)
        return Ran(self._wait)


@contextmanager
def taking_part(
    url: str, name: str, work: Work, *, has_content: bool = True, woken: list[str] | None = None
) -> Iterator[Shared]:
    told = woken if woken is not None else []
    shared = Shared(
        url,
        name,
        [TIDY, OPEN],
        BEAT,
        has_content=has_content,
        do=work.do,
        woken=told.append,
        alive=lambda: [name, "machine:b"],
    )
    shared.begin()
    try:
        yield shared
    finally:
        shared.stop()
        assert shared.end(time.monotonic() + 30)


def test_of_three_machines_one_at_a_time_does_a_job(shared_url):
    work = Work()
    with ExitStack() as machines:
        parts = [
            machines.enter_context(taking_part(shared_url, f"machine:{n}", work)) for n in range(3)
        ]
        assert until(lambda: {"tidy", "open"} <= set(work.done))
        before = work.done.count("tidy")
        work.most_at_once = 0
        for _ in range(3):
            for part in parts:
                part.defer(TIDY)
            time.sleep(0.2)
        assert until(lambda: work.done.count("tidy") > before)
        time.sleep(0.5)
    assert work.most_at_once <= 2  # one of each job
    # Nine wishes while it ran are as good as one or two a run.
    assert work.done.count("tidy") - before < 9


def test_a_machine_without_content_leaves_alone_what_needs_it(shared_url):
    work = Work()
    with taking_part(shared_url, "machine:a", work, has_content=False):
        assert until(lambda: "tidy" in work.done)
        time.sleep(1)
    assert "open" not in work.done


def test_a_machine_is_woken_by_name(shared_url):
    work, woken = Work(), []
    with (
        taking_part(shared_url, "machine:a", work) as first,
        taking_part(shared_url, "machine:b", work, woken=woken),
    ):
        assert until(lambda: len(work.done) >= 2)
        first.wake(["machine:b"], OPEN)
        assert until(lambda: woken == ["open"])


def test_a_job_that_knows_when_it_is_due_next_is_done_then(shared_url):
    work = Work(wait=timedelta(seconds=0.3))
    with taking_part(shared_url, "machine:a", work):
        assert until(lambda: work.done.count("tidy") >= 3)


def test_a_job_that_a_dead_machine_had_under_way_is_done_by_another(shared_url):
    asyncio.run(die_in_the_middle(shared_url))
    work = Work()
    with taking_part(shared_url, "machine:b", work):
        assert until(lambda: "tidy" in work.done)
        assert "open" not in work.done  # its lock is held, and might be by somebody alive
        with psycopg.connect(shared_url) as conn:
            conn.execute(
                "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' "
                "WHERE id = (SELECT min(id) FROM procrastinate_workers)"
            )
        assert until(lambda: "open" in work.done)
        assert until(lambda: waiting_for(shared_url, "machine:dead") == 0)


async def die_in_the_middle(url: str) -> None:
    """Leave what a killed machine leaves: a job taken, its lock held, and a wake-up nobody reads."""
    app = App(connector=PsycopgConnector(conninfo=url))
    async with app.open_async():
        await app.configure_task("publisher.open", queue=WITH_CONTENT, lock="open").defer_async()
        await app.configure_task("publisher.wake", queue="machine:dead").defer_async(job="send")
        worker = await app.job_manager.register_worker()
        assert await app.job_manager.fetch_job([WITH_CONTENT], worker) is not None


def waiting_for(url: str, queue: str) -> int:
    with psycopg.connect(url) as conn:
        asked = "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = %s"
        row = conn.execute(asked, [queue]).fetchone()
    return row[0] if row else 0


def test_a_machine_that_was_frozen_and_given_up_takes_jobs_again(shared_url):
    work = Work()
    with taking_part(shared_url, "machine:a", work) as shared:
        assert until(lambda: "tidy" in work.done)
        with psycopg.connect(shared_url) as conn:
            conn.execute("DELETE FROM procrastinate_workers")  # as the others do
        before = work.done.count("tidy")

        def is_done_again() -> bool:
            shared.defer(TIDY)
            return work.done.count("tidy") > before

        assert until(is_done_again)


def test_what_was_done_leaves_no_rows_behind(shared_url):
    work = Work()
    with taking_part(shared_url, "machine:a", work):
        assert until(lambda: {"tidy", "open"} <= set(work.done))
        assert until(lambda: waiting_for(shared_url, ANYBODY) == 0)


@pytest.mark.parametrize(
    ("pause", "words"),
    [
        (timedelta(seconds=5), "*/1 * * * *"),
        (timedelta(minutes=1), "*/1 * * * *"),
        (timedelta(minutes=15), "*/15 * * * *"),
        (timedelta(hours=6), "0 */6 * * *"),
        (timedelta(days=1), "0 3 * * *"),
    ],
)
def test_pauses_in_the_words_of_a_calendar(pause, words):
    assert cron(pause) == words


def test_queue_names_fit_into_a_channel_of_postgresql():
    # LISTEN takes 63 bytes, and a longer one would make every insertion fail.
    for queue in (ANYBODY, WITH_CONTENT, "machine:" + "0" * 8):
        assert len(f"procrastinate_queue_v1#{queue}".encode()) <= 63


def test_a_database_that_is_away_is_waited_for(tmp_path: Path):
    work = Work()
    with taking_part(f"postgresql:///none?host={tmp_path}", "machine:a", work) as shared:
        shared.defer(TIDY)
        time.sleep(1)
    assert work.done == []
