import os
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from publisher.errors import StoreBusy, StoreError
from publisher.store import (
    insert_into,
    insert_many,
    let_others,
    open_engine,
    read,
    tables,
    upgrade,
    write,
)
from publisher.store.failures import explain

LEASE = {"name": "x", "holder": "me", "until_at": 1}


def leases(engine):
    with read(engine) as conn:
        return conn.execute(select(func.count()).select_from(tables.leases)).scalar_one()


def run_python(code, *args, **environment):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=30,
    )


def test_what_a_write_did_is_there_afterwards(db):
    with write(db) as conn:
        conn.execute(insert(tables.leases), LEASE)
    assert leases(db) == 1


def test_a_write_that_raises_leaves_nothing(db):
    with pytest.raises(IntegrityError), write(db) as conn:
        conn.execute(insert(tables.leases), [LEASE, {**LEASE, "name": "y"}, LEASE])
    assert leases(db) == 0


def test_reading_refuses_to_write(db):
    with pytest.raises((DBAPIError, StoreError)), read(db) as conn:
        conn.execute(insert(tables.leases), LEASE)
    assert leases(db) == 0


def test_a_reader_sees_one_moment(db):
    with read(db) as conn:
        count = select(func.count()).select_from(tables.leases)
        assert conn.execute(count).scalar_one() == 0
        with write(db) as other:
            other.execute(insert(tables.leases), LEASE)
        assert conn.execute(count).scalar_one() == 0
    assert leases(db) == 1


def test_our_own_mistakes_keep_their_own_error(db):
    with write(db) as conn:
        conn.execute(insert(tables.leases), LEASE)
    with pytest.raises(IntegrityError), write(db) as conn:
        conn.execute(insert(tables.leases), LEASE)


def test_foreign_keys_are_kept(db):
    row = {"subscriber_id": 7, "happened_at": 1, "act": "a", "source": "s", "wording": "w"}
    with pytest.raises(IntegrityError), write(db) as conn:
        conn.execute(insert(tables.consents), row)


def test_insert_into_knows_on_conflict_on_both(db):
    for _ in range(2):
        with write(db) as conn:
            conn.execute(insert_into(conn, tables.leases).values(LEASE).on_conflict_do_nothing())
    assert leases(db) == 1


def test_process_ended_before_its_commit_leaves_nothing(tmp_path):
    engine = open_engine("sqlite:///p.sqlite3", tmp_path)
    upgrade(engine)
    code = """
import sys; from pathlib import Path
from publisher import faults
from publisher.store import open_engine, tables, write
faults.arm(2)
engine = open_engine("sqlite:///p.sqlite3", Path(sys.argv[1]))
for name in "ab":
    with write(engine) as conn:
        conn.execute(tables.leases.insert(), {"name": name, "holder": "h", "until_at": 1})
"""
    assert run_python(code, tmp_path).returncode == 9
    assert leases(engine) == 1
    engine.dispose()


@pytest.mark.parametrize("shares_engine", [True, False])
def test_threads_write_one_after_the_other(tmp_path, shares_engine):
    engines = [open_engine("sqlite:///p.sqlite3", tmp_path) for _ in range(2)]
    upgrade(engines[0])
    with write(engines[0]) as conn:
        conn.execute(insert(tables.leases), {**LEASE, "until_at": 0})

    def count_up(engine):
        for _ in range(50):
            with write(engine) as conn:
                have = conn.execute(select(tables.leases.c.until_at)).scalar_one()
                conn.execute(tables.leases.update().values(until_at=have + 1))

    chosen = [engines[0], engines[0] if shares_engine else engines[1]]
    threads = [threading.Thread(target=count_up, args=[engine]) for engine in chosen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with read(engines[1]) as conn:
        assert conn.execute(select(tables.leases.c.until_at)).scalar_one() == 100
    for engine in engines:
        engine.dispose()


def test_another_process_that_writes_too_long_is_named_busy(tmp_path):
    engine = open_engine("sqlite:///p.sqlite3", tmp_path, wait_seconds=0.3)
    upgrade(engine)
    code = """
import sys, time; from pathlib import Path
from publisher.store import open_engine, write
with write(open_engine("sqlite:///p.sqlite3", Path(sys.argv[1]))):
    print("writing", flush=True); sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"writing\n"
        started = time.monotonic()
        with pytest.raises(StoreBusy) as caught, write(engine):
            raise AssertionError("two writers at once")
        assert caught.value.waited_seconds >= 0.3
        assert time.monotonic() - started < 5
        assert leases(engine) == 0, "readers go on"
        other.stdin.close()
    with write(engine):
        pass
    engine.dispose()


def test_foreign_tool_that_holds_the_file_is_named_busy(tmp_path):
    import sqlite3

    engine = open_engine("sqlite:///p.sqlite3", tmp_path, wait_seconds=0.1)
    upgrade(engine)
    tool = sqlite3.connect(tmp_path / "p.sqlite3", isolation_level=None)
    tool.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy), write(engine):
        raise AssertionError("two writers at once")
    tool.execute("ROLLBACK")
    tool.close()
    engine.dispose()


def test_a_write_inside_a_write_is_refused_at_once(tmp_path):
    engine = open_engine("sqlite:///p.sqlite3", tmp_path)
    upgrade(engine)
    with pytest.raises(RuntimeError, match="inside another write"), write(engine), write(engine):
        raise AssertionError("nested")
    with write(engine) as conn:
        conn.execute(insert(tables.leases), LEASE)
    assert leases(engine) == 1
    engine.dispose()


def test_every_commit_is_on_the_disk_before_it_returns(tmp_path):
    engine = open_engine("sqlite:///p.sqlite3", tmp_path)
    with write(engine) as conn:
        assert conn.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert conn.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert conn.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    engine.dispose()


def test_closing_the_last_connection_waits_for_the_lock(tmp_path):
    engine = open_engine("sqlite:///p.sqlite3", tmp_path)
    upgrade(engine)
    lock = engine.get_execution_options()["publisher_lock"]
    closed = threading.Event()
    closer = threading.Thread(target=lambda: (engine.dispose(), closed.set()))
    with lock.held():
        closer.start()
        assert not closed.wait(0.2)
    assert closed.wait(5)
    closer.join()
    assert not (tmp_path / "p.sqlite3-wal").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "not a database address"),
        ("mysql://localhost/x", "only sqlite and postgresql"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
    ],
)
def test_addresses_we_cannot_use_are_refused_with_an_example(tmp_path, url, says):
    with pytest.raises(StoreError, match=says) as caught:
        open_engine(url, tmp_path)
    assert "sqlite:///var/publisher.sqlite3" in caught.value.hint


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "p.sqlite3").write_text("hello " * 1000)
    engine = open_engine("sqlite:///p.sqlite3", tmp_path)
    with pytest.raises(StoreError, match=r"p\.sqlite3 is not a database"), read(engine):
        raise AssertionError("opened")
    engine.dispose()


def test_a_folder_that_cannot_be_opened_is_named(tmp_path):
    (tmp_path / "p.sqlite3").mkdir()
    engine = open_engine("sqlite:///p.sqlite3", tmp_path)
    with pytest.raises(StoreError, match="cannot be opened"), read(engine):
        raise AssertionError("opened")


def test_a_file_that_may_only_be_read_is_told_as_one(sqlite_template):
    error = sqlite3.OperationalError("attempt to write a readonly database")
    engine = open_engine(f"sqlite:///{sqlite_template.name}", sqlite_template.parent)
    said = explain(error, engine)
    assert said is not None
    assert "cannot be written" in said.message
    assert "who owns" in said.hint


def test_a_database_server_that_does_not_answer_is_named(tmp_path):
    engine = open_engine("postgresql://nobody:secret@127.0.0.1:1/none", tmp_path)
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1 cannot be used") as caught, read(engine):
        raise AssertionError("opened")
    assert "secret" not in str(caught.value)


def test_postgresql_driver_is_loaded_only_when_named_and_missed_with_a_sentence(tmp_path):
    code = """
import sys; from pathlib import Path
sys.modules["psycopg"] = None
from publisher.errors import StoreError
from publisher.store import open_engine, upgrade
upgrade(open_engine("sqlite:///p.sqlite3", Path(sys.argv[1])))
try:
    open_engine("postgresql://localhost/x", Path(sys.argv[1]))
except StoreError as error:
    print(error)
"""
    run = run_python(code, tmp_path)
    assert "psycopg is not installed" in run.stdout, run.stderr
    assert "publisher[postgres]" in run.stdout


def test_many_writes_in_a_row_leave_others_their_turn(db):
    begun, turns = threading.Event(), []

    def write_once() -> None:
        begun.wait()
        with write(db):
            turns.append("other")

    other = threading.Thread(target=write_once)
    other.start()
    for _ in range(20):
        with write(db):
            begun.set()
            time.sleep(0.01)
            turns.append("own")
        let_others(db)
    other.join()
    assert turns[-1] == "own"


@pytest.mark.parametrize("by_copy", [False, True])
def test_a_connection_that_the_server_ends_in_the_middle_is_a_store_error(
    postgres_template, by_copy
):
    def write_while_it_ends() -> None:
        with write(postgres_template) as conn:
            number = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with write(postgres_template) as other:
                other.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
            if by_copy:
                insert_many(conn, tables.leases, ["name", "holder", "until_at"], [("a", "b", 1)])
            else:
                conn.execute(text("SELECT 1"))

    with pytest.raises(StoreError, match="cannot be used"):
        write_while_it_ends()
    with read(postgres_template) as conn:
        assert conn.execute(text("SELECT 1")).scalar_one() == 1


def test_a_server_that_refuses_for_now_is_a_store_error(postgres_template, tmp_path):
    url = postgres_template.url.set(database="closed").render_as_string(hide_password=False)
    with postgres_template.execution_options(isolation_level="AUTOCOMMIT").connect() as admin:
        admin.execute(text("CREATE DATABASE closed ALLOW_CONNECTIONS false"))
        engine = open_engine(url, tmp_path)
        with pytest.raises(StoreError, match="not currently accepting"), read(engine):
            raise AssertionError("opened")
        engine.dispose()
        admin.execute(text("DROP DATABASE closed"))


def test_a_transaction_undone_for_another_is_a_store_error(postgres_template):
    with write(postgres_template) as conn:
        conn.execute(text("CREATE TABLE IF NOT EXISTS met (n integer)"))
        conn.execute(text("INSERT INTO met VALUES (1)"))
    strict = postgres_template.execution_options(isolation_level="REPEATABLE READ")

    def meet() -> None:
        with write(strict) as conn:
            conn.execute(text("SELECT * FROM met"))
            with write(postgres_template) as other:
                other.execute(text("UPDATE met SET n = 2"))
            conn.execute(text("UPDATE met SET n = 3"))

    with pytest.raises(StoreError, match="met another process"):
        meet()
    with write(postgres_template) as conn:
        conn.execute(text("DROP TABLE met"))
