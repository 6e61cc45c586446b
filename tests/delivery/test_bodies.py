import pytest
from sqlalchemy import select

from publisher.delivery import HeaderError, load_body, reserve_bodies, reserve_body, save_body
from publisher.store import read, write
from publisher.store.tables import bodies

from .world import QUEUED, a_body


def test_a_body_is_read_back_as_it_was(db):
    with write(db) as conn:
        body = a_body(reserve_body(conn, "ar", "weekly"), language="ar", subject="النشرة")
        assert load_body(conn, body.id) is None
        save_body(conn, body, QUEUED)
    with read(db) as conn:
        assert load_body(conn, body.id) == body
        kept = conn.execute(select(bodies.c.made_at)).scalar_one()
    assert kept == QUEUED.timestamp()


def test_a_body_that_may_have_been_sent_never_changes(db):
    with write(db) as conn:
        body = a_body(reserve_body(conn, "en", "weekly"))
        save_body(conn, body, QUEUED)
        save_body(conn, a_body(body.id, subject="another"), QUEUED)
        assert load_body(conn, body.id) == body


def test_a_body_whose_header_could_not_be_written_is_not_kept(db):
    with write(db) as conn:
        body = a_body(reserve_body(conn, "en", "weekly"), subject="a\r\nBcc: v@example.org")
        with pytest.raises(HeaderError):
            save_body(conn, body, QUEUED)
        assert load_body(conn, body.id) is None


def test_a_body_nobody_reserved_is_an_error(db):
    with read(db) as conn, pytest.raises(LookupError):
        load_body(conn, 99)


def test_bodies_reserved_together_have_their_languages_in_order(db):
    wanted = ("ar", "en", "ar", "fr", "en")
    with write(db) as conn:
        made = reserve_bodies(conn, wanted, "weekly")
        kept = dict(map(tuple, conn.execute(select(bodies.c.id, bodies.c.language))))
    assert len(set(made)) == 5
    assert tuple(kept[number] for number in made) == wanted
