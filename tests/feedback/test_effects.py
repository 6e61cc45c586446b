"""What each kind of report does to the reader it is proved to be about."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from publisher.feedback import Effect, Kind, bounce_address
from publisher.store import read, tables, write
from publisher.subscribers import State
from publisher.tokens import Keys

from .conftest import DOMAIN, SENT

HARD = [
    ("postfix-unknown.eml", "5.1.1"),
    ("postfix-no-domain.eml", "5.4.4"),
    ("exchange-unknown.eml", "5.1.10"),
    ("gmail-unknown.eml", "5.1.1"),
    ("exim-unknown.eml", ""),
    ("qmail-unknown.eml", "5.1.1"),
    ("ses-unknown.eml", "5.1.1"),
]


@pytest.mark.parametrize(("name", "code"), HARD)
def test_an_address_that_is_dead_is_suppressed_and_its_delivery_flagged(returned, name, code):
    number = returned.send(returned.reader())
    assert returned.take(returned.sample(name, number)) is Effect.SUPPRESSED
    assert returned.suppressions() == [("bounced", code)]
    assert returned.row(number).bounced_at == int((SENT + timedelta(hours=1)).timestamp())
    assert returned.who().state is State.ACTIVE, "they did not leave"


@pytest.mark.parametrize("name", ["postfix-delayed.eml", "out-of-office.eml"])
def test_a_delay_and_an_absence_are_no_bounce(returned, name):
    number = returned.send(returned.reader())
    assert returned.take(returned.sample(name, number)) is None
    assert returned.row(number).bounced_at is None


def test_a_block_is_told_and_suppresses_nobody(returned, capfd):
    number = returned.send(returned.reader())
    assert returned.take(returned.sample("outlook-blocked.eml", number)) is Effect.TOLD
    assert returned.suppressions() == []
    assert returned.row(number).bounced_at
    said = capfd.readouterr().err
    assert "5.7.1" in said
    assert "block list (S3140)" in said


@pytest.mark.parametrize("name", ["yahoo-complaint.eml", "microsoft-complaint.eml"])
def test_a_complaint_unsubscribes_and_suppresses(returned, name):
    reader = returned.reader()
    first = returned.send(reader, 1)
    second = returned.send(reader, 2, SENT + timedelta(days=7))
    assert returned.take(returned.sample(name, first)) is Effect.COMPLAINED
    assert returned.suppressions() == [("complained", "abuse")]
    assert returned.who().state is State.UNSUBSCRIBED
    assert returned.row(first).complained_at
    assert returned.row(second).complained_at is None, "the copy in it says which edition"


HARD_ONE = "Final-Recipient: rfc822; a@x.test\nAction: failed\nStatus: 5.1.1"
FULL_ONE = "Final-Recipient: rfc822; b@x.test\nAction: failed\nStatus: 4.2.2"
BLOCKED_ONE = "Final-Recipient: rfc822; c@x.test\nAction: failed\nStatus: 5.7.1"
LATE_ONE = "Final-Recipient: rfc822; d@x.test\nAction: delayed\nStatus: 4.4.1"
FINE_ONE = "Final-Recipient: rfc822; e@x.test\nAction: delivered\nStatus: 2.0.0"


@pytest.mark.parametrize(
    ("recipients", "effect"),
    [
        ([HARD_ONE, HARD_ONE], Effect.SUPPRESSED),
        ([HARD_ONE, FULL_ONE], Effect.COUNTED),
        ([HARD_ONE, BLOCKED_ONE], Effect.TOLD),
        ([HARD_ONE, LATE_ONE], Effect.COUNTED),
        ([FINE_ONE, HARD_ONE], Effect.COUNTED),
        ([FINE_ONE, LATE_ONE], None),
    ],
    ids=["dead", "full", "blocked", "late", "fine", "no failure"],
)
def test_an_address_that_leads_to_several_is_dead_when_all_are(returned, recipients, effect):
    number = returned.send(returned.reader())
    data = returned.sample("postfix-unknown.eml", number)
    head, kind, rest = data.partition(b"Content-Type: message/delivery-status\n")
    end = rest.partition(b"\n--")[2]
    said = "\n\n".join(["\nReporting-MTA: dns; x.test", *recipients]) + "\n\n--"
    assert returned.take(head + kind + said.encode() + end) is effect


def test_what_is_not_spam_after_all_and_an_opt_out(returned):
    number = returned.send(returned.reader())
    data = returned.sample("yahoo-complaint.eml", number)
    kind = b"Feedback-Type: abuse"
    assert returned.take(data.replace(kind, b"Feedback-Type: not-spam")) is None
    failed = data.replace(kind, b"Feedback-Type: auth-failure")
    assert returned.take(failed) is Effect.UNPROVED, "about us, and names no delivery"
    assert returned.suppressions() == []
    opt_out = data.replace(kind, b"Feedback-Type: opt-out")
    assert returned.take(opt_out) is Effect.COMPLAINED


def test_soft_bounces_count_over_three_editions_and_two_weeks(returned):
    reader = returned.reader()
    for week in range(3):
        at = SENT + timedelta(weeks=week)
        number = returned.send(reader, week + 1, at)
        data = returned.sample("gmail-full.eml", number, nonce=str(week))
        expected = Effect.COUNTED if week < 2 else Effect.SUPPRESSED
        assert returned.take(data, at + timedelta(hours=1)) is expected
    assert returned.suppressions() == [
        ("bounced", "3 editions in a row came back, the last with 5.2.2")
    ]


def test_many_editions_within_two_weeks_are_not_enough(returned):
    reader = returned.reader()
    for day in range(14):
        at = SENT + timedelta(days=day)
        number = returned.send(reader, day + 1, at)
        data = returned.sample("gmail-full.eml", number, nonce=str(day))
        assert returned.take(data, at) is Effect.COUNTED
    assert returned.suppressions() == []


def test_one_edition_that_got_through_begins_the_count_anew(returned):
    reader = returned.reader()
    for week in range(5):
        at = SENT + timedelta(weeks=week)
        number = returned.send(reader, week + 1, at)
        if week != 2:
            data = returned.sample("gmail-full.eml", number, nonce=str(week))
            assert returned.take(data, at) is Effect.COUNTED
    assert returned.suppressions() == []


def test_the_same_bounce_thrice_counts_once(returned):
    reader = returned.reader()
    number = returned.send(reader)
    for nonce in "123":
        data = returned.sample("gmail-full.eml", number, nonce=nonce)
        assert returned.take(data) is Effect.COUNTED
    data = returned.sample("gmail-full.eml", number, nonce="3")
    assert returned.take(data, SENT + timedelta(days=60)) is Effect.KNOWN
    assert returned.suppressions() == []


@pytest.mark.parametrize("digest", ["weekly", "news-of-the-whole-region-and-beyond"])
def test_unsubscribing_by_mail_ends_the_digest_that_the_token_names(returned, site, digest):
    from publisher.subscribers import recipient_values

    toml = (site.root / "publisher.toml").read_text(encoding="utf-8")
    more = f'\n[digests.{digest}2]\ntitle = {{ en = "B" }}\nevery = "day"\nat = "07:00"\n'
    site.configure(toml.replace("[digests.weekly]", f"[digests.{digest}]") + more)
    returned.settings = site.settings
    reader = returned.recipient(returned.reader())
    token = recipient_values(returned.settings, returned.keys, reader, digest)["unsubscribe_token"]
    assert len(f"u+{token}") <= 64, "RFC 5321 section 4.5.3.1.1"
    data = f"From: x@evil.test\nTo: <u+{token}@{DOMAIN}>\nSubject: unsubscribe\n\n".encode()
    assert returned.take(data) is Effect.UNSUBSCRIBED
    assert returned.who().digests == (f"{digest}2",)
    assert returned.take(data) is Effect.KNOWN


def test_one_mail_to_the_addresses_of_two_readers_counts_for_both(returned):
    readers = [returned.reader(f"{name}@city.test") for name in "ab"]
    tokens = [returned.words(returned.send(one))["token"] for one in readers]
    to = ", ".join(f"u+{token}@{DOMAIN}" for token in tokens)
    for token in tokens:
        came_to = f"X-Original-To: u+{token}@{DOMAIN}"
        data = f"{came_to}\nTo: {to}\nFrom: x@city.test\nMessage-ID: <1@phone>\n\n".encode()
        assert returned.take(data) is Effect.UNSUBSCRIBED
        assert returned.take(data) is Effect.KNOWN
    states = [returned.who(f"{name}@city.test").state for name in "ab"]
    assert states == [State.UNSUBSCRIBED, State.UNSUBSCRIBED]


def test_only_the_present_address_is_touched_by_a_bounce(returned):
    reader = returned.reader()
    number = returned.send(reader)
    data = returned.sample("postfix-unknown.eml", number)
    with write(returned.db) as conn:
        mine = tables.subscribers.c.id == reader
        conn.execute(update(tables.subscribers).where(mine).values(address="new@city.test"))
    assert returned.take(data) is Effect.UNPROVED
    assert returned.suppressions() == []


def test_a_tag_survives_a_server_that_changes_the_case(returned):
    number = returned.send(returned.reader())
    bounces = returned.words(number)["bounces"]
    data = returned.sample("postfix-unknown.eml", number)
    assert returned.take(data.replace(bounces.encode(), bounces.upper().encode())) is (
        Effect.SUPPRESSED
    )


def test_a_tag_is_read_with_the_key_that_made_it(returned):
    number = returned.send(returned.reader())
    data = returned.sample("postfix-unknown.eml", number)
    returned.keys = Keys((*returned.keys.pairs, ("2", b"n" * 32)))
    assert returned.take(data) is Effect.SUPPRESSED
    returned.keys = Keys((("1", b"x" * 32),))
    other = returned.sample("gmail-unknown.eml", number)
    returned.keys = Keys((("1", b"k" * 32),))
    assert returned.take(other) is Effect.UNPROVED


def test_every_changed_letter_of_a_tag_is_a_forgery(returned):
    number = returned.send(returned.reader())
    words = returned.words(number)
    data = returned.sample("postfix-unknown.eml", number)
    tag = words["verp"]
    for place in range(len(tag)):
        other = "a" if tag[place] != "a" else "b"
        forged = f"{tag[:place]}{other}{tag[place + 1 :]}"
        if place == len(tag) - 1:
            continue  # spare bits: another spelling of the same
        assert returned.take(data.replace(tag.encode(), forged.encode())) is Effect.UNPROVED
    assert returned.suppressions() == []
    assert returned.row(number).bounced_at is None


def test_a_tag_names_one_delivery_of_one_reader_and_fits_an_address(returned):
    reader = returned.recipient(returned.reader())
    other = returned.recipient(returned.reader("other@city.test"))
    made = {
        bounce_address(DOMAIN, returned.keys, n, one) for n in (1, 2) for one in (reader, other)
    }
    assert len(made) == 4
    longest = bounce_address(DOMAIN, returned.keys, 10**15, reader)
    assert len(longest.partition("@")[0]) <= 64
    assert bounce_address(DOMAIN, returned.keys, 1, reader) in made


def test_nothing_kept_of_a_report_tells_an_address(returned):
    number = returned.send(returned.reader())
    for name, _ in HARD:
        returned.take(returned.sample(name, number))
    with read(returned.db) as conn:
        kept = conn.execute(select(tables.feedback)).all()
    assert len(kept) == len(HARD)
    assert "@" not in "".join(str(tuple(row)) for row in kept).replace("<address>", "")
    assert {row.kind for row in kept} == {Kind.HARD}


def test_a_bounce_of_a_mail_for_unsubscribing_unsubscribes_nobody(returned):
    number = returned.send(returned.reader())
    data = returned.sample("postfix-unknown.eml", number)
    token = returned.words(number)["token"]
    bounces = returned.words(number)["bounces"]
    forged = data.replace(bounces.encode(), f"u+{token}@{DOMAIN}".encode())
    assert returned.take(forged) is Effect.UNPROVED
    assert returned.who().state is State.ACTIVE
