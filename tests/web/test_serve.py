"""`publisher serve` and `publisher run` as an operator starts and stops them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse

from publisher.app import open_app
from publisher.errors import PublisherError
from publisher.ops import Clock
from publisher.web import make_web, serve_until, serving
from publisher.web.serve import WebServer
from publisher.web.visit import Page
from publisher.web.wire import Patience
from tests.conftest import SETTINGS
from tests.web.browser import SECONDS
from tests.web.test_feeds import until

MOST_MEMORY = 150 * 1024  # kB of a process that waits


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def asked(port: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


@pytest.fixture
def port(site) -> int:
    found = free_port()
    site.configure(f"{SETTINGS}port = {found}\n")
    return found


@pytest.fixture
def started(site) -> Iterator:
    processes = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "publisher", "--site", site.root, *words, "--log", "json"],
            env=os.environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_run_serves_what_it_builds_in_little_memory_and_stops_when_asked(site, port, started):
    site.item("a.en.md", "A")
    process = started("run")
    until(lambda: asked(port, "/feeds/en/all.rss")[0] == 200)
    assert asked(port, "/readyz") == (200, b"ready\n")
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) < MOST_MEMORY
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, told
    lines = [json.loads(line) for line in told.splitlines()]  # to the last one
    assert "/readyz" in [line.get("route") for line in lines]
    assert asked(port, "/healthz")[0] == 0


def test_serve_builds_nothing_and_stops_when_asked(site, port, started):
    site.item("a.en.md", "A")
    process = started("serve")
    until(lambda: asked(port, "/healthz")[0] == 200)
    assert asked(port, "/feeds/en/all.rss")[0] == 404
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, told
    assert not (site.root / "feeds").exists()


def test_run_says_that_it_is_ready_when_pages_are_answered(site, port, started, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waiting:
        waiting.bind(f"\0publisher-{port}")
        waiting.settimeout(SECONDS)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@publisher-{port}")
        started("run")
        assert waiting.recv(100) == b"READY=1"
    assert asked(port, "/readyz") == (200, b"ready\n")


def test_a_port_that_is_taken_is_told_with_what_to_do(site):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        app = open_app(site.root, Clock())
        with (
            pytest.raises(PublisherError, match=r"cannot listen on 127\.0\.0\.1") as told,
            serving(app, port=taken.getsockname()[1]),
        ):
            pass
        app.close()
    assert "[web]" in told.value.hint


def test_an_answer_under_way_is_finished_before_the_end(site):
    begun, go_on = threading.Event(), threading.Event()

    def slow(visit):
        begun.set()
        go_on.wait(SECONDS)
        return PlainTextResponse("whole")

    app, answers = open_app(site.root, Clock()), []
    with serving(app, port=0, more=[Page("/slow", get=slow)]) as server:
        asking = threading.Thread(target=lambda: answers.append(asked(server.port, "/slow")))
        asking.start()
        assert begun.wait(SECONDS)
        server.stop()
        go_on.set()
    asking.join()
    app.close()
    assert answers == [(200, b"whole")]


def test_serve_takes_up_changed_settings_and_keeps_the_old_when_they_are_wrong(site, port):
    app, stop = open_app(site.root, Clock()), threading.Event()
    thread = threading.Thread(target=serve_until, args=(app, stop), kwargs={"look_seconds": 0.05})
    thread.start()
    until(lambda: asked(port, "/healthz")[0] == 200)
    text = (site.root / "publisher.toml").read_text()
    site.configure(text.replace("Example Cities", "Other Cities"))
    until(lambda: b"Other Cities" in asked(port, "/nothing")[1])
    site.configure("nonsense")
    assert b"Other Cities" in asked(port, "/nothing")[1]
    stop.set()
    thread.join()
    app.close()


# uvloop's coroutine that could not listen complains once more when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_web_that_ends_by_itself_says_so_and_keeps_nobody_waiting(site, capfd):
    app, listener, ended = open_app(site.root, Clock()), socket.socket(), threading.Event()
    server = WebServer(make_web(app), listener, Patience())
    listener.close()
    server.run(ended.set)
    assert ended.is_set()
    with pytest.raises(PublisherError, match="did not begin to answer"):
        server.wait_until_ready()
    assert "web ended" in capfd.readouterr().err
    app.close()
