from datetime import UTC, datetime

from publisher import tokens
from publisher.delivery import Recipient
from publisher.subscribers import Letter, recipient_values

JOINED = datetime(2026, 1, 31, 12, tzinfo=UTC)


QUEUED = datetime(2026, 3, 2, 12, tzinfo=UTC)


def values(
    settings, keys, *, language="", languages=("en",), joined=JOINED, digest="weekly", letter=None
):
    recipient = Recipient(7, "pid", "a@example.test", languages, joined, QUEUED)
    return recipient_values(settings, keys, recipient, digest, language, letter=letter)


def test_every_mark_of_a_letter_gets_its_value(settings, keys):
    from publisher.render.splice import EDITORS_MARKS, MARKS

    assert set(values(settings, keys, letter=Letter.CONFIRM)) == {*MARKS} - {*EDITORS_MARKS}


def test_no_link_that_does_more_than_an_edition_needs_is_made_for_one(settings, keys):
    assert set(values(settings, keys)) == {
        *("unsubscribe_url", "unsubscribe_token", "preferences_url", "address", "since")
    }


def test_links_of_a_letter_carry_when_it_was_queued(settings, keys):
    for letter, mark, purpose in (
        (Letter.CONFIRM, "confirm_url", "confirm"),
        (Letter.ADDRESS, "confirm_url", "address"),
        (Letter.FRESH, "fresh_url", "fresh"),
    ):
        token = values(settings, keys, letter=letter)[mark].rsplit("/", 1)[1]
        assert tokens.read(keys, purpose, token, now=QUEUED).issued_at == QUEUED


def test_links_lead_to_the_web_address_and_prove_who_they_are_for(settings, keys):
    found = values(settings, keys)
    base, token = found["unsubscribe_url"].rsplit("/", 1)
    assert base == "https://news.example.org/u"
    claim = tokens.read(keys, "unsubscribe", token)
    assert (claim.public_id, claim.digest) == ("pid", "weekly")
    base, token = found["preferences_url"].rsplit("/", 1)
    assert base == "https://news.example.org/preferences"
    assert tokens.read(keys, "preferences", token).public_id == "pid"


def test_the_same_person_gets_the_same_values_again(settings, keys):
    assert values(settings, keys) == values(settings, keys)


def test_the_date_is_written_in_the_language_of_the_body(settings, keys):
    assert "January" in values(settings, keys, languages=("ar",), language="en")["since"]
    arabic = values(settings, keys, languages=("ar",))["since"]
    assert any("\u0600" <= letter <= "\u06ff" for letter in arabic)


def test_who_never_confirmed_has_no_date(settings, keys):
    assert values(settings, keys, joined=None)["since"] == ""
