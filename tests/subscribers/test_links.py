from datetime import UTC, datetime

from publisher import tokens
from publisher.delivery import Recipient
from publisher.subscribers import recipient_values

JOINED = datetime(2026, 1, 31, 12, tzinfo=UTC)


def values(settings, keys, *, language="", languages=("en",), joined=JOINED, digest="weekly"):
    recipient = Recipient(7, "pid", "a@example.test", languages, joined)
    return recipient_values(settings, keys, recipient, digest, language)


def test_every_mark_of_a_body_gets_its_value(settings, keys):
    from publisher.render import MARKS

    assert set(values(settings, keys)) == set(MARKS)


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
