"""Several servers and several connections: which is used, which is left alone, and for how long."""

import asyncio
from datetime import timedelta

import pytest

from publisher.delivery import totals
from publisher.delivery.sender.memory import recall, remember
from publisher.delivery.smtp.servers import MOST_MISSES, Health, Server, Servers
from publisher.delivery.transports.smtp import SmtpTransport
from publisher.errors import TransportDown
from publisher.store import read, write

from .test_smtp import a_message
from .world import QUEUED, OneConnection, a_sender, add_people, open_edition, smtp_settings


def servers(*names):
    made = [Server(name, 25) for name in names]
    return made, Servers(made, "smtp", "look")


def test_the_first_server_that_is_well_is_used():
    (first, second), both = servers("a", "b")
    assert both.pick(0.0) == (first, 0.0)
    first.refused("421 busy", 0.0)
    assert both.pick(0.0) == (second, 0.0)
    assert both.pick(first.rests_until) == (first, 0.0)


def test_a_server_is_given_up_after_some_refusals_and_says_why():
    (only,), all_of_them = servers("a")
    for _ in range(MOST_MISSES):
        server, wait = all_of_them.pick(0.0)
        server.refused("554 5.7.1 not you", wait, for_good=True)
    with pytest.raises(TransportDown, match=r"a:25: 554 5\.7\.1 not you") as caught:
        all_of_them.pick(0.0)
    assert caught.value.is_refusal
    assert caught.value.retry_after > timedelta(seconds=50)
    only.welcomed()
    assert all_of_them.pick(0.0) == (only, 0.0)


def test_a_server_that_takes_some_connections_is_never_given_up():
    (only,), all_of_them = servers("a")
    only.open = 1
    for _ in range(10):
        only.refused("421 too many connections", 0.0)
    assert all_of_them.pick(only.rests_until) == (only, 0.0)


def test_a_quota_is_remembered_for_its_hour_and_a_refusal_is_not(db):
    (busy, used_up), both = servers("a", "b")
    busy.refused("421 busy", 0.0)
    used_up.rest("550 5.4.5 daily limit", 0.0, timedelta(hours=1))
    with write(db) as conn:
        remember(conn, both.learnt(0.0), QUEUED)
    with read(db) as conn:
        known = recall(conn, QUEUED + timedelta(minutes=10))
    (first, second), again = servers("a", "b")
    again.recall(known, 0.0)
    assert again.pick(0.0) == (first, 0.0)
    assert (first.failures, second.is_given_up) == (1, True)
    assert second.rests_until == pytest.approx(50 * 60, abs=2)


def test_what_is_well_again_is_forgotten(db):
    with write(db) as conn:
        remember(conn, {"server:a:25": Health(failures=2, words="421")}, QUEUED)
        assert recall(conn, QUEUED)["server:a:25"].failures == 2
        remember(conn, {"server:a:25": Health()}, QUEUED)
        assert recall(conn, QUEUED) == {}


def test_the_second_server_takes_over_when_the_first_is_gone(serve, free_port):
    sink = serve()
    out = OneConnection(smtp_settings(free_port, fallback=[f"127.0.0.1:{sink.port}"]))
    try:
        assert out.send(a_message()).code == "2.0.0"
    finally:
        out.close()
    assert len(sink.taken) == 1


def test_the_second_server_takes_over_when_the_quota_of_the_first_is_used_up(serve):
    used_up = serve(lambda step, who: "452 daily sending limit" if step == "MAIL" else None)
    sink = serve()
    out = OneConnection(smtp_settings(used_up.port, fallback=[f"127.0.0.1:{sink.port}"]))
    try:
        assert out.send(a_message()).code == "2.0.0"
    finally:
        out.close()
    assert (len(used_up.taken), len(sink.taken)) == (0, 1)


def test_a_server_that_takes_two_connections_gets_everything_over_two(small_db, tmp_path, serve):
    add_people(small_db, 30)
    open_edition(small_db)
    inside = []

    def answer(step, who):
        task = asyncio.current_task()  # of one connection
        inside[:] = [each for each in inside if not each.done()]
        if task not in inside and len(inside) < 2:
            inside.append(task)
        return "421 4.7.0 too many connections" if task not in inside else None

    sink = serve(answer)
    transport = SmtpTransport(smtp_settings(sink.port, connections=6))
    report = a_sender(small_db, transport, tmp_path).send_due()
    assert (report.sent, report.failed, report.down) == (30, 0, None)
    with read(small_db) as conn:
        assert totals(conn, "edition:1").sent == 30


def test_several_connections_are_used_at_once(small_db, tmp_path, serve):
    add_people(small_db, 24)
    open_edition(small_db)
    sink = serve()
    transport = SmtpTransport(smtp_settings(sink.port, connections=6))
    assert a_sender(small_db, transport, tmp_path).send_due().sent == 24
    assert sink.sessions == 6
    assert len({taken.recipient for taken in sink.taken}) == 24
