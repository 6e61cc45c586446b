"""`publisher run`, as an operator starts and stops it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from publisher.app import nobody_waits, open_app
from publisher.ops import Clock
from publisher.schedule.local import run_alone
from publisher.store import open_engine, read, write
from publisher.store.tables import runs
from publisher.subscribers import Person, Request, sign_up


def until(is_true: Callable[[], bool], seconds: float = 45) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_true():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def running(site):
    """Starts `publisher run` on the site from a moment of the test's choosing."""
    started = []

    def start(moment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "publisher", "--site", site.root, "run", "--no-web"],
            env={**os.environ, "PUBLISHER_TESTING": "1", "PUBLISHER_NOW": moment},
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def feed(site) -> str:
    path = site.root / "feeds/en/all.rss"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def recorded(site) -> list[tuple[str, str]]:
    """Return the job and outcome of every run that did something or failed."""
    engine = open_engine("sqlite:///var/publisher.sqlite3", site.root)
    try:
        with read(engine) as conn:
            return [(row.job, row.outcome) for row in conn.execute(runs.select())]
    finally:
        engine.dispose()


@pytest.mark.slow
def test_run_builds_on_change_and_on_time_and_stops_when_asked(site, running):
    site.item("first.en.md", "First")
    site.item("soon.en.md", "Soon", date="2026-03-02T12:00:12Z")
    process = running("2026-03-02T12:00:00Z")
    assert until(lambda: "First" in feed(site))
    assert "Soon" not in feed(site)
    site.item("second.en.md", "Second")
    assert until(lambda: "Second" in feed(site))
    assert until(lambda: "Soon" in feed(site))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert ("build", "done") in recorded(site)
    assert {outcome for _, outcome in recorded(site)} == {"done"}


@pytest.mark.slow
def test_run_sends_a_digest_at_its_slot_once_over_a_restart(site, running):
    from publisher.cli.main import run

    os.environ.update(PUBLISHER_TESTING="1", PUBLISHER_NOW="2026-03-02T12:00:00Z")
    try:
        run(["--site", str(site.root), "send"])
        run(["--site", str(site.root), "subscribers", "add", "a@example.org", "--consent", "Yes"])
    finally:
        del os.environ["PUBLISHER_TESTING"], os.environ["PUBLISHER_NOW"]
    site.item("first.en.md", "First", date="2026-03-02T10:00:00Z")
    outbox = site.root / "outbox/new"
    process = running("2026-03-03T06:59:55Z")
    assert until(lambda: outbox.is_dir() and len(list(outbox.iterdir())) == 1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process = running("2026-03-03T07:05:00Z")
    time.sleep(4)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert len(list(outbox.iterdir())) == 1


@pytest.mark.slow
def test_run_stops_soon_in_the_middle_of_a_send(site, running, monkeypatch):
    from publisher.cli.main import run

    people = "".join(f"r{number}@example.org\n" for number in range(300))
    listed = site.write("people.csv", "email\n" + people)
    monkeypatch.setenv("PUBLISHER_TESTING", "1")
    monkeypatch.setenv("PUBLISHER_NOW", "2026-03-02T12:00:00Z")
    site.item("first.en.md", "First", date="2026-03-02T10:00:00Z")
    run(["--site", str(site.root), "send"])
    run(["--site", str(site.root), "subscribers", "import", str(listed), "--consent", "Yes"])
    outbox = site.root / "outbox/new"
    process = running("2026-03-03T07:00:00Z")
    assert until(lambda: outbox.is_dir() and any(outbox.iterdir()))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert len(list(outbox.iterdir())) < 300


@pytest.mark.slow
def test_settings_changed_while_running_are_taken_up_and_wrong_ones_are_not(site, running):
    site.item("first.en.md", "First")
    process = running("2026-03-02T12:00:00Z")
    assert until(lambda: "First" in feed(site))
    good = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(good.replace("[site]\n", "[site]\nnonsense = 1\n"))
    site.item("second.en.md", "Second")
    assert until(lambda: ("build", "failed") in recorded(site))
    assert process.poll() is None
    site.configure(good.replace("https://example.org", "https://other.example.org"))
    site.item("third.en.md", "Third")
    assert until(lambda: "https://other.example.org/en/third/" in feed(site))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


@pytest.mark.slow
def test_a_letter_asked_for_by_a_page_leaves_without_waiting_for_the_next_look(site):
    app, stop = open_app(site.root, Clock()), threading.Event()
    thread = threading.Thread(target=run_alone, args=(app, stop))
    thread.start()
    try:
        assert until(lambda: app.on_mail is not nobody_waits)
        assert until(lambda: (site.root / "feeds/index.html").is_file())  # the first round is over
        with write(app.engine) as conn:
            asked = Request(Person("new@example.org"), "192.0.2.1", "Yes")
            sign_up(conn, app.settings, app.keys, asked, app.now())
        app.on_mail()
        # A look of its own comes after a minute.
        assert until(lambda: any((site.root / "outbox/new").glob("*")), 40)
    finally:
        stop.set()
        thread.join(60)
        app.close()
    assert app.on_mail is nobody_waits
