"""Amazon SES, by its recorded answers on a real server."""

import email.policy
import json
import logging
import re
import socket
import threading
import time
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from reach.server import Server, page, redirect, resetting, serve

from publisher.delivery.http.aws_signature import Credentials, signed
from publisher.delivery.outcome import DEAD_ADDRESS_CODES, Kind
from publisher.delivery.transports.ses import PATH, SesTransport
from publisher.errors import TransportDown
from publisher.reach import Limits, Reach
from publisher.settings import Ses

from .provider import DIGEST, RECIPIENT, InTurn, a_message, names, recorded

__all__ = ["resetting", "serve"]

NOW = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
SECRETS = ("AKIDEXAMPLE", "s3cret-key", "t0ken-of-the-session")
KEYS = Ses(
    region="eu-west-1", access_key=SECRETS[0], secret_key=SECRETS[1], session_token=SECRETS[2]
)


@pytest.fixture
def transport_to():
    """Make a transport to a server on loopback; it is closed at the end."""
    made: list[SesTransport] = []

    def make(place: str, *, seconds=20.0, stop=None, **settings) -> SesTransport:
        reach = Reach("https://cities.test", frozenset({place}), limits=Limits(seconds, 65_536, 0))
        channel = reach.channel(f"http://{place}{PATH}", stop=stop, stop_seconds=0.2)
        changed = KEYS.model_copy(update=settings)
        made.append(SesTransport(changed, channel, stop=stop, now=lambda: NOW))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def answering(serve, transport_to):
    """Start a server that gives some answers in turn; return it and a transport to it."""

    def start(*answers: bytes, **options) -> tuple[Server, SesTransport]:
        server = serve(InTurn(*answers), keeps=True)
        return server, transport_to(server.place, **options)

    return start


def hurried() -> threading.Event:
    """A wish to stop that is there already: nobody waits between two tries."""
    stop = threading.Event()
    stop.set()
    return stop


def test_a_message_goes_out_whole_to_one_recipient(answering):
    server, transport = answering(recorded("ses", "sent"))
    message = a_message()
    outcome = transport.send(message)
    assert (outcome.kind, outcome.code) == (Kind.ACCEPTED, "200")
    assert outcome.remote_id.startswith("010f019a")
    assert server.asked == ["POST /v2/email/outbound-emails"]
    (body,) = server.bodies
    wanted = json.loads(body)
    assert b64decode(wanted["Content"]["Raw"]["Data"]) == message.data
    assert wanted["Destination"] == {"ToAddresses": [RECIPIENT]}
    assert wanted["FromEmailAddress"] == DIGEST
    assert "ConfigurationSetName" not in wanted


def test_the_request_is_signed_as_it_was_sent(answering):
    server, transport = answering(recorded("ses", "sent"))
    transport.send(a_message())
    head = dict(line.split(": ", 1) for line in server.heads[0].split("\r\n")[1:] if line)
    keys = Credentials(*SECRETS, region="eu-west-1", service="ses")
    named = re.search(r"SignedHeaders=([a-z;-]+)", head["Authorization"])[1].split(";")
    assert named == ["content-type", "host", "x-amz-date", "x-amz-security-token"]
    assert head["Host"] == server.place
    sent = {"Content-Type": head["Content-Type"]}
    expected = signed("POST", server.url + PATH, sent, server.bodies[0], keys, NOW)
    assert {name: head[name] for name in expected} == expected
    assert "s3cret-key" not in server.heads[0]


def test_a_configuration_set_is_named(answering):
    server, transport = answering(recorded("ses", "sent"), configuration_set="news")
    transport.send(a_message())
    assert json.loads(server.bodies[0])["ConfigurationSetName"] == "news"


def test_an_arabic_subject_arrives_as_it_is(answering):
    server, transport = answering(recorded("ses", "sent"))
    subject = (
        "النشرة الأسبوعية: مؤتمر المدن يفتتح أعماله في عمّان بمشاركة أربعين رئيس بلدية من المنطقة"
    )
    transport.send(a_message(subject=subject))
    raw = b64decode(json.loads(server.bodies[0])["Content"]["Raw"]["Data"])
    assert email.message_from_bytes(raw, policy=email.policy.default)["Subject"] == subject


def test_many_messages_go_over_one_connection(answering):
    server, transport = answering(recorded("ses", "sent"))
    for _ in range(20):
        assert transport.send(a_message()).kind is Kind.ACCEPTED
    assert (server.connections, len(server.bodies)) == (1, 20)


def test_an_address_that_is_not_ascii_is_refused_without_asking(answering):
    server, transport = answering(recorded("ses", "sent"))
    outcome = transport.send(a_message("ليلى@readers.test"))
    assert (outcome.kind, outcome.code) == (Kind.REFUSED, "5.6.7")
    assert server.heads == []


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("rejected", Kind.REFUSED, "554"),
        ("bad-address", Kind.REFUSED, "553"),
        ("bad-request", Kind.DEFERRED, "400"),
        ("gateway", Kind.UNKNOWN, ""),
    ],
)
def test_what_concerns_one_message_is_its_outcome(answering, name, kind, code):
    _, transport = answering(recorded("ses", name))
    outcome = transport.send(a_message())
    assert (outcome.kind, outcome.code) == (kind, code)
    assert outcome.text
    assert outcome.code not in DEAD_ADDRESS_CODES, "SES does not say whose address is dead"


@pytest.mark.parametrize(
    ("name", "wait"),
    [
        ("too-fast", timedelta(minutes=1)),
        ("daily-quota", timedelta(minutes=10)),
        ("limit-exceeded", timedelta(minutes=10)),
        ("unavailable", timedelta(minutes=2)),
        ("internal", timedelta(minutes=1)),
    ],
)
def test_a_limit_or_an_outage_waits_and_fails_nobody(answering, name, wait):
    _, transport = answering(recorded("ses", name), stop=hurried())
    with pytest.raises(TransportDown) as caught:
        transport.send(a_message())
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    "name",
    [
        *("suspended", "paused", "domain-not-verified", "not-verified", "no-configuration-set"),
        *("not-allowed", "wrong-key", "wrong-signature"),
    ],
)
def test_a_matter_of_the_account_fails_nobody_and_says_where_to_look(answering, name):
    _, transport = answering(recorded("ses", name))
    with pytest.raises(TransportDown) as caught:
        transport.send(a_message())
    assert "[delivery.ses]" in caught.value.hint
    assert "Exception" not in caught.value.answer
    assert len(caught.value.answer) < 300, "the request is not repeated in it"


def test_a_limit_per_second_is_waited_out(answering):
    too_fast = recorded("ses", "too-fast")
    server, transport = answering(too_fast, too_fast, recorded("ses", "sent"))
    assert transport.send(a_message()).kind is Kind.ACCEPTED
    assert len(server.bodies) == 3
    assert server.connections == 1


def test_a_quota_is_not_waited_out(answering):
    server, transport = answering(recorded("ses", "daily-quota"), recorded("ses", "sent"))
    with pytest.raises(TransportDown, match="Daily message quota exceeded"):
        transport.send(a_message())
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "said",
    [
        page(b""),
        page(b"<html>"),
        page(b'{"MessageId": ""}'),
        page(b'{"MessageId": 7}'),
        page(b"[]"),
        page(b'{"MessageId": "x"'),
        page(b"", "204 No Content"),
        page(b"", "500 Oops"),
        page(b"x", "504 Gateway Timeout"),
    ],
)
def test_what_proves_nothing_leaves_a_message_in_doubt(answering, said):
    _, transport = answering(said)
    outcome = transport.send(a_message())
    assert (outcome.kind, outcome.is_answered) == (Kind.UNKNOWN, False)


def test_the_name_of_an_error_may_stand_in_the_body(answering):
    said = b'{"__type": "com.amazonaws.sesv2#MessageRejected", "Message": "no"}'
    _, transport = answering(page(said, "400 Bad Request"))
    assert transport.send(a_message()).code == "554"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed_with_our_keys(serve, answering, status):
    other = serve(page())
    _, transport = answering(redirect(other.url, status))
    with pytest.raises(TransportDown):
        transport.send(a_message())
    assert other.heads == []


def test_nobody_listening_is_the_transports_failure(transport_to, free_port):
    with pytest.raises(TransportDown, match="nobody listens"):
        transport_to(f"127.0.0.1:{free_port}").send(a_message())


def test_a_cut_within_the_request_is_certain_non_delivery(resetting, transport_to):
    large = replace(a_message(), data=b"x" * 20_000_000)
    outcome = transport_to(resetting().place).send(large)
    assert (outcome.kind, outcome.is_answered) == (Kind.DEFERRED, False)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 2", recorded("ses", "sent")[:-10]])
def test_a_cut_after_the_request_leaves_the_message_in_doubt(serve, transport_to, said):
    server = serve(said)
    assert transport_to(server.place).send(a_message()).kind is Kind.UNKNOWN
    assert len(server.bodies) == 1, "and it is not sent again"


def test_a_server_that_closed_meanwhile_costs_nothing(serve, transport_to):
    server = serve(recorded("ses", "sent"))  # one answer to a connection
    transport = transport_to(server.place)
    for _ in range(3):
        assert transport.send(a_message()).kind is Kind.ACCEPTED
    assert len(server.bodies) == 3


def test_an_answer_without_end_leaves_the_message_in_doubt(serve, transport_to):
    def endless(method, path):
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            yield b"x" * 65_536

    transport = transport_to(serve(endless).place)
    assert transport.send(a_message()).kind is Kind.UNKNOWN


def test_an_answer_that_never_comes_leaves_the_message_in_doubt(transport_to):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"127.0.0.1:{listening.getsockname()[1]}"
        began = time.monotonic()
        outcome = transport_to(place, seconds=0.3).send(a_message())
    assert (outcome.kind, outcome.is_answered) == (Kind.UNKNOWN, False)
    assert time.monotonic() - began < 5


def test_a_wish_to_stop_ends_the_wait_for_an_answer(transport_to):
    stop = hurried()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"127.0.0.1:{listening.getsockname()[1]}"
        began = time.monotonic()
        assert transport_to(place, seconds=60, stop=stop).send(a_message()).kind is Kind.UNKNOWN
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("name", names("ses"))
def test_no_answer_brings_an_address_or_a_key_into_what_is_kept(answering, caplog, name):
    caplog.set_level(logging.DEBUG)
    _, transport = answering(recorded("ses", name), stop=hurried())
    try:
        kept = repr(transport.send(a_message()))
    except TransportDown as down:
        kept = f"{down!r} {down} {down.answer} {down.hint}"
    for word in (RECIPIENT, "r1@", "readers.test", *SECRETS):
        assert word not in kept + caplog.text
