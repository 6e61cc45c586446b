"""Mails to editors on their way: never twice, never lost, never in anybody's way."""

import zlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from publisher.app import sending
from publisher.app.editing import tell_editors
from publisher.delivery import Kind, Outcome, hold_site
from publisher.editors import notices
from publisher.store import read, write
from publisher.store.tables import notices as table
from tests.editors.conftest import SLOT, Office

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SMTP = '\n[delivery]\ntransport = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\nport = 1\n'


def rows(app):
    with read(app.engine) as conn:
        return conn.execute(select(table).order_by(table.c.id)).all()


def begun(office: Office) -> None:
    office.site.item("a.en.md", "A")
    office.begin(("a", "en"))


def unreachable(office: Office) -> None:
    """Let no mail server be there; nobody owns example.org, so the sender is at another."""
    office.configure('address = "digest@example.org"', 'address = "digest@cities.org"')
    path = office.site.root / "publisher.toml"
    path.write_text(path.read_text(encoding="utf-8") + SMTP, encoding="utf-8")


def reachable(office: Office) -> None:
    office.configure('address = "digest@example.org"', 'address = "digest@cities.org"')


def test_a_mail_without_an_answer_is_repeated_byte_for_byte(office):
    begun(office)
    unreachable(office)
    app = office.at(SLOT - 2 * HOUR)
    tell_editors(app)
    kept = [zlib.decompress(row.message) for row in rows(app)]
    later = SLOT - HOUR
    with write(app.engine) as conn:
        taken = notices.take(conn, later)
    assert taken.data in kept
    reachable(office)
    other = office.at(later + MINUTE)
    assert tell_editors(other).handed.sent == 1  # the other editor's; this one may have arrived
    again = office.at(later + notices.ANSWER_WITHIN)
    assert tell_editors(again).handed.sent == 1
    folder = office.site.root / "outbox/new"
    assert sorted(file.read_bytes() for file in folder.iterdir()) == sorted(kept)
    assert {(row.state, row.message) for row in rows(again)} == {("sent", None)}


def test_a_mail_that_was_sent_twice_has_one_name(small_office):
    begun(small_office)
    app = small_office.at(SLOT - HOUR)
    tell_editors(app)
    before = [(str(one["To"]), str(one["Message-ID"])) for one in small_office.mails()]
    (first, *_) = rows(app)
    data = small_office.mails()[0].as_bytes()
    assert len({identity for _, identity in before}) == 2
    with write(app.engine) as conn:
        again = {"state": "queued", "settled_at": None, "message": zlib.compress(data)}
        conn.execute(update(table).where(table.c.id == first.id).values(**again))
    tell_editors(app)
    assert [(str(one["To"]), str(one["Message-ID"])) for one in small_office.mails()] == before


def test_mails_wait_while_no_server_is_there_and_readers_mail_goes_its_own_way(office):
    begun(office)
    unreachable(office)
    app = office.at(SLOT - HOUR)
    told = tell_editors(app)
    assert (told.handed.sent, told.handed.failed) == (0, 0)
    assert app.now() < told.next_at
    assert {row.state for row in rows(app)} == {"queued"}
    assert [row.attempts for row in rows(app)] == [1, 0]  # one try showed that nobody is there
    reachable(office)
    assert tell_editors(office.at(SLOT - HOUR / 2)).handed.sent == 2


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome(Kind.ACCEPTED, "2.0.0"), "sent"),
        (Outcome(Kind.REFUSED, "5.1.1"), "failed"),
        (Outcome(Kind.DEFERRED, "4.2.1"), "queued"),
        (Outcome(Kind.UNKNOWN), "queued"),
    ],
)
def test_what_an_answer_makes_of_a_mail(db, now, outcome, state):
    draft = notices.Draft("proof:weekly/x/en", "e", "digest@example.org", b"the mail")
    with write(db) as conn:
        notices.queue(conn, [draft], now)
        notices.queue(conn, [draft, replace(draft, data=b"another")], now)
    with write(db) as conn:
        taken = notices.take(conn, now)
        assert taken.data == b"the mail"
        assert notices.take(conn, now) is None
        assert notices.record(conn, taken, outcome, now) == state
        assert notices.take(conn, now) is None
    with write(db) as conn:
        later = notices.take(conn, now + HOUR)
        assert (later is not None) == (state == "queued")


def test_a_late_answer_changes_nothing_of_what_another_took_since(db, now):
    draft = notices.Draft("proof:weekly/x/en", "e", "digest@example.org", b"the mail")
    with write(db) as conn:
        notices.queue(conn, [draft], now)
        first = notices.take(conn, now)
        second = notices.take(conn, now + notices.ANSWER_WITHIN)
        notices.record(conn, first, Outcome(Kind.REFUSED, "5.0.0"), now + HOUR)
        assert conn.scalar(select(table.c.state)) == "sending"
        notices.record(conn, second, Outcome(Kind.ACCEPTED), now + HOUR)
        assert conn.scalar(select(table.c.state)) == "sent"


def test_after_two_days_a_mail_is_given_up(db, now):
    draft = notices.Draft("sent:1/", "e", "digest@example.org", b"the mail")
    with write(db) as conn:
        notices.queue(conn, [draft], now)
        moment, tries = now, 0
        while taken := notices.take(conn, moment):
            notices.record(conn, taken, Outcome(Kind.DEFERRED, "4.2.1"), moment)
            tries, moment = tries + 1, notices.next_at(conn) or moment
        assert conn.scalar(select(table.c.state)) == "failed"
    assert timedelta(hours=45) < moment - now <= timedelta(hours=48)
    assert tries > 20


def test_a_proof_that_comes_too_late_is_let_be(small_office):
    begun(small_office)
    unreachable(small_office)
    tell_editors(small_office.at(SLOT - HOUR))
    reachable(small_office)
    app = small_office.at(SLOT + MINUTE)
    sending.send(app)
    tell_editors(app)
    assert small_office.subjects() == ["Sent: Weekly digest"]
    assert [row.state for row in rows(app)] == ["skipped", "skipped", "sent", "sent"]


def test_who_is_no_editor_any_more_gets_nothing_that_waited(small_office):
    begun(small_office)
    unreachable(small_office)
    tell_editors(small_office.at(SLOT - HOUR))
    reachable(small_office)
    path = small_office.site.root / "publisher.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"ed@example.org", ', ""))
    assert tell_editors(small_office.at(SLOT - HOUR / 2)).handed.sent == 1
    assert small_office.subjects("ed@example.org") == []


def test_a_restored_copy_tells_editors_nothing(small_office, now):
    begun(small_office)
    app = small_office.at(SLOT - HOUR)
    with write(app.engine) as conn:
        hold_site(conn, "a backup", now)
    assert tell_editors(app).handed.sent == 0
    assert rows(app) == []


def test_no_address_of_an_editor_stands_in_the_database(small_office):
    begun(small_office)
    app = small_office.at(SLOT - HOUR)
    tell_editors(app)
    assert not any("example.org" in str(row.editor) for row in rows(app))
    assert all(row.message is None for row in rows(app))


def test_a_broken_template_keeps_nobody_else_from_their_mail(small_office, capsys):
    begun(small_office)
    small_office.site.write("templates/email/_proof.html.j2", "{{ nothing.here }}")
    small_office.site.item("bad.en.md", "Bad", date="someday")
    app = small_office.at(SLOT - HOUR)
    assert tell_editors(app).handed.sent == 2
    assert small_office.subjects() == ["1 file cannot be published"]
    assert "editors cannot be told" in capsys.readouterr().err
    assert sending.send(small_office.at(SLOT + MINUTE)).report.sent == 1
