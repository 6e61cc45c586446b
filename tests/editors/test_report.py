"""Reports: what became of an edition, told once."""

from datetime import timedelta

from sqlalchemy import insert, update

from publisher import digests
from publisher.app import editions, sending
from publisher.app.editing import tell_editors
from publisher.app.editions import open_due_editions
from publisher.app.sending import send_queued
from publisher.store import write
from publisher.store.tables import attempts, deliveries
from tests.editors.conftest import SLOT, Office, plain

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def opened(office: Office, *, is_sent: bool = True):
    """An edition that is on its way, or has gone out; returns the app that did it."""
    office.site.item("a.en.md", "A")
    office.begin(("a", "en"), ("b", "en"), ("c", "en"))
    app = office.at(SLOT + MINUTE)
    sending.send(app) if is_sent else open_due_editions(app)
    return app


def said(office: Office) -> str:
    (mail,) = [one for one in office.mails() if one["To"] == "ed@example.org"]
    return " ".join(plain(mail).split())


def test_an_edition_that_closed_is_reported_once(office):
    app = opened(office)
    assert tell_editors(app).handed.sent == 2
    assert tell_editors(app).handed.sent == 0
    assert office.subjects() == ["Sent: Weekly digest"]
    assert "Readers: 3 Sent: 3 ----" in said(office)
    assert "/proof/" not in said(office)


def test_a_report_counts_failures_by_what_receivers_said(office):
    app = opened(office, is_sent=False)
    with write(app.engine) as conn:
        conn.execute(update(deliveries).values(state="failed", code="5.1.1", attempts=1))
        row = {"number": 1, "started_at": 1, "outcome": "refused", "code": "5.1.1"}
        conn.execute(insert(attempts).values(delivery_id=1, answer="no <recipient> here", **row))
    send_queued(app)
    tell_editors(app)
    assert "Readers: 3 Sent: 0 Failed: 3" in said(office)
    assert "Why it failed: - 3 × 5.1.1 no <recipient> here" in said(office)


def test_a_held_edition_is_reported_each_time_it_is_held_anew(office):
    app = opened(office, is_sent=False)
    editions.decide(app, "weekly", "hold")
    assert tell_editors(app).handed.sent == 2
    assert office.subjects() == ["Held: Weekly digest"]
    assert "Somebody holds it: nothing leaves before it is approved." in said(office)
    assert "Approve: https://news.example.org/proof/" in said(office)
    assert "Call off: https://news.example.org/proof/" in said(office)
    assert tell_editors(app).handed.sent == 0
    editions.decide(app, "weekly", "release")
    editions.decide(app, "weekly", "hold")
    assert tell_editors(app).handed.sent == 2


def test_a_paused_edition_is_reported_with_the_server_s_words(office):
    app = opened(office, is_sent=False)
    digests.pause(app.engine, "535 5.7.8 who are you")
    assert tell_editors(app).handed.sent == 2
    digests.pause(app.engine, "535 5.7.8 who are you, attempt 2")
    assert tell_editors(app).handed.sent == 0
    assert office.subjects() == ["Paused: Weekly digest"]
    assert "535 5.7.8 who are you" in said(office)
    assert "Waiting: 3" in said(office)


def test_a_cancelled_and_a_missed_edition_are_reported(small_office):
    app = opened(small_office, is_sent=False)
    editions.decide(app, "weekly", "cancel")
    tell_editors(app)
    late = small_office.at(SLOT + 7 * DAY + timedelta(hours=12))
    open_due_editions(late)
    tell_editors(late)
    assert small_office.subjects() == ["Cancelled: Weekly digest", "Missed: Weekly digest"]


def test_an_edition_with_nothing_new_is_no_news(small_office):
    small_office.begin(("a", "en"))
    app = small_office.at(SLOT + MINUTE)
    sending.send(app)
    assert tell_editors(app).handed.sent == 0


def test_a_new_editor_is_not_told_of_what_is_long_past(small_office):
    opened(small_office)
    assert tell_editors(small_office.at(SLOT + 3 * DAY)).handed.sent == 0
