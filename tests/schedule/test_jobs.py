"""What the jobs do, run once each."""

from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import insert, select

from publisher.app import open_app
from publisher.app.editions import start_digests
from publisher.delivery import hold_site, release_site
from publisher.ops import Clock
from publisher.schedule.jobs import JOBS, Done, open_due, purge, send
from publisher.store import read, write
from publisher.store.tables import deliveries, editions, runs
from publisher.subscribers import Person, add


@pytest.fixture
def at(site):
    """Open the small site at a moment."""
    opened = []

    def call(moment):
        app = open_app(site.root, Clock(moment))
        opened.append(app)
        return app

    yield call
    for app in opened:
        app.close()


def count(app, table) -> int:
    with read(app.engine) as conn:
        return len(conn.execute(select(table)).all())


def test_the_purge_folds_old_deliveries_and_forgets_old_runs(at, site, now):
    site.item("a.en.md", "A")
    first = at(now)
    start_digests(first)
    with write(first.engine) as conn:
        add(conn, first.settings, first.keys, Person("a@example.org"), now, "agreed")
    slot = at(now + timedelta(hours=19, minutes=1))
    assert open_due(slot, Event()).detail
    assert send(slot, Event()).detail == "1 sent, 0 failed, 0 waiting"
    assert purge(slot, Event()) == Done(None)
    for days in (0, 200):
        with write(slot.engine) as conn:
            started = int((now + timedelta(days=days)).timestamp())
            conn.execute(insert(runs).values(job="send", started_at=started))
    late = at(now + timedelta(days=200))
    assert purge(late, Event()).detail == "1 deliveries folded, 1 runs forgotten"
    assert (count(late, deliveries), count(late, runs)) == (0, 1)
    assert purge(late, Event()) == Done(None)


def test_a_restored_copy_is_left_as_it_is_and_sends_nothing(at, now):
    app = at(now)
    with write(app.engine) as conn:
        hold_site(conn, "a backup", now)
        row = {"digest": "weekly", "slot": "x", "frozen": "{}", "state": "sent"}
        conn.execute(insert(editions).values(**row, due_at=1, opened_at=1, closed_at=1))
    assert send(app, Event()) == Done(None)
    assert purge(app, Event()) == Done(None)
    with read(app.engine) as conn:
        assert conn.scalar(select(editions.c.folded_at)) is None
    with write(app.engine) as conn:
        assert release_site(conn) == 0
    purge(app, Event())
    with read(app.engine) as conn:
        assert conn.scalar(select(editions.c.folded_at)) is not None


def test_the_purge_runs_once_a_day_at_most():
    (job,) = [job for job in JOBS if job.name == "purge"]
    assert job.longest_pause == timedelta(days=1)
