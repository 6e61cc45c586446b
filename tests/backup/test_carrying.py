"""Who left stays away, whatever copy comes back."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from publisher.backup import Wishes, restore, write_backup
from publisher.errors import NotAllowed
from publisher.store import read, write
from publisher.store.tables import consents, subscribers, subscriptions, suppressions
from publisher.subscribers import (
    Catalogue,
    Person,
    Result,
    add,
    change_preferences,
    find,
    suppress,
    unsubscribe,
)
from publisher.tokens import open_keys

REPLACE = Wishes(may_replace=True)


class World:
    """A site's database whose older copy comes back."""

    def __init__(self, db, site, tmp_path, now) -> None:
        self.db, self.now, self.settings = db, now, site.settings
        self.secret, self.file = tmp_path / "var/secret", tmp_path / "copy.zip"
        self.keys = open_keys(self.secret, may_make=True)

    def join(self, name: str, consent: str = "yes") -> int:
        with write(self.db) as conn:
            added = add(
                conn, self.settings, self.keys, Person(f"{name}@example.org"), self.now, consent
            )
        return added.subscriber.id

    def copy(self) -> None:
        write_backup(self.db, self.file, self.secret, self.now)

    def bring_back(self, wishes: Wishes = REPLACE):
        return restore(self.db, self.file, self.secret, self.now + timedelta(days=1), wishes)

    def who(self, name: str):
        with read(self.db) as conn:
            return find(conn, f"{name}@example.org", self.now)

    def all(self, table):
        with read(self.db) as conn:
            return conn.execute(select(table)).mappings().all()

    def act(self, statement) -> None:
        with write(self.db) as conn:
            conn.execute(statement)


@pytest.fixture
def world(db, site, tmp_path, now) -> World:
    site.configure(
        (site.root / "publisher.toml")
        .read_text()
        .replace("[sender]", '[digests.daily]\nevery = "day"\nat = "07:00"\n[sender]')
    )
    return World(db, site, tmp_path, now)


def test_who_unsubscribed_since_stays_away_and_the_record_says_so(world):
    number, other = world.join("ann"), world.join("bob")
    world.copy()
    with write(world.db) as conn:
        unsubscribe(conn, number, world.now)
    done = world.bring_back()
    assert done.carried.unsubscribed == 1
    assert world.who("ann").state.value == "unsubscribed"
    assert world.who("bob").state.value == "active"
    acts = [(row["subscriber_id"], row["act"]) for row in world.all(consents)]
    assert acts == [(number, "added"), (other, "added"), (number, "unsubscribed")]
    assert world.bring_back().carried.unsubscribed == 1
    assert len(world.all(consents)) == 3


def test_who_left_one_digest_since_gets_the_other_only(world):
    number = world.join("ann")
    world.copy()
    with write(world.db) as conn:
        unsubscribe(conn, number, world.now, digest="daily")
    assert world.bring_back().carried.left_a_digest == 1
    assert world.who("ann").digests == ("weekly",)


def test_who_was_suppressed_since_is_suppressed_in_the_copy(world):
    world.join("ann")
    world.copy()
    with write(world.db) as conn:
        suppress(conn, world.keys, "ann@example.org", world.now, note="asked by phone")
        suppress(conn, world.keys, "stranger@example.org", world.now)
    assert world.bring_back().carried.suppressed == 2
    assert world.who("ann").is_suppressed
    assert {row["note"] for row in world.all(suppressions)} == {"asked by phone", ""}


@pytest.mark.parametrize(
    ("copy", "since", "wanted"),
    [(None, 5, None), (5, None, None), (5, 9, 9), (9, 5, 9)],
)
def test_of_two_ends_of_a_suppression_the_later_holds(world, copy, since, wanted):
    row = {"address_hash": b"h", "reason": "asked", "since_at": 1}
    world.act(insert(suppressions).values(**row, until_at=copy))
    world.copy()
    world.act(update(suppressions).values(until_at=since))
    world.bring_back()
    assert [row["until_at"] for row in world.all(suppressions)] == [wanted]


@pytest.mark.parametrize(("copy", "since", "wanted"), [(None, 50, 50), (90, 50, 90), (50, 90, 90)])
def test_of_two_pauses_the_longer_holds(world, copy, since, wanted):
    world.join("ann")
    world.act(update(subscribers).values(paused_until=copy))
    world.copy()
    world.act(update(subscribers).values(paused_until=since))
    world.bring_back()
    assert [row["paused_until"] for row in world.all(subscribers)] == [wanted]


def test_who_was_erased_since_is_erased_in_the_copy(world):
    number = world.join("ann")
    world.copy()
    gone = {"state": "erased", "address": None, "address_key": None, "name": ""}
    world.act(update(subscribers).where(subscribers.c.id == number).values(**gone))
    assert world.bring_back().carried.erased == 1
    (row,) = world.all(subscribers)
    assert (row["state"], row["address"], row["address_key"]) == ("erased", None, None)
    assert row["address_hash"]


def test_who_came_and_left_since_is_known_to_have_left(world):
    first = world.join("ann")
    world.copy()
    second = world.join("bob")
    with write(world.db) as conn:
        unsubscribe(conn, second, world.now)
    assert world.bring_back().carried.unsubscribed == 1
    assert world.who("bob").state.value == "unsubscribed"
    number = world.who("bob").id
    acts = [row["act"] for row in world.all(consents) if row["subscriber_id"] == number]
    assert acts == ["added", "unsubscribed"]
    assert number != first
    with write(world.db) as conn:
        again = add(conn, world.settings, world.keys, Person("bob@example.org"), world.now)
    assert again.result is Result.STAYS_UNSUBSCRIBED


def test_nothing_becomes_laxer_and_what_was_chosen_in_the_copy_stays(world):
    number = world.join("ann")
    with write(world.db) as conn:
        unsubscribe(conn, number, world.now)
    world.copy()
    world.join("ann", "again")
    assert world.who("ann").state.value == "active"
    world.bring_back()
    assert world.who("ann").state.value == "unsubscribed"


def test_a_choice_made_since_is_lost_with_the_database_but_nobody_leaves_by_it(world):
    number = world.join("ann")
    world.copy()
    with write(world.db) as conn:
        choice = Catalogue(world.settings).choose(["ar"])
        change_preferences(conn, number, choice, world.now)
    world.bring_back()
    assert world.who("ann").languages == ("en",)
    assert sorted(world.who("ann").digests) == ["daily", "weekly"]
    assert all(row["active"] for row in world.all(subscriptions))


def test_the_same_address_under_another_id_is_the_same_person(world):
    world.join("ann")
    world.copy()
    world.act(update(subscribers).values(public_id="another", state="unsubscribed"))
    assert world.bring_back().carried.unsubscribed == 1
    assert world.who("ann").state.value == "unsubscribed"
    assert len(world.all(subscribers)) == 1


def test_a_database_in_use_is_not_replaced_by_accident(world):
    world.join("ann")
    world.copy()
    world.join("bob")
    with pytest.raises(NotAllowed, match="not empty") as caught:
        world.bring_back(Wishes())
    assert "--replace" in caught.value.hint
    assert world.who("bob")


def test_another_sites_backup_never_takes_the_place_of_people(world, tmp_path):
    world.join("ann")
    world.copy()
    world.secret.unlink()
    open_keys(world.secret, may_make=True)
    before = world.secret.read_bytes()
    with pytest.raises(NotAllowed, match="another site"):
        world.bring_back()
    assert world.secret.read_bytes() == before
    assert world.who("ann")
