"""Signing up tells nobody anything, and mails each address as little as it may."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import select

from publisher.errors import AddressError, ChoiceError, LimitReached
from publisher.store import read, tables, write
from publisher.subscribers import State, suppress, unsubscribe
from tests.subscribers.town import KEYS, text_of


def test_new_address_is_pending_until_its_letter_is_answered(town):
    town.sign_up("Ann@Example.test", name="Ann", languages=("ar",), digests=("weekly",))
    who = town.person("ann@example.test")
    assert (who.state, who.name, who.languages) == (State.PENDING, "Ann", ("ar",))
    assert who.digests == ("weekly",)
    (letter,) = town.letters()
    assert letter["To"] == "Ann@example.test"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "ar"
    assert letter["List-Unsubscribe"] is None


def test_consent_is_kept_with_its_words_time_and_source(town):
    town.sign_up("ann@example.test")
    with read(town.db) as conn:
        row = conn.execute(select(tables.consents)).one()
    assert (row.act, row.source, row.wording) == ("signed up", "form", "I want mail")
    assert row.happened_at == int(town.now.timestamp())


def test_letter_holds_nothing_of_the_form(town):
    town.sign_up("victim@example.test", name="YOU WON $900 https://evil.test/x", time_zone="x")
    (letter,) = town.letters()
    said = letter.as_string() + text_of(letter) + letter.get_body(("html",)).get_content()
    assert "evil.test" not in said
    assert "900" not in said


def test_template_that_vanishes_while_somebody_signs_up_stops_nobody(town, site):
    site.write("templates/email/keep.txt", "x")
    copy = site.write("templates/email/4913", "x")
    town.sign_up("a@example.test")
    listed_at = copy.parent.stat()
    copy.unlink()
    os.utime(copy.parent, ns=(listed_at.st_atime_ns, listed_at.st_mtime_ns))
    town.sign_up("b@example.test")
    assert len(town.letters()) == 2


def test_fifty_sign_ups_of_one_address_make_one_letter(town):
    for number in range(50):
        town.sign_up("victim@example.test", network=f"203.0.113.{number}")
    assert len(town.letters()) == 1


def test_one_address_gets_three_letters_a_day_at_most(town):
    for _ in range(23):
        town.sign_up("victim@example.test")
        town.wait(minutes=61)
    assert len({letter["Message-ID"] for letter in town.letters()}) == 3
    town.wait(hours=1)
    town.sign_up("victim@example.test")
    assert len(town.letters()) == 4


def test_active_person_is_told_so_and_keeps_what_they_chose(town, join):
    join("ann@example.test", digests=("weekly",), languages=("en",))
    town.sign_up("ann@example.test", digests=("monthly",), languages=("fr",), name="Eve")
    (letter,) = town.letters()
    assert "already subscribed" in letter["Subject"] or "abonné" in letter["Subject"]
    who = town.person("ann@example.test")
    assert (who.digests, who.languages, who.name) == (("weekly",), ("en",), "")
    town.wait(hours=2)
    town.sign_up("ann@example.test")
    assert len(town.letters()) == 1  # such a letter comes once a day


def test_pending_person_keeps_what_they_chose_until_they_confirm(town):
    town.sign_up("ann@example.test", digests=("weekly",))
    town.wait(hours=2)
    town.sign_up("ann@example.test", digests=("monthly",))
    assert town.person("ann@example.test").digests == ("weekly",)
    assert len(town.letters()) == 2


def test_who_left_stays_away_until_they_confirm_again(town, join):
    who = join("gone@example.test").subscriber
    with write(town.db) as conn:
        unsubscribe(conn, who.id, town.now)
    consents = town.count("consents")
    town.sign_up("gone@example.test", digests=("monthly",))
    assert town.person("gone@example.test").state is State.UNSUBSCRIBED
    assert len(town.letters("gone@example.test")) == 1
    assert town.count("consents") == consents + 1


def test_suppressed_address_gets_nothing_and_makes_no_row(town):
    with write(town.db) as conn:
        suppress(conn, KEYS, "never@example.test", town.now)
    town.sign_up("never@example.test")
    assert town.letters() == []
    assert town.person("never@example.test") is None


def test_what_only_a_machine_fills_in_changes_nothing(town):
    town.sign_up("a@example.test", is_spam=True)
    assert (town.count("subscribers"), town.count("deliveries"), town.count("asks")) == (0, 0, 0)


@pytest.mark.parametrize(
    ("error", "wish"),
    [
        (AddressError, {"address": "a@example.test\r\nBcc: v@example.org"}),
        (AddressError, {"address": "a@example.test, v@example.org"}),
        (ChoiceError, {"digests": ("hourly",)}),
        (ChoiceError, {"name": "n" * 300}),
    ],
)
def test_what_cannot_be_right_is_refused_and_leaves_nothing(town, error, wish):
    with pytest.raises(error):
        town.sign_up(**{"address": "a@example.test", **wish})
    assert town.count("subscribers") == town.count("deliveries") == 0


def test_language_that_is_not_offered_becomes_the_first(town):
    town.sign_up("a@example.test", languages=("../../etc/passwd",))
    assert town.person("a@example.test").languages == ("en",)


def test_one_network_may_ask_ten_times_an_hour(town):
    for number in range(10):
        town.sign_up(f"a{number}@example.test", network="203.0.113.7")
    with pytest.raises(LimitReached) as caught:
        town.sign_up("last@example.test", network="203.0.113.7")
    assert timedelta(0) < caught.value.retry_after <= timedelta(minutes=61)
    town.sign_up("last@example.test", network="2001:db8:1:3::/64")
    town.clock.at += caught.value.retry_after
    town.sign_up("later@example.test", network="203.0.113.7")


def test_everybody_together_may_ask_as_often_as_the_site_says(town, settings):
    web = settings.web.model_copy(update={"signups_per_hour": 3})
    town.app.settings = settings.model_copy(update={"web": web})
    for number in range(3):
        town.sign_up(f"a{number}@example.test")
    with pytest.raises(LimitReached) as caught:
        town.sign_up("b@example.test")
    town.clock.at += caught.value.retry_after
    town.sign_up("b@example.test")


def test_no_address_and_no_network_stands_in_what_limits_are_counted_by(town):
    town.sign_up("ann@example.test", network="203.0.113.7")
    with read(town.db) as conn:
        kept = [bytes(row.who) for row in conn.execute(select(tables.asks))]
    assert len(kept) == 3
    assert {len(who) for who in kept} == {0, 16}
