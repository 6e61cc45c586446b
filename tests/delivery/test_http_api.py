"""What every transport over HTTP makes of an answer, whatever the provider."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from publisher.delivery.http.api import (
    LONGEST_WAIT,
    by_status,
    need,
    patiently,
    retry_after,
    told,
    words,
)
from publisher.delivery.http.api import unanswered as judge_silence
from publisher.delivery.outcome import Kind
from publisher.errors import SettingsError, TransportDown
from publisher.reach import Answer, Sent
from publisher.reach import Kind as How

from .provider import RECIPIENT, a_message

NOW = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
URL = "https://api.provider.org/email"


def answer(status=400, body=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(How.FAILED, URL, status, f"{status} Said", named, body, Sent.WHOLE)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta(0)),
        ("Tue, 03 Mar 2026 07:30:00 GMT", timedelta(minutes=30)),
        ("Tue, 03 Mar 2026 06:00:00 GMT", timedelta(0)),
        ("99999999999999999999", LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("", timedelta(minutes=1)),
        ("soon", timedelta(minutes=1)),
        ("-5", timedelta(minutes=1)),
        ("٣", timedelta(minutes=1)),
    ],
)
def test_a_provider_says_how_long_to_wait_in_seconds_or_by_a_date(said, wait):
    assert retry_after(answer(retry_after=said), NOW) == wait


def test_who_does_not_say_is_given_a_minute():
    assert retry_after(answer(), NOW) == timedelta(minutes=1)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff", b"[" * 100_000, b'"x"', b"null"])
def test_what_is_no_object_tells_nothing(body):
    assert told(answer(body=body)) == {}


@pytest.mark.parametrize("status", [300, 302, 307, 401, 402, 403, 404, 407, 429, 503])
def test_a_matter_of_the_account_or_the_provider_fails_nobody(status):
    with pytest.raises(TransportDown, match="the words"):
        by_status("some", answer(status), "the words", NOW, hint="look there")


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, Kind.DEFERRED, "400"),
        (409, Kind.DEFERRED, "409"),
        (422, Kind.DEFERRED, "422"),
        (413, Kind.REFUSED, "5.3.4"),
        (500, Kind.UNKNOWN, ""),
        (502, Kind.UNKNOWN, ""),
        (504, Kind.UNKNOWN, ""),
        (599, Kind.UNKNOWN, ""),
        (600, Kind.UNKNOWN, ""),
        (101, Kind.UNKNOWN, ""),
    ],
)
def test_a_status_says_what_it_says_and_no_more(status, kind, code):
    outcome = by_status("some", answer(status), "the words", NOW, hint="")
    assert (outcome.kind, outcome.code, outcome.text) == (kind, code, "the words")


@pytest.mark.parametrize(("sent", "kind"), [(Sent.PART, Kind.DEFERRED), (Sent.WHOLE, Kind.UNKNOWN)])
def test_silence_is_certain_only_before_the_whole_request_has_left(sent, kind):
    silence = Answer(How.BROKEN, URL, 0, f"cut by {RECIPIENT}", sent=sent)
    outcome = judge_silence("some", silence, a_message())
    assert (outcome.kind, outcome.is_answered) == (kind, False)
    assert outcome.text == "cut by <recipient>"


def test_no_connection_is_the_transports_failure():
    silence = Answer(How.CLOSED, URL, 0, "nobody listens there", sent=Sent.NOTHING)
    with pytest.raises(TransportDown, match=r"api\.provider\.org.*nobody listens there"):
        judge_silence("some", silence, a_message())


def test_words_hold_neither_the_address_nor_a_secret():
    said = f"No <{RECIPIENT.upper()}> for k3y\r\nand {RECIPIENT}"
    assert words(answer(), said, a_message(), "k3y", "") == (
        "400 Said: No <recipient> for <secret>\\r\\nand <recipient>"
    )


def test_who_is_too_fast_tries_again_and_is_patient_for_seconds_only():
    asked = []

    def post():
        asked.append(1)
        return answer(429 if len(asked) < 3 else 200)

    assert patiently(post, lambda a: a.status == 429, Event()).status == 200
    assert len(asked) == 3


def test_a_wish_to_stop_ends_the_patience():
    stop = Event()
    stop.set()
    asked = []
    post = lambda: asked.append(1) or answer(429)  # noqa: E731
    assert patiently(post, lambda a: True, stop).status == 429
    assert len(asked) == 1


def test_keys_that_are_not_there_are_named_with_what_to_do():
    need("ses", access_key="a", secret_key="b")
    with pytest.raises(SettingsError) as caught:
        need("ses", access_key="a", secret_key="")
    said = str(caught.value)
    assert "transport ses has no secret_key" in said
    assert "PUBLISHER_DELIVERY_SES_SECRET_KEY" in said
    assert "secret_key_file" in said
