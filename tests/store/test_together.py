"""Small writes that come at the same moment share a commit, and nothing else."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, insert, select

from publisher.errors import PublisherError, StoreBusy
from publisher.store import open_engine, read, tables, write, write_together
from tests.web.test_feeds import until

MANY = 6


def add_lease(name, error=None):
    def work(conn):
        conn.execute(insert(tables.leases).values(name=name, holder="me", until_at=1))
        if error:
            raise error
        return name

    return work


def names(engine):
    with read(engine) as conn:
        return sorted(conn.scalars(select(tables.leases.c.name)))


@pytest.fixture
def crowd(db):
    """Ask for many pieces of work while another writes; return what each became.

    On SQLite the first waits for the database, and all others wait behind it.
    """

    def crowd(*works):
        with ThreadPoolExecutor(len(works)) as pool:
            with write(db) as conn:
                conn.execute(insert(tables.leases).values(name="other", holder="me", until_at=1))
                asked = [pool.submit(write_together, db, work) for work in works]
                lock = db.get_execution_options().get("publisher_lock")
                if lock:
                    until(lambda: len(lock.turns._waiting) == len(works) - 1)
            return [one.exception() or one.result() for one in asked]

    return crowd


def test_all_that_wait_are_made_durable_by_one_commit(db, crowd):
    commits = []
    event.listen(db, "commit", lambda _conn: commits.append(1))
    wanted = [f"lease{number}" for number in range(MANY)]
    assert crowd(*map(add_lease, wanted)) == wanted
    assert names(db) == [*wanted, "other"]
    others_write = 1
    alone = MANY if db.dialect.name == "postgresql" else 2  # who leads, and all who wait
    assert len(commits) == others_write + alone


def test_who_is_refused_leaves_nothing_and_takes_nothing_from_others(db, crowd):
    refusal = PublisherError("no")
    became = crowd(add_lease("a"), add_lease("b"), add_lease("c", refusal), add_lease("d"))
    assert became == ["a", "b", refusal, "d"]
    assert names(db) == ["a", "b", "d", "other"]


def test_work_that_breaks_is_told_to_who_asked_and_the_others_are_done(db, crowd):
    fault = ZeroDivisionError("ours")
    became = crowd(add_lease("a"), add_lease("b"), add_lease("c", fault), add_lease("d"))
    assert became == ["a", "b", fault, "d"]
    assert names(db) == ["a", "b", "d", "other"]


def test_a_database_that_is_busy_is_told_to_all_and_nothing_is_kept(tmp_path, sqlite_template):
    path = tmp_path / "publisher.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_engine("sqlite:///publisher.sqlite3", tmp_path, wait_seconds=0.05)
    go_on, has_it = threading.Event(), threading.Event()

    def keep():
        with write(engine):
            has_it.set()
            go_on.wait(60)

    with ThreadPoolExecutor(MANY + 1) as pool:
        pool.submit(keep)
        assert has_it.wait(60)
        works = [add_lease(f"lease{number}") for number in range(MANY)]
        asked = [pool.submit(write_together, engine, work) for work in works]
        became = [one.exception(60) for one in asked]
        go_on.set()
    assert {type(error) for error in became} == {StoreBusy}
    assert names(engine) == []
    engine.dispose()


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_it_may_not_be_begun_inside_a_write(db):
    with write(db), pytest.raises(RuntimeError, match="inside another write"):
        write_together(db, add_lease("a"))
