from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from publisher.errors import ChoiceError
from publisher.store import read, tables, write
from publisher.subscribers import (
    LONGEST_PAUSE,
    Person,
    State,
    choose_anew,
    erase,
    leave,
    masked,
    suppress,
)
from tests.subscribers.town import KEYS
from tests.web.test_feeds import until

ALL = {"languages": ("ar", "en"), "digests": ("monthly",), "categories": ("training",)}


def choose(town, address, pause=None, **wish):
    with write(town.db) as conn:
        who, wanted = town.person(address), Person(address, **wish)
        choose_anew(conn, town.app.settings, who, wanted, pause, town.now)


def go(town, who, digest="", source="page"):
    with write(town.db) as conn:
        return leave(conn, town.app.settings, KEYS, who.public_id, digest, town.now, source=source)


def test_choice_replaces_what_was_chosen_and_keeps_name_and_state(town, join):
    join("ann@example.test", name="Ann", digests=("weekly",))
    pause = town.now + timedelta(days=10)
    choose(town, "ann@example.test", pause, time_zone="Asia/Amman", originals=True, **ALL)
    who = town.person("ann@example.test")
    assert (who.languages, who.digests, who.categories) == tuple(ALL.values())
    assert (who.name, who.state, who.originals) == ("Ann", State.ACTIVE, True)
    assert (who.time_zone, who.paused_until) == ("Asia/Amman", pause)
    choose(town, "ann@example.test", town.now, **ALL)
    assert town.person("ann@example.test").paused_until is None


def test_digest_that_is_left_or_taken_up_is_recorded(town, join):
    join("ann@example.test", digests=("weekly",))
    choose(town, "ann@example.test", **ALL)
    with read(town.db) as conn:
        rows = conn.execute(select(tables.consents).order_by(tables.consents.c.id)).all()
    assert [(row.act, row.source, row.detail) for row in rows[1:]] == [
        ("unsubscribed", "page", "weekly"),
        ("changed", "page", "monthly"),
    ]


def test_page_that_was_open_when_its_reader_left_changes_nothing_any_more(town, join):
    join("ann@example.test", digests=("weekly",))
    before = town.person("ann@example.test")
    go(town, before)
    after = town.person("ann@example.test")
    with write(town.db) as conn:
        choose_anew(conn, town.app.settings, before, Person(before.address, **ALL), None, town.now)
    assert town.person("ann@example.test") == after
    assert town.count("consents") == 2


def go_altogether(town, who):
    with write(town.db) as conn:
        erase(conn, who, town.now, source="page")


def somebody_waits(town):
    with read(town.db) as conn:
        return conn.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
@pytest.mark.parametrize("act", [lambda *who: go(*who, "weekly"), go_altogether])
def test_who_goes_at_the_moment_of_their_own_change_is_not_undone(town, join, act):
    join("ann@example.test", digests=("weekly",))
    who = town.person("ann@example.test")
    with ThreadPoolExecutor(1) as pool:
        with write(town.db) as conn:
            conn.execute(update(tables.subscribers).values(changed_at=1))  # as a change begins
            going = pool.submit(act, town, who)
            until(lambda: somebody_waits(town))
            wish = Person(who.address, digests=("weekly",))
            choose_anew(conn, town.app.settings, who, wish, None, town.now)
        going.result()
    left = town.person("ann@example.test")
    assert left is None or left.state is State.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("what", "wish"),
    [
        ("language", {"languages": ("xx",)}),
        ("digest", {"digests": ("hourly",)}),
        ("category", {"categories": ("{{7*7}}",)}),
        ("kind", {"kinds": ("rumour",)}),
        ("zone", {"time_zone": "Mars/Olympus"}),
        ("pause", {"pause": LONGEST_PAUSE + timedelta(days=1)}),
    ],
)
def test_what_is_not_on_offer_is_refused_by_its_field(town, join, what, wish):
    join("ann@example.test")
    before = town.person("ann@example.test")
    if "pause" in wish:
        wish = {"pause": town.now + wish["pause"]}
    with pytest.raises(ChoiceError) as caught:
        choose(town, "ann@example.test", **wish)
    assert caught.value.what == what
    assert town.person("ann@example.test") == before


def test_leaving_one_digest_keeps_the_others_and_says_no_goodbye(town, join):
    who = join("ann@example.test").subscriber
    assert go(town, who, "weekly").digests == ("monthly",)
    assert town.letters() == []


def test_leaving_everything_by_a_page_gets_one_goodbye(town, join):
    who = join("ann@example.test").subscriber
    assert go(town, who).state is State.UNSUBSCRIBED
    assert go(town, who).state is State.UNSUBSCRIBED
    (letter,) = town.letters()
    assert letter["Subject"] == "You get no more mail from Example Cities"


def test_after_one_click_nothing_more_comes(town, join):
    who = join("ann@example.test").subscriber
    go(town, who, source="one-click")
    assert town.letters() == []


def test_suppressed_person_may_leave_and_gets_no_goodbye(town, join):
    who = join("ann@example.test").subscriber
    with write(town.db) as conn:
        suppress(conn, KEYS, "ann@example.test", town.now)
    assert go(town, who).state is State.UNSUBSCRIBED
    assert town.count("deliveries") == 0


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ann@example.org", "a•••@e•••.org"),
        ("a@b.co.uk", "a•••@b•••.uk"),
        ("القارئ@xn--mgbh0fb.test", "ا•••@x•••.test"),
    ],
)
def test_masked_address_tells_only_its_owner(address, shown):
    assert masked(address) == shown
