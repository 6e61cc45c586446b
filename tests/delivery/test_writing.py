"""What a turn's thread says of its transactions."""

import asyncio
import re

import pytest
from sqlalchemy import select, text

from publisher.delivery.sender.writing import Writing
from publisher.store import read
from publisher.store.tables import starts

WRONG = "FOREIGN KEY|duplicate key"


def begin_a_digest(conn):
    conn.execute(starts.insert().values(digest="weekly", started_at=1))
    return "what the commit was to make true"


def break_the_commit(conn):
    """Write what the database finds wrong only when it commits."""
    if conn.dialect.name == "postgresql":
        late = "CREATE TEMP TABLE late (n INT UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"
        wrong = (late, "INSERT INTO late VALUES (1), (1)")
    else:
        late = "PRAGMA defer_foreign_keys = ON"
        wrong = (late, "INSERT INTO subscriptions VALUES (7, 'weekly', '', '', 1, 7, 1, NULL)")
    for statement in wrong:
        conn.execute(text(statement))
    return begin_a_digest(conn)


def test_nothing_is_told_of_what_was_not_committed(db):
    async def go():
        writing, told = Writing(db), []
        writing.begin(break_the_commit, lambda *what: told.append(what))
        with pytest.raises(Exception, match=WRONG):
            await writing.write(break_the_commit)
        writing.close()
        return told

    ((result, error),) = asyncio.run(go())
    assert result is None
    assert re.search(WRONG, str(error))
    with read(db) as conn:
        assert conn.execute(select(starts)).all() == []


def test_works_are_done_in_the_order_in_which_they_were_asked_for(db):
    async def go():
        writing, done = Writing(db), []
        asked = [writing.write(lambda _conn, n=n: done.append(n)) for n in range(20)]
        await asyncio.gather(*asked)
        assert await writing.write(begin_a_digest) == "what the commit was to make true"
        writing.close()
        return done

    assert asyncio.run(go()) == list(range(20))
    with read(db) as conn:
        assert len(conn.execute(select(starts)).all()) == 1
