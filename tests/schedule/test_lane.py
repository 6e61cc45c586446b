"""A lane with jobs of the test's own, on a real site."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from datetime import timedelta

import pytest
from machines import until

from publisher.app import App, open_app
from publisher.errors import PublisherError, StoreError
from publisher.ops import Clock
from publisher.schedule.jobs import Done, Job
from publisher.schedule.lane import Lane

HOUR = timedelta(hours=1)


def job(name: str, run: Callable[[App, threading.Event], Done], pause: timedelta = HOUR) -> Job:
    return Job(name, pause, run)


@contextmanager
def lane(site, *repeated: Job, pause: timedelta = HOUR) -> Iterator[tuple[Lane, threading.Event]]:
    stop, app = threading.Event(), open_app(site.root, Clock())
    made = Lane("test", app, stop, lambda _job: None, lambda _job, _ran: None)
    for each in repeated:
        made.repeat(each, pause)
    made.begin()
    try:
        yield made, stop
    finally:
        stop.set()
        made.end(time.monotonic() + 30)
        app.close()


def counting(times: list[float], detail: str = "") -> Callable[[App, threading.Event], Done]:
    def run(_app: App, _stop: threading.Event) -> Done:
        times.append(time.monotonic())
        return Done(None, detail)

    return run


def test_a_job_is_repeated_after_its_pause(site):
    times: list[float] = []
    with lane(site, job("look", counting(times)), pause=timedelta(seconds=0.1)):
        assert until(lambda: len(times) >= 3)


def test_who_asks_need_not_wait_for_the_pause(site):
    times: list[float] = []
    look = job("look", counting(times))
    with lane(site, look) as (made, _):
        assert until(lambda: len(times) == 1)
        made.ask(look)
        assert until(lambda: len(times) == 2)


def test_asking_while_it_runs_makes_it_run_again(site):
    times: list[float] = []
    began, go_on = threading.Event(), threading.Event()

    def run(_app: App, _stop: threading.Event) -> Done:
        times.append(time.monotonic())
        began.set()
        go_on.wait(30)
        return Done(None)

    slow = job("slow", run)
    with lane(site, slow) as (made, _):
        assert began.wait(30)
        made.ask(slow)
        go_on.set()
        assert until(lambda: len(times) == 2)


def test_what_must_rest_is_not_looked_at_before(site):
    times: list[float] = []

    def run(app: App, _stop: threading.Event) -> Done:
        times.append(time.monotonic())
        return Done(app.now() + timedelta(seconds=30), must_rest=True)

    with lane(site, job("rest", run), pause=timedelta(seconds=0.05)):
        assert until(lambda: len(times) == 1)
        time.sleep(0.4)
    assert len(times) == 1


def test_what_is_due_but_in_other_hands_is_not_asked_for_without_a_pause(site):
    times: list[float] = []

    def run(app: App, _stop: threading.Event) -> Done:
        times.append(time.monotonic())
        return Done(app.now() - timedelta(minutes=1))

    with lane(site, job("busy", run)):
        assert until(lambda: len(times) >= 2)
    assert times[1] - times[0] >= 0.9


def test_a_job_that_fails_is_left_in_peace_for_its_whole_pause(site):
    times: list[float] = []

    def run(_app: App, _stop: threading.Event) -> Done:
        times.append(time.monotonic())
        raise PublisherError("a template is wrong")

    with lane(site, job("wrong", run), pause=timedelta(seconds=0.05)):
        assert until(lambda: len(times) == 1)
        time.sleep(0.4)
    assert len(times) == 1


def test_a_database_that_is_away_is_tried_again_soon_and_complained_of_once(site, capfd):
    times: list[float] = []

    def run(_app: App, _stop: threading.Event) -> Done:
        times.append(time.monotonic())
        raise StoreError("the database server cannot be used")

    with lane(site, job("away", run)):
        assert until(lambda: len(times) >= 2)
    assert capfd.readouterr().err.count("cannot be used") == 1
    assert times[1] - times[0] < 20


def test_a_job_wanted_once_is_done_once_and_says_when(site):
    times: list[float] = []
    with lane(site) as (made, _):
        assert made.once(job("once", counting(times, "did it"))).result(30).did_something
    assert len(times) == 1


def test_what_waits_when_it_is_time_to_stop_is_called_off(site):
    began = threading.Event()

    def run(_app: App, stop: threading.Event) -> Done:
        began.set()
        stop.wait(30)
        return Done(None)

    times: list[float] = []
    with lane(site, job("long", run)) as (made, stop):
        assert began.wait(30)
        waiting = made.once(job("late", counting(times)))
        stop.set()
        with pytest.raises(CancelledError):
            waiting.result(30)
        with pytest.raises(CancelledError):
            made.once(job("too late", counting(times))).result(30)
    assert times == []
