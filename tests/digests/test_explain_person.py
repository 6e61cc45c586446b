"""Why somebody got, will get or did not get a mail: the facts, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from publisher import delivery, digests
from publisher.digests.explain.history import Why
from publisher.errors import AddressError, PublisherError
from publisher.store import tables, write
from publisher.subscribers import Person, add, change, suppress, unsubscribe
from tests.digests.conftest import DAY, KEYS, House, utc

START = utc("2026-03-02T12:00")
FIRST = utc("2026-03-03T07:00")
LATER = FIRST + DAY
SECOND = utc("2026-03-10T07:00")
HOUR = timedelta(hours=1)


def explain(house: House, name: str = "ann", now=LATER, *, secret=KEYS.lasting, edition: str = ""):
    return digests.explain_person(
        house.db,
        house.settings,
        house.library(now),
        f"{name}@example.org",
        now,
        secret=secret,
        edition=edition,
    )


def first_edition(found):
    """What became of a person in the edition of 3 March."""
    (digest,) = found.digests
    (one,) = [one for one in digest.editions if one.edition.slot == "2026-03-03T07:00"]
    return one


@pytest.fixture
def sent(house: House) -> House:
    """A house whose first edition went to one reader who always gets it."""
    house.site.item("a.en.md", "A", categories="[prevention]")
    house.site.item("b.en.md", "B")
    house.site.item("b.ar.md", "ب")
    house.reader("always")
    return house


def open_both(house: House) -> None:
    house.open(START)
    house.open(FIRST)


def test_a_mail_says_what_stood_in_it_in_which_language_and_why(sent: House):
    sent.reader("ann", "ar en")
    open_both(sent)
    one = first_edition(explain(sent))
    assert one.delivery.state == "queued"
    assert one.why is None
    assert [(got.key, got.language, got.how, got.title) for got in one.items] == [
        ("b", "ar", "first", "ب")
    ]
    assert [(passed.key, passed.title) for passed in one.passed_over] == [("a", "A")]
    assert "translation" in one.passed_over[0].why
    coming = explain(sent).digests[0].next
    assert (coming.slot, coming.due_at, coming.why) == ("2026-03-10T07:00", SECOND, None)
    assert [(got.key, got.how, got.waited) for got in coming.items] == [("a", "next", 3 * DAY)]


def test_the_forecast_for_a_person_comes_true(sent: House):
    sent.reader("ann", "fr ar")
    open_both(sent)
    coming = explain(sent).digests[0].next
    sent.open(SECOND)
    (digest,) = explain(sent, now=SECOND + HOUR).digests
    got = digest.editions[0]
    assert got.edition.slot == coming.slot
    assert [(i.key, i.language, i.how) for i in got.items] == [
        (i.key, i.language, i.how) for i in coming.items
    ]


def test_every_attempt_is_told_with_the_servers_words_and_the_next_try(sent: House):
    number = sent.reader("ann")
    open_both(sent)
    again = LATER + HOUR
    mails, tries = tables.deliveries, tables.attempts
    with write(sent.db) as conn:
        row = conn.scalar(
            update(mails)
            .where(mails.c.subscriber_id == number)
            .values(attempts=2, doubts=1, code="4.7.1", next_at=int(again.timestamp()))
            .returning(mails.c.id)
        )
        for at, outcome, code, answer in (
            (1, "in doubt", "", "the sender ended before the answer was recorded"),
            (2, "deferred", "4.7.1", "4.7.1 <recipient> greylisted"),
        ):
            conn.execute(
                insert(tries).values(
                    delivery_id=row,
                    number=at,
                    started_at=int(FIRST.timestamp()) + at,
                    outcome=outcome,
                    code=code,
                    answer=answer,
                )
            )
    mail = first_edition(explain(sent)).delivery
    assert (mail.attempts, mail.doubts, mail.next_at) == (2, 1, again)
    assert [(one.number, one.outcome, one.code) for one in mail.failures] == [
        (1, "in doubt", ""),
        (2, "deferred", "4.7.1"),
    ]
    assert mail.failures[1].answer == "4.7.1 <recipient> greylisted"


def test_it_is_said_when_a_repeat_would_have_other_bytes(sent: House):
    number = sent.reader("ann")
    open_both(sent)
    with write(sent.db) as conn:
        mine = tables.deliveries.c.subscriber_id == number
        conn.execute(update(tables.deliveries).where(mine).values(attempts=1, doubts=1))
        made = {"headers": "[]", "subject": "x", "html": b"", "plain": b"", "selectors": "old"}
        conn.execute(update(tables.bodies).values(**made, composer=1))
    changed = first_edition(explain(sent)).delivery.changed
    assert changed == ("the form that this version gives a message", "the DKIM keys that sign")
    with write(sent.db) as conn:
        conn.execute(update(tables.bodies).values(composer=delivery.COMPOSER, selectors=""))
    assert first_edition(explain(sent)).delivery.changed == ()


def test_the_message_id_is_the_one_the_mail_has(sent: House):
    sent.reader("ann")
    open_both(sent)
    found = explain(sent)
    mail = first_edition(found).delivery
    assert mail.message_id == delivery.message_id(
        KEYS.lasting, mail.purpose, found.person.public_id, "example.org"
    )
    assert first_edition(explain(sent, secret=None)).delivery.message_id == ""


def pend(house: House) -> None:
    with write(house.db) as conn:
        add(conn, house.settings, KEYS, Person("ann@example.org"), START)


def leave(house: House) -> None:
    number = house.reader("ann")
    with write(house.db) as conn:
        unsubscribe(conn, number, START)


def be_suppressed(house: House) -> None:
    house.reader("ann")
    with write(house.db) as conn:
        suppress(conn, KEYS, "ann@example.org", START, reason="bounced", note="5.1.1")


def pause(house: House) -> None:
    number = house.reader("ann")
    until = int((SECOND + DAY).timestamp())
    with write(house.db) as conn:
        mine = tables.subscribers.c.id == number
        conn.execute(update(tables.subscribers).where(mine).values(paused_until=until))


def agree(house: House) -> None:
    with write(house.db) as conn:
        add(conn, house.settings, KEYS, Person("ann@example.org"), LATER, "I agree")


def nothing(house: House) -> None:
    """Somebody of whom there is no trace yet."""


@pytest.mark.parametrize(
    ("life", "why", "since", "then"),
    [
        (pend, Why.PENDING, None, Why.PENDING),
        (leave, Why.UNSUBSCRIBED, START, Why.UNSUBSCRIBED),
        (be_suppressed, Why.SUPPRESSED, START, Why.SUPPRESSED),
        (pause, Why.PAUSED, SECOND + DAY, Why.PAUSED),
    ],
)
def test_who_may_get_no_mail_is_told_why_and_since_when(sent: House, life, why, since, then):
    life(sent)
    open_both(sent)
    found = explain(sent)
    one = first_edition(found)
    assert (one.delivery, one.why, one.since) == (None, why, since)
    assert found.digests[0].next.why is then


@pytest.mark.parametrize(
    ("before", "why", "since"),
    [
        (nothing, Why.JOINED_AFTER, LATER),
        (pend, Why.PENDING, LATER),
        (leave, Why.UNSUBSCRIBED, START),
    ],
)
def test_what_they_were_then_counts_and_not_what_they_are_now(sent: House, before, why, since):
    sent.open(START)
    before(sent)
    sent.open(FIRST)
    agree(sent)
    found = explain(sent, now=LATER + HOUR)
    assert found.person.state == "active"
    one = first_edition(found)
    assert (one.delivery, one.why, one.since) == (None, why, since)


def test_who_was_suppressed_only_later_got_what_came_before(sent: House):
    sent.reader("ann")
    open_both(sent)
    with write(sent.db) as conn:
        suppress(conn, KEYS, "ann@example.org", LATER)
    found = explain(sent, now=LATER + HOUR)
    assert first_edition(found).delivery
    assert found.digests[0].next.why is Why.SUPPRESSED


def test_nothing_new_names_each_item_and_why_it_was_not_for_them(sent: House):
    sent.site.item("c.en.md", "C", kind="article", categories="[prevention]")
    sent.site.item("old.en.md", "Old", "2025-01-01T00:00:00Z")
    sent.set("[feeds]", '[categories.training]\nname = { en = "Training" }\n\n[feeds]')
    sent.reader("ann", categories=("training",), kinds=("news",))
    open_both(sent)
    one = first_edition(explain(sent))
    assert (one.delivery, one.why, one.items) == (None, Why.NOTHING_NEW, ())
    assert {passed.key: passed.why for passed in one.passed_over} == {
        "a": "in none of the categories they chose",
        "b": "in none of the categories they chose",
        "c": "not one of the kinds they chose",
    }


def test_other_digests_and_choices_of_the_past_are_told_apart(sent: House):
    more = '[digests.monthly]\nevery = "month"\nat = "3 07:00"\n\n[digests.weekly]'
    sent.set("[digests.weekly]", more)
    sent.reader("ann", digests=("monthly",), kinds=("article",))
    open_both(sent)

    def monthly_and_weekly():
        digest = {one.digest: one for one in explain(sent, now=LATER + HOUR).digests}
        return digest["monthly"].editions[0], digest["weekly"].editions[0]

    monthly, weekly = monthly_and_weekly()
    assert (monthly.why, weekly.why) == (Why.NOTHING_NEW, Why.NOT_SUBSCRIBED)
    wish = Person("ann@example.org", digests=("monthly", "weekly"), kinds=("all",))
    with write(sent.db) as conn:
        change(conn, sent.settings, wish, LATER)
    monthly, weekly = monthly_and_weekly()
    assert (monthly.why, monthly.since) == (Why.CHOSE_LATER, LATER)
    assert (weekly.why, weekly.since) == (Why.NOT_SUBSCRIBED, LATER)
    with write(sent.db) as conn:
        change(conn, sent.settings, Person("ann@example.org", digests=("monthly",)), LATER + HOUR)
    digest = {one.digest: one for one in explain(sent, now=SECOND).digests}["weekly"]
    assert (digest.is_subscribed, digest.next.why) == (False, Why.LEFT_DIGEST)


def test_a_missed_edition_went_to_nobody(sent: House):
    sent.reader("ann")
    sent.open(START)
    sent.open(FIRST + DAY)
    assert first_edition(explain(sent, now=FIRST + DAY)).why is Why.MISSED


def test_a_held_edition_has_not_gone_out_yet(sent: House):
    sent.set('every = "week"', 'most = 1\nevery = "week"')
    sent.reader("ann")
    open_both(sent)
    one = first_edition(explain(sent))
    assert (one.why, one.edition.state) == (Why.NOT_OPENED, "held")
    assert "most = 1" in one.edition.note


def test_an_unknown_address_is_told_with_what_is_near_and_whether_it_is_suppressed(sent: House):
    sent.reader("annabel")
    found = explain(sent, "anabel")
    assert (found.person, found.suppression, found.nearest) == (
        None,
        None,
        ("annabel@example.org",),
    )
    with write(sent.db) as conn:
        suppress(conn, KEYS, "anabel@example.org", START, note="asked by letter")
    assert explain(sent, "ANABEL").suppression.note == "asked by letter"
    blind = explain(sent, "anabel", secret=None)
    assert (blind.suppression, blind.knows_suppressions) == (None, False)
    with pytest.raises(AddressError):
        explain(sent, "two words")


def test_somebody_erased_is_found_by_the_hash_alone(sent: House):
    number = sent.reader("ann")
    open_both(sent)
    with write(sent.db) as conn:
        mine = tables.subscribers.c.id == number
        gone = {"address": None, "address_key": None, "state": "erased", "name": ""}
        conn.execute(update(tables.subscribers).where(mine).values(gone))
    found = explain(sent)
    assert (found.person.state, found.person.address) == ("erased", "")
    assert first_edition(found).delivery
    assert explain(sent, secret=None).person is None


def test_one_edition_is_told_alone_and_one_that_is_not_there_is_refused(sent: House):
    sent.reader("ann")
    open_both(sent)
    sent.site.item("c.en.md", "C", date="2026-03-08T10:00:00Z")
    sent.open(SECOND)
    for name in ("1", "2026-03-03T07:00", "2026-03-03", "weekly/2026-03-03", "weekly/1"):
        (digest,) = explain(sent, now=SECOND, edition=name).digests
        assert [one.edition.slot for one in digest.editions] == ["2026-03-03T07:00"]
        assert digest.next is None
    assert len(explain(sent, now=SECOND, edition="weekly").digests[0].editions) == 2
    with pytest.raises(PublisherError, match="no edition"):
        explain(sent, edition="2026-03-04")


def test_of_many_editions_the_newest_are_told_and_the_rest_counted(sent: House):
    sent.set('every = "week"\nat = "Tue 07:00"', 'every = "day"\nat = "07:00"')
    sent.reader("ann")
    for number in range(13):
        sent.open(START + number * DAY - 4 * HOUR)
    (digest,) = explain(sent, now=START + 13 * DAY).digests
    assert (len(digest.editions), digest.older) == (10, 2)
    assert digest.editions[0].edition.slot > digest.editions[-1].edition.slot


def test_nothing_is_written(sent: House):
    sent.reader("ann")
    open_both(sent)
    before = explain(sent)
    with write(sent.db) as conn:
        rows = {
            name: conn.execute(table.select()).all()
            for name, table in tables.metadata.tables.items()
        }
    assert explain(sent) == before
    with write(sent.db) as conn:
        for name, table in tables.metadata.tables.items():
            assert conn.execute(table.select()).all() == rows[name]


def test_each_readers_own_hour_is_told(sent: House):
    sent.set('every = "week"', 'zone = "subscriber"\nevery = "week"')
    sent.reader("ann", time_zone="America/New_York")
    sent.open(START)
    assert explain(sent, now=START).digests[0].next.due_at == FIRST + 5 * HOUR
    sent.open(FIRST)
    mail = first_edition(explain(sent, now=FIRST)).delivery
    assert (mail.state, mail.next_at) == ("queued", FIRST + 5 * HOUR)


def test_who_changed_languages_is_not_promised_what_they_had(sent: House):
    sent.site.item("a.ar.md", "ا")
    sent.reader("ann", "en")
    open_both(sent)
    sent.site.item("c.ar.md", "ج", date="2026-03-03T10:00:00Z")
    with write(sent.db) as conn:
        change(conn, sent.settings, Person("ann@example.org", languages=("ar",)), LATER)
    coming = explain(sent, now=LATER + HOUR).digests[0].next
    assert [got.key for got in coming.items] == ["c"]
    sent.open(SECOND)
    (digest,) = explain(sent, now=SECOND + HOUR).digests
    assert [got.key for got in digest.editions[0].items] == ["c"]
    assert [got.language for got in digest.editions[1].items] == ["en", "en"]
    # What was left out of it then is explained by choices made since, and says so.
    assert [one.since for one in digest.editions] == [None, LATER]


def test_a_correction_they_were_told_stands_with_the_edition(sent: House):
    sent.reader("ann")
    open_both(sent)
    sent.site.item("a.en.md", "A", categories="[prevention]", correction="It was nine.")
    sent.site.item("c.en.md", "C", date="2026-03-08T10:00:00Z")
    sent.open(SECOND)
    (digest,) = explain(sent, now=SECOND + HOUR).digests
    assert (digest.editions[0].told, digest.editions[1].told) == (("A",), ())


def test_what_an_editor_decided_on_the_next_edition_is_told(sent: House):
    sent.reader("ann")
    sent.open(START)
    slot = {"digest": "weekly", "slot": "2026-03-03T07:00", "decided_at": 0}
    with write(sent.db) as conn:
        conn.execute(insert(tables.decisions).values(decision="held", **slot))
    assert explain(sent, now=START).digests[0].next.decision == "held"


def test_originals_are_told_as_asked_for(sent: House):
    sent.site.item("b.ar.md", "ب", translation="{of: en, method: machine}")
    sent.reader("ann", "ar", originals=True)
    open_both(sent)
    (got,) = first_edition(explain(sent)).items
    assert (got.key, got.language, got.how) == ("b", "en", "original")


def test_a_held_edition_says_what_is_stopped_and_who_has_nothing_in_it(sent: House):
    sent.reader("ann")
    sent.reader("fay", "fr")
    open_both(sent)
    digests.act(
        sent.db,
        sent.settings,
        sent.library(LATER),
        sent.templates,
        "weekly",
        "hold",
        "2026-03-03",
        LATER,
    )
    ann, fay = (first_edition(explain(sent, name)) for name in ("ann", "fay"))
    assert (ann.edition.state, ann.delivery.state, ann.delivery.code) == ("held", "held", "held")
    assert (fay.delivery, fay.why) == (None, Why.NOTHING_NEW)
