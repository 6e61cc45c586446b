"""The heartbeat: heard after each finished slot, missed when something is wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from publisher.app import editions, open_app, sending
from publisher.app.editions import start_digests
from publisher.app.heartbeat import Heartbeat
from publisher.ops import Clock, log
from publisher.store import write
from publisher.subscribers import Person, add
from tests.conftest import SETTINGS
from tests.reach.server import page, serve

__all__ = ["serve"]

SLOT = datetime(2026, 3, 3, 7, 0, 30, tzinfo=UTC)


@pytest.fixture
def heard(serve, site):
    """A server that hears heartbeats, and names itself in the settings."""
    server = serve(lambda method, path: page(b"ok"))
    site.configure(f'{SETTINGS}\n[ops]\nheartbeat = "{server.url}/ping/1?secret=2"\n')
    return server


def opened(site, now, *readers):
    app = open_app(site.root, Clock(now))
    start_digests(app)
    with write(app.engine) as conn:
        for name in readers:
            add(conn, app.settings, app.keys, Person(f"{name}@example.org"), now, "agreed")
    app.close()


def done(app):
    """Wait for what a process that ends waits for."""
    import threading

    for thread in threading.enumerate():
        if thread.name == "heartbeat":
            thread.join(60)
    app.close()


@pytest.mark.parametrize("readers", [(), ("a",)])
def test_a_finished_slot_is_told_once_with_or_without_mail(site, heard, now, readers):
    site.item("a.en.md", "A")
    opened(site, now, *readers)
    app = open_app(site.root, Clock(SLOT))
    sending.send(app)
    sending.send(app)
    done(app)
    assert heard.asked == ["GET /ping/1?secret=2"]


def test_a_slot_that_was_missed_or_is_held_is_silent(site, heard, now):
    site.item("a.en.md", "A")
    opened(site, now, "a")
    app = open_app(site.root, Clock(now))
    editions.decide(app, "weekly", "hold")
    app.close()
    for moment in (SLOT, SLOT + timedelta(days=8)):
        app = open_app(site.root, Clock(moment))
        sending.send(app)
        done(app)
    assert heard.asked == []


def test_a_failure_is_logged_once_without_the_address(site, serve, capsys):
    states = iter(["500 Oh"] * 2 + ["200 OK", "500 Oh"])
    server = serve(lambda method, path: page(b"", next(states)))
    site.configure(f'{SETTINGS}\n[ops]\nheartbeat = "{server.url}/secret"\n')
    log.configure(json=False, level="info")
    heart = Heartbeat()
    for _ in range(4):
        heart.beat(site.settings).join(60)
    log.configure(json=False, level="warning")
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" ")[2] for line in lines] == [
        'heartbeat: warning: the heartbeat was not heard reason="failed 500"',
        "heartbeat: the heartbeat is heard again",
        'heartbeat: warning: the heartbeat was not heard reason="failed 500"',
    ]
    assert "secret" not in "".join(lines)


def test_without_an_address_nobody_is_asked(site):
    assert Heartbeat().beat(site.settings) is None
