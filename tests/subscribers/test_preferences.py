from sqlalchemy import select

from publisher.store import read, tables, write
from publisher.subscribers import Catalogue, change_preferences, find


def signatures(db, address="a@example.test"):
    """What the person's active subscriptions point at."""
    with read(db) as conn:
        people, subscriptions = tables.subscribers, tables.subscriptions
        query = (
            select(subscriptions.c.digest, tables.signatures)
            .join(people, people.c.id == subscriptions.c.subscriber_id)
            .join(tables.signatures, tables.signatures.c.id == subscriptions.c.signature_id)
            .where(people.c.address == address, subscriptions.c.active == 1)
        )
        return {
            row.digest: (row.languages, row.kinds, row.categories) for row in conn.execute(query)
        }


def numbers(db):
    with read(db) as conn:
        return set(conn.execute(select(tables.subscriptions.c.signature_id)).scalars())


def test_equal_preferences_share_one_signature(db, join):
    join("a@example.test", languages=("ar", "en"), categories=("prevention",))
    join("b@example.test", languages=("ar", "en"), categories=("prevention",))
    assert len(numbers(db)) == 1
    assert signatures(db)["weekly"] == ("ar en", "", "prevention")


def test_the_order_of_languages_makes_another_signature(db, join):
    join("a@example.test", languages=("ar", "en"))
    join("b@example.test", languages=("en", "ar"))
    assert len(numbers(db)) == 2


def test_new_preferences_bring_a_new_signature_to_every_digest(db, join, settings, now):
    person = join("a@example.test").subscriber
    choice = Catalogue(settings).choose(
        ("fr", "ar"), ("weekly", "monthly"), ("training",), "Asia/Amman"
    )
    with write(db) as conn:
        change_preferences(conn, person.id, choice, now)
    assert signatures(db) == dict.fromkeys(("weekly", "monthly"), ("fr ar", "", "training"))
    with read(db) as conn:
        found = find(conn, "a@example.test", now)
    assert (found.languages, found.time_zone) == (("fr", "ar"), "Asia/Amman")


def test_a_digest_left_out_becomes_inactive_and_can_come_back(db, join, settings, now):
    person = join("a@example.test").subscriber
    for digests in (("weekly",), ("monthly", "weekly"), ("monthly",)):
        with write(db) as conn:
            change_preferences(conn, person.id, Catalogue(settings).choose(("en",), digests), now)
        assert set(signatures(db)) == set(digests)


def test_a_doubtful_language_becomes_the_default_only_when_allowed(settings):
    choice = Catalogue(settings).choose(("de", "ar"), time_zone="Mars/Base", is_lenient=True)
    assert (choice.languages, choice.time_zone) == ("ar", "")
    assert choice.notes == ('the site has no language "de"', 'there is no time zone "Mars/Base"')
