"""An editor changes what somebody chose, and nothing else about them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from publisher.errors import ChoiceError, PublisherError
from publisher.store import read, tables, write
from publisher.subscribers import Person, State, change, find, unsubscribe

EMAIL = "ann@example.test"


@pytest.fixture
def give(db, settings, now):
    def give(**wish):
        with write(db) as conn:
            found = change(conn, settings, Person(EMAIL, **wish), now + timedelta(hours=1))
        return {each.what: (each.before, each.after) for each in found}

    return give


def person(db, now):
    with read(db) as conn:
        return find(conn, EMAIL, now)


def signatures(db) -> dict[str, tuple[str, str, str, int]]:
    """What each active subscription's signature says, by digest."""
    signs, subs = tables.signatures.c, tables.subscriptions
    query = (
        select(subs.c.digest, signs.languages, signs.kinds, signs.categories, signs.originals)
        .join(tables.signatures, signs.id == subs.c.signature_id)
        .where(subs.c.active == 1)
    )
    with read(db) as conn:
        return {row[0]: tuple(row[1:]) for row in conn.execute(query)}


def test_what_is_named_changes_and_the_rest_stays(db, join, give, now):
    join(EMAIL, languages=("ar", "en"), categories=("training",), time_zone="Asia/Amman")
    assert give(languages=("fr",)) == {"languages": ("ar en", "fr")}
    found = person(db, now)
    assert found.languages == ("fr",)
    assert (found.categories, found.time_zone) == (("training",), "Asia/Amman")
    assert set(signatures(db).values()) == {("fr", "", "training", 0)}


def test_every_choice_can_be_changed_and_emptied_again(db, join, give, now):
    join(EMAIL)
    assert give(
        digests=("monthly",),
        categories=("training",),
        kinds=("event", "news"),
        time_zone="Asia/Amman",
        originals=True,
        name="Ann",
    ) == {
        "name": ("", "Ann"),
        "digests": ("monthly weekly", "monthly"),
        "kinds": ("", "event news"),
        "categories": ("", "training"),
        "time zone": ("", "Asia/Amman"),
        "originals": ("no", "yes"),
    }
    assert signatures(db) == {"monthly": ("en", "event news", "training", 1)}
    assert give(
        digests=("all",), categories=("all",), kinds=("ALL",), time_zone="site", originals=False
    ) == {
        "digests": ("monthly", "monthly weekly"),
        "kinds": ("event news", ""),
        "categories": ("training", ""),
        "time zone": ("Asia/Amman", ""),
        "originals": ("yes", "no"),
    }
    assert set(signatures(db).values()) == {("en", "", "", 0)}


def test_the_same_again_is_no_change_and_moves_nobody(db, join, give):
    join(EMAIL, languages=("ar",))
    assert give(languages=("ar",)) == {}
    with read(db) as conn:
        assert set(conn.scalars(select(tables.subscriptions.c.moved_at))) == {None}


def test_who_chooses_otherwise_is_known_to_have_moved(db, join, give, now):
    join(EMAIL)
    give(languages=("ar",))
    with read(db) as conn:
        moved = set(conn.scalars(select(tables.subscriptions.c.moved_at)))
    assert moved == {int((now + timedelta(hours=1)).timestamp())}


def test_a_digest_that_is_new_to_somebody_is_no_move(db, join, give):
    join(EMAIL, digests=("weekly",))
    give(digests=("weekly", "monthly"))
    with read(db) as conn:
        assert set(conn.scalars(select(tables.subscriptions.c.moved_at))) == {None}


def test_digests_taken_and_left_are_on_record(db, join, give):
    join(EMAIL, digests=("weekly",))
    give(digests=("monthly",))
    table = tables.consents.c
    with read(db) as conn:
        rows = conn.execute(select(table.act, table.detail).order_by(table.id)).all()
    assert [tuple(row) for row in rows] == [
        ("added", ""),
        ("unsubscribed", "weekly"),
        ("changed", "monthly"),
    ]


def test_a_pending_person_stays_pending(db, join, give, now):
    join(EMAIL, "")
    give(languages=("ar",))
    found = person(db, now)
    assert (found.state, found.languages) == (State.PENDING, ("ar",))


def test_who_unsubscribed_or_is_unknown_is_not_changed(db, join, give, now):
    with pytest.raises(PublisherError, match="nobody here"):
        give(languages=("ar",))
    who = join(EMAIL).subscriber
    with write(db) as conn:
        unsubscribe(conn, who.id, now)
    with pytest.raises(PublisherError, match="unsubscribed"):
        give(languages=("ar",))
    assert person(db, now).languages == ("en",)


def test_a_wrong_choice_changes_nothing_at_all(db, join, give, now):
    join(EMAIL)
    with pytest.raises(ChoiceError, match="podcast"):
        give(languages=("ar",), kinds=("podcast",))
    assert person(db, now).languages == ("en",)
    with pytest.raises(ChoiceError, match="news"):
        give(kinds=("all", "podcast"))
