"""Proofs: when they are sent, in which languages, and what they say."""

import re
from datetime import timedelta

import pytest

from publisher.app import editions, sending
from publisher.app.editing import tell_editors
from publisher.digests.compose import LARGEST
from publisher.store import write
from publisher.subscribers import Person, add
from tests.editors.conftest import EDITORS, SLOT, Office, html, plain

HOUR = timedelta(hours=1)
READERS = (("a", "en"), ("b", "en ar"), ("c", "ar"))


def with_two_items(office: Office) -> None:
    office.site.item("summit.en.md", "A summit")
    office.site.item("summit.ar.md", "قمة المدن")
    office.site.item("library.en.md", "A library")
    office.begin(*READERS)


def test_each_editor_gets_the_edition_of_each_language_that_has_readers_once(office):
    with_two_items(office)
    early = office.at(SLOT - 3 * HOUR - timedelta(seconds=20))
    assert tell_editors(early).handed.sent == 0
    assert tell_editors(early).next_at == SLOT - 3 * HOUR
    app = office.at(SLOT - 3 * HOUR)
    assert tell_editors(app).handed.sent == 4
    assert tell_editors(app).handed.sent == 0
    assert tell_editors(office.at(SLOT - HOUR)).handed.sent == 0
    assert [(one["To"], one["Content-Language"]) for one in office.mails()] == [
        ("Jo@example.org", "en"),
        ("Jo@example.org", "ar"),
        ("ed@example.org", "en"),
        ("ed@example.org", "ar"),
    ]


def test_a_subject_in_the_other_direction_is_set_apart_in_a_proof_s(small_office):
    small_office.site.item("a.ar.md", "القمة!")
    small_office.begin(("a", "ar"))
    tell_editors(small_office.at(SLOT - HOUR))
    (subject,) = small_office.subjects()
    assert (subject[:8], subject[-1:]) == ("Proof: \u2068", "\u2069")


def test_a_proof_says_how_many_items_and_readers_each_language_has(small_office):
    with_two_items(small_office)
    tell_editors(small_office.at(SLOT - HOUR))
    english, arabic = [one for one in small_office.mails() if one["To"] == "ed@example.org"]
    assert english["Subject"] == "Proof: Weekly digest: A library"
    assert "قمة المدن" in arabic["Subject"]
    assert english["Auto-Submitted"] == "auto-generated"
    assert english["List-Unsubscribe"] is None
    for mail in (english, arabic):
        rows = re.findall(r">(\w+)</bdi></td>.*?>(\d)</td>.*?>(\d)</td>", html(mail), re.DOTALL)
        assert rows == [("English", "2", "2"), ("العربية", "1", "1"), ("Français", "0", "0")]
        assert "3 March 2026" in plain(mail)
        assert "It goes out by itself unless somebody holds it." in plain(mail)
        assert "no ar, fr yet" in plain(mail)
    assert 'dir="rtl"' in html(arabic)
    assert "A library" in html(english)
    assert "A library" not in html(arabic)


def test_an_edition_that_would_be_empty_has_no_proof_until_something_comes(office):
    office.begin(*READERS)
    assert tell_editors(office.at(SLOT - 2 * HOUR)).handed.sent == 0
    office.site.item("late.en.md", "Late")
    assert tell_editors(office.at(SLOT - HOUR)).handed.sent == 2


def test_an_item_whose_hour_comes_before_the_slot_is_in_the_proof(small_office):
    small_office.site.item("later.en.md", "Later", date=f"{SLOT - HOUR:%Y-%m-%dT%H:%M:%SZ}")
    small_office.begin(*READERS)
    tell_editors(small_office.at(SLOT - 2 * HOUR))
    assert small_office.subjects() == ["Proof: Weekly digest: Later"]


def test_a_site_without_readers_sees_the_edition_in_its_first_language(small_office):
    small_office.site.item("a.ar.md", "خبر")
    small_office.site.item("a.en.md", "News")
    small_office.begin()
    tell_editors(small_office.at(SLOT - HOUR))
    assert small_office.subjects() == ["Proof: Weekly digest: News"]


def test_a_proof_of_nought_hours_is_none_and_without_editors_nobody_is_asked(small_office):
    small_office.configure(editors=EDITORS + 'proof = "0"\n')
    with_two_items(small_office)
    assert tell_editors(small_office.at(SLOT - HOUR)).handed.sent == 0
    small_office.configure(editors="")
    assert tell_editors(small_office.at(SLOT - HOUR)).next_at is None


def test_a_new_editor_gets_the_proof_that_the_others_have(small_office):
    small_office.configure(editors='\n[editors]\naddresses = ["ed@example.org"]\n')
    with_two_items(small_office)
    assert tell_editors(small_office.at(SLOT - 2 * HOUR)).handed.sent == 2
    small_office.configure()
    assert tell_editors(small_office.at(SLOT - HOUR)).handed.sent == 2
    assert len(small_office.subjects("Jo@example.org")) == 2


def test_a_draft_that_had_no_proof_ahead_gets_one_of_what_froze(office):
    office.configure('at = "Tue 07:00"', 'at = "Tue 07:00"\napprove = "editor"')
    with_two_items(office)
    app = office.at(SLOT + timedelta(minutes=1))
    assert sending.send(app).opened[0].edition.state == "draft"
    office.site.item("library.en.md", "Renamed since")
    assert tell_editors(app).handed.sent == 4
    english = office.mails()[2]
    assert "A library" in html(english)
    assert "Renamed since" not in html(english)
    assert "Nobody gets it before somebody approves it." in plain(english)
    assert tell_editors(office.at(SLOT + HOUR)).handed.sent == 0


def test_a_draft_whose_proof_came_ahead_needs_no_second_one(small_office):
    small_office.configure('at = "Tue 07:00"', 'at = "Tue 07:00"\napprove = "editor"')
    with_two_items(small_office)
    tell_editors(small_office.at(SLOT - HOUR))
    assert "Nobody gets it before somebody approves it." in plain(small_office.mails()[0])
    app = small_office.at(SLOT + timedelta(minutes=1))
    sending.send(app)
    assert tell_editors(app).handed.sent == 0


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("hold", "Somebody holds it: nothing leaves before it is approved."),
        ("cancel", ""),
    ],
)
def test_a_decision_taken_before_the_proof_stands_in_it(small_office, what, said):
    with_two_items(small_office)
    app = small_office.at(SLOT - HOUR)
    editions.decide(app, "weekly", what)
    tell_editors(app)
    mails = small_office.mails()
    assert bool(mails) == bool(said)
    assert all(said in plain(mail) for mail in mails)


def test_where_each_reader_has_an_hour_of_their_own_the_proof_comes_before_the_first(office):
    office.configure('at = "Tue 07:00"', 'at = "Tue 07:00"\nzone = "subscriber"')
    office.site.item("a.en.md", "A")
    office.begin(("a", "en"))
    app = office.at(SLOT - 10 * HOUR)
    with write(app.engine) as conn:
        east = Person("e@example.org", languages=("en",), time_zone="Asia/Tokyo")
        add(conn, app.settings, app.keys, east, app.now(), "agreed")
    first = SLOT - 9 * HOUR
    assert tell_editors(app).handed.sent == 2
    assert first - 3 * HOUR < app.now() < first
    assert "Everybody gets it at this hour of their own time zone." in plain(office.mails()[0])


def test_a_proof_fits_into_what_mail_programs_show_and_says_what_it_leaves_out(small_office):
    words = "A long summary of what has happened. " * 12
    for number in range(60):
        small_office.site.item(f"n{number:02}.en.md", f"Item {number}", body=words)
    small_office.begin(("a", "en"))
    tell_editors(small_office.at(SLOT - HOUR))
    mail = small_office.mails()[0]
    assert len(html(mail).encode()) <= LARGEST
    assert "The last items are left out of this proof" in html(mail)
    said = " ".join(plain(mail).split())
    assert "the edition will be held, because it has 60 items and most = 40" in said
