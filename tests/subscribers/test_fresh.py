import json
from collections import Counter
from datetime import timedelta

import pytest

from publisher.errors import AddressError, LimitReached, TokenExpired, TokenForged
from publisher.store import read, write
from publisher.subscribers import (
    State,
    ask_fresh_link,
    ask_new_address,
    confirm_new_address,
    own_data,
    read_link,
    suppress,
)
from publisher.tokens import Keys
from tests.subscribers.town import KEYS


def ask(town, address, network=""):
    with write(town.db) as conn:
        ask_fresh_link(conn, town.app.settings, KEYS, address, network, town.now)


def link(town, token, keys=KEYS):
    with read(town.db) as conn:
        return read_link(conn, keys, token, town.now)


def move(town, address, to):
    with write(town.db) as conn:
        who = town.person(address)
        ask_new_address(conn, town.app.settings, KEYS, who, to, "", town.now)


def use(town, token):
    with write(town.db) as conn:
        return confirm_new_address(conn, KEYS, token, town.now)


@pytest.mark.parametrize("state", ["active", "pending", "unsubscribed"])
def test_fresh_link_comes_to_whoever_is_known_and_ends(town, join, state):
    join("ann@example.test", consent="" if state == "pending" else "yes")
    if state == "unsubscribed":
        from publisher.subscribers import unsubscribe

        with write(town.db) as conn:
            unsubscribe(conn, town.person("ann@example.test").id, town.now)
    ask(town, "Ann@example.test")
    token = town.token("ann@example.test", "preferences")
    who, is_fresh = link(town, token)
    assert (who.address, is_fresh) == ("ann@example.test", True)
    town.wait(hours=7)
    with pytest.raises(TokenExpired):
        link(town, token)


def test_nobody_unknown_or_suppressed_is_mailed_and_nobody_can_tell(town, join):
    join("never@example.test")
    with write(town.db) as conn:
        suppress(conn, KEYS, "never@example.test", town.now)
    for address in ("never@example.test", "nobody@example.test"):
        assert ask(town, address) is None
    assert town.letters() == []
    assert town.count("asks") == 3  # one each, and one of everybody


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # the other can tell nobody what it does
@pytest.mark.parametrize("asked", ["a link", "a new address"])
def test_as_much_is_written_for_nobody_as_for_somebody(town, join, asked):
    join("mover@example.test")
    join("ann@example.test")

    def rows_for(address):
        said = []
        with write(town.db) as conn:
            conn.connection.driver_connection.set_trace_callback(said.append)
            settings, who = town.app.settings, town.person("mover@example.test")
            if asked == "a link":
                ask_fresh_link(conn, settings, KEYS, address, "", town.now)
            else:
                ask_new_address(conn, settings, KEYS, who, address, "", town.now)
            conn.connection.driver_connection.set_trace_callback(None)
        return Counter(one.split()[2] for one in said if one.startswith("INSERT"))

    rows_for("warm@example.test")  # what all letters share is made for the first
    known, unknown = rows_for("ann@example.test"), rows_for("nobody@example.test")
    assert known["deliveries"] == unknown["deliveries"] == 1
    assert known["subscribers"] == unknown["subscribers"]
    assert known.total() == unknown.total()


def test_fresh_links_are_limited_by_address_and_network(town, join):
    join("ann@example.test")
    for _ in range(10):
        ask(town, "ann@example.test", "203.0.113.7")
    with pytest.raises(LimitReached):
        ask(town, "ann@example.test", "203.0.113.7")
    assert len(town.letters()) == 1
    town.sign_up("ann@example.test")  # another letter, with a limit of its own
    assert len(town.letters()) == 2


def test_link_of_a_message_is_not_a_fresh_one(town, join):
    join("ann@example.test")
    town.sign_up("ann@example.test")
    token = town.token("ann@example.test", "preferences")
    assert link(town, token)[1] is False
    newer = Keys((*KEYS.pairs, ("2", b"n" * 32)))
    assert link(town, token, newer)[0].address == "ann@example.test"
    with pytest.raises(TokenForged):
        link(town, token[:-4])


def test_fresh_link_ends_when_its_reader_moves_to_another_address(town, join):
    join("ann@example.test")
    ask(town, "ann@example.test")
    old = town.token("ann@example.test", "preferences")
    move(town, "ann@example.test", "new@example.test")
    town.wait(minutes=1)
    use(town, town.token("new@example.test", "confirm"))
    with pytest.raises(TokenExpired):
        link(town, old)
    ask(town, "new@example.test")
    assert link(town, town.token("new@example.test", "preferences"))[1] is True


def test_own_data_is_everything_and_is_json(town, join):
    join("ann@example.test", name="Ann", digests=("weekly",), categories=("training",))
    ask(town, "ann@example.test")
    town.letters()
    with read(town.db) as conn:
        found = json.loads(json.dumps(own_data(conn, town.person("ann@example.test"))))
    assert (found["address"], found["name"]) == ("ann@example.test", "Ann")
    assert found["digests"] == [{"digest": "weekly", "kinds": [], "categories": ["training"]}]
    assert [one["wording"] for one in found["consents"]] == ["I agree"]
    (message,) = found["messages"]
    assert (message["state"], message["subject"]) == (
        "sent",
        "Your link to your page at Example Cities",
    )


def test_new_address_counts_once_its_letter_is_answered(town, join):
    join("ann@example.test", digests=("weekly",), languages=("ar",))
    move(town, "ann@example.test", "Ann@new.example.test")
    assert town.person("ann@example.test").state is State.ACTIVE
    token = town.token("Ann@new.example.test", "confirm")
    assert use(town, token) == "ann@example.test"
    assert town.person("ann@example.test") is None
    who = town.person("ann@new.example.test")
    assert (who.address, who.digests, who.state) == (
        "Ann@new.example.test",
        ("weekly",),
        State.ACTIVE,
    )
    assert use(town, token) == ""
    assert town.person("ann@new.example.test") == who


def test_link_to_a_new_address_ends(town, join):
    join("ann@example.test")
    move(town, "ann@example.test", "new@example.test")
    token = town.token("new@example.test", "confirm")
    town.wait(days=8)
    with pytest.raises(TokenExpired):
        use(town, token)


def test_address_of_another_reader_is_not_taken(town, join):
    join("ann@example.test")
    join("bob@example.test")
    move(town, "ann@example.test", "bob@example.test")
    assert town.letters() == []


def test_somebody_who_became_a_reader_meanwhile_is_not_replaced(town, join):
    join("ann@example.test")
    move(town, "ann@example.test", "new@example.test")
    token = town.token("new@example.test", "confirm")
    join("new@example.test")
    assert use(town, token) == ""
    assert town.person("new@example.test").state is State.ACTIVE
    assert town.person("ann@example.test").state is State.ACTIVE


def test_suppressed_address_is_never_written_to_as_a_new_one(town, join):
    join("ann@example.test")
    with write(town.db) as conn:
        suppress(conn, KEYS, "new@example.test", town.now)
    move(town, "ann@example.test", "new@example.test")
    assert town.letters() == []
    with pytest.raises(AddressError):
        move(town, "ann@example.test", "no address")


def test_address_that_was_never_confirmed_gets_digests_when_an_operator_adds_it(town, join):
    join("old@example.test")
    move(town, "old@example.test", "new@example.test")
    join("new@example.test", languages=("fr",), digests=("monthly",))
    who = town.person("new@example.test")
    assert (who.digests, who.languages, who.state) == (("monthly",), ("fr",), State.ACTIVE)


def test_address_that_was_never_confirmed_is_forgotten(town, join):
    from publisher.app.keeping import forget_old_asks

    join("ann@example.test")
    move(town, "ann@example.test", "new@example.test")
    town.letters()
    town.wait(seconds=int(timedelta(days=31).total_seconds()))
    forget_old_asks(town.app)
    assert town.person("new@example.test") is None
    assert town.person("ann@example.test") is not None
