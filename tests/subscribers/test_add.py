from datetime import timedelta

import pytest
from sqlalchemy import func, select

from publisher.errors import AddressError, ChoiceError
from publisher.store import read, tables, write
from publisher.subscribers import Result, State, find, suppress, unsubscribe
from publisher.subscribers.add import clean_name


def consents(db):
    with read(db) as conn:
        table = tables.consents
        rows = select(table.c.act, table.c.source, table.c.wording).order_by(table.c.id)
        return conn.execute(rows).all()


def test_with_consent_a_person_is_active_and_the_wording_is_kept(db, join, now):
    added = join("Reader@Example.test", "Send me the weekly news", name="A Reader")
    person = added.subscriber
    assert added.result is Result.ADDED
    assert (person.address, person.name) == ("Reader@example.test", "A Reader")
    assert person.state is State.ACTIVE
    assert person.confirmed_at == now
    assert consents(db) == [("added", "operator", "Send me the weekly news")]


@pytest.mark.parametrize("consent", ["", "   "])
def test_without_consent_a_person_is_pending(db, join, consent):
    added = join("a@example.test", consent)
    assert added.result is Result.ADDED_PENDING
    assert added.subscriber.state is State.PENDING
    assert added.subscriber.confirmed_at is None
    assert consents(db) == []


def test_who_says_nothing_gets_every_digest_in_the_first_language(join):
    person = join("a@example.test").subscriber
    assert person.languages == ("en",)
    assert set(person.digests) == {"weekly", "monthly"}
    assert person.categories == ()
    assert person.time_zone == ""


def test_choices_are_kept_in_order_and_in_their_usual_spelling(join):
    person = join(
        "a@example.test",
        languages=("AR", "en_GB", "ar"),
        digests=("Weekly",),
        categories=("Training and tools",),
        time_zone="Asia/Amman",
    ).subscriber
    assert person.languages == ("ar", "en")
    assert person.digests == ("weekly",)
    assert person.categories == ("training",)
    assert person.time_zone == "Asia/Amman"


def test_kinds_and_originals_are_kept(join):
    person = join("a@example.test", kinds=("news", "Event"), originals=True).subscriber
    assert person.kinds == ("event", "news")
    assert person.originals is True
    everything = join("b@example.test", kinds=("news", "event", "event-report", "article"))
    assert (everything.subscriber.kinds, everything.subscriber.originals) == ((), False)


@pytest.mark.parametrize("word", ["all", "ALL"])
def test_all_and_site_say_what_leaving_empty_says(join, word):
    person = join(
        "a@example.test", digests=(word,), categories=(word,), kinds=(word,), time_zone="site"
    ).subscriber
    assert set(person.digests) == {"weekly", "monthly"}
    assert (person.categories, person.kinds, person.time_zone) == ((), (), "")


def test_choosing_every_category_is_the_same_as_choosing_none(join):
    assert join("a@example.test", categories=("training", "prevention")).subscriber.categories == ()


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ({"languages": ("de",)}, 'no language "de"'),
        ({"languages": ("../../etc/passwd",)}, "no language"),
        ({"digests": ("daily",)}, 'no digest "daily"'),
        ({"categories": ("sports",)}, 'no category "sports"'),
        ({"time_zone": "Mars/Base"}, 'no time zone "Mars/Base"'),
        ({"kinds": ("podcast",)}, 'no kind "podcast"'),
    ],
)
def test_what_the_site_does_not_offer_is_refused_with_what_it_does(db, join, choice, says):
    with pytest.raises(ChoiceError, match=says) as caught:
        join("a@example.test", **choice)
    assert caught.value.hint.startswith("write")
    with read(db) as conn:
        assert conn.execute(select(func.count()).select_from(tables.subscribers)).scalar() == 0


def test_no_address_no_row(db, join):
    with pytest.raises(AddressError):
        join("a@example.test\r\nBcc: v@example.org")
    with read(db) as conn:
        assert conn.execute(select(func.count()).select_from(tables.subscribers)).scalar() == 0


def test_adding_twice_changes_nothing(db, join):
    first = join("User@Example.test", name="First").subscriber
    again = join("user@EXAMPLE.test", name="Second", languages=("ar",))
    assert again.result is Result.KNOWN
    assert again.subscriber == first
    assert len(consents(db)) == 1


def test_a_pending_person_becomes_active_with_a_consent(db, join, now):
    join("a@example.test", "")
    added = join("a@example.test", "I agree")
    assert added.result is Result.CONFIRMED
    assert added.subscriber.state is State.ACTIVE
    assert added.subscriber.confirmed_at == now
    assert [row.wording for row in consents(db)] == ["I agree"]


def test_suppressed_stays_suppressed_whoever_adds_it(db, join, keys, now):
    with write(db) as conn:
        assert suppress(conn, keys, "A@example.test", now)
    added = join("a@EXAMPLE.test")
    assert added.result is Result.STAYS_SUPPRESSED
    assert added.subscriber is None


def test_who_unsubscribed_comes_back_only_with_a_new_consent(db, join, now):
    person = join("a@example.test", "first words", digests=("weekly",)).subscriber
    with write(db) as conn:
        assert unsubscribe(conn, person.id, now)
    assert join("a@example.test", "").result is Result.STAYS_UNSUBSCRIBED
    back = join("a@example.test", "new words", languages=("ar",), digests=("monthly",))
    assert back.result is Result.RETURNED
    assert back.subscriber.state is State.ACTIVE
    assert (back.subscriber.languages, back.subscriber.digests) == (("ar",), ("monthly",))
    assert back.subscriber.public_id == person.public_id
    assert [(row.act, row.wording) for row in consents(db)] == [
        ("added", "first words"),
        ("unsubscribed", ""),
        ("added", "new words"),
    ]


def test_unsubscribing_twice_is_harmless(db, join, now):
    person = join("a@example.test").subscriber
    with write(db) as conn:
        assert unsubscribe(conn, person.id, now)
        assert not unsubscribe(conn, person.id, now)
    with read(db) as conn:
        assert find(conn, "a@example.test", now).state is State.UNSUBSCRIBED
    assert len(consents(db)) == 2


def test_leaving_the_last_digest_is_unsubscribing(db, join, now):
    person = join("a@example.test").subscriber
    for digest, state in (("weekly", State.ACTIVE), ("monthly", State.UNSUBSCRIBED)):
        with write(db) as conn:
            assert unsubscribe(conn, person.id, now + timedelta(hours=1), digest=digest)
            assert not unsubscribe(conn, person.id, now + timedelta(hours=1), digest=digest)
        with read(db) as conn:
            found = find(conn, "a@example.test", now)
        assert found.state is state
        assert digest not in found.digests


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Ann   Lee ", "Ann Lee"),
        ("A\u0085Bcc: x\u2028Cc: y\u2029", "A Bcc: x Cc: y"),
        ("B\r\nBcc: v@example.org", "B Bcc: v@example.org"),
        ("n\0m", "n m"),
        ("Jose\u0301", "José"),
        ("سامي", "سامي"),
        ("bad \udce9", "bad ?"),
        ("'); DROP TABLE subscribers;--", "'); DROP TABLE subscribers;--"),
    ],
)
def test_a_name_is_one_line_whatever_was_given(given, kept):
    assert clean_name(given) == kept


def test_what_is_too_long_for_a_name_is_refused():
    with pytest.raises(ChoiceError, match="201 characters"):
        clean_name("n" * 201)
