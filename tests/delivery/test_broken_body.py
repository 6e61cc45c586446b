from datetime import timedelta

from sqlalchemy import select

from publisher.delivery import LETTERS, Totals, totals
from publisher.delivery.message.headers import HeaderError
from publisher.delivery.sender.sender import REST_WHEN_BROKEN
from publisher.delivery.transports.maildir import Maildir
from publisher.errors import RenderError
from publisher.store import read
from publisher.store.tables import deliveries

from .world import QUEUED, a_body, a_sender, add_people, open_edition


def make_all_but_the_first(body_id):
    if body_id == 1:
        raise RenderError("email/digest.mjml.j2", 7, "no such filter")
    return a_body(body_id)


def test_a_body_that_cannot_be_made_keeps_nobody_else_waiting(db, tmp_path):
    add_people(db, 5)
    open_edition(db, "edition:1", priority=LETTERS)
    open_edition(db, "edition:2")
    sender = a_sender(db, Maildir(tmp_path / "o"), tmp_path, make_body=make_all_but_the_first)
    report = sender.send_due()
    assert (report.sent, report.failed, report.waiting) == (5, 0, 5)
    assert "no such filter" in report.broken.message
    assert timedelta(0) <= report.next_at - QUEUED - REST_WHEN_BROKEN < timedelta(minutes=1)
    with read(db) as conn:
        assert totals(conn, "edition:1") == Totals(recipients=5, waiting=5)
        assert totals(conn, "edition:2") == Totals(recipients=5, sent=5)
        waiting = select(deliveries.c.state, deliveries.c.attempts).where(
            deliveries.c.purpose == "edition:1"
        )
        assert set(conn.execute(waiting)) == {("queued", 0)}


def test_a_body_that_was_mended_goes_out_later(small_db, tmp_path):
    add_people(small_db, 3)
    open_edition(small_db)

    def make(body_id):
        raise HeaderError("Subject", "x", "no")

    outbox, later = Maildir(tmp_path / "o"), QUEUED + REST_WHEN_BROKEN + timedelta(minutes=1)
    assert a_sender(small_db, outbox, tmp_path, make_body=make).send_due().sent == 0
    assert a_sender(small_db, outbox, tmp_path, at=later).send_due().sent == 3
