"""Postmark, by its recorded answers on a real server."""

import json
import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from reach.server import Server, page, redirect, resetting, serve

from publisher.delivery.outcome import DEAD_ADDRESS_CODES, Kind
from publisher.delivery.transports.postmark import PATH, PostmarkTransport, request_of
from publisher.errors import TransportDown
from publisher.reach import Limits, Reach
from publisher.settings import Postmark

from .provider import RECIPIENT, InTurn, a_message, names, recorded
from .test_ses import hurried
from .world import a_body

__all__ = ["resetting", "serve"]

NOW = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
TOKEN = "t0ken-of-the-server"
SUBJECT = "النشرة الأسبوعية: مؤتمر المدن يفتتح أعماله في عمّان بمشاركة أربعين رئيس بلدية من المنطقة"
NAME = "شبكة مدن المثال للوقاية من الكراهية والتطرف العنيف"


@pytest.fixture
def transport_to():
    """Make a transport to a server on loopback; it is closed at the end."""
    made: list[PostmarkTransport] = []

    def make(place: str, *, seconds=20.0, stop=None, **settings) -> PostmarkTransport:
        reach = Reach("https://cities.test", frozenset({place}), limits=Limits(seconds, 65_536, 0))
        channel = reach.channel(f"http://{place}{PATH}", stop=stop, stop_seconds=0.2)
        chosen = Postmark(token=TOKEN, **settings)
        made.append(PostmarkTransport(chosen, channel, stop=stop, now=lambda: NOW))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def answering(serve, transport_to):
    """Start a server that gives some answers in turn; return it and a transport to it."""

    def start(*answers: bytes, **options) -> tuple[Server, PostmarkTransport]:
        server = serve(InTurn(*answers), keeps=True)
        return server, transport_to(server.place, **options)

    return start


def named(fields):
    return {header["Name"]: header["Value"] for header in fields["Headers"]}


def test_a_message_goes_out_with_the_token_and_the_stream(answering):
    server, transport = answering(recorded("postmark", "sent"), message_stream="news")
    outcome = transport.send(a_message())
    assert (outcome.kind, outcome.code) == (Kind.ACCEPTED, "200")
    assert outcome.remote_id == "b7bc2f4a-e38e-4336-af7d-e6c392c2f817"
    assert server.asked == ["POST /email"]
    assert f"X-Postmark-Server-Token: {TOKEN}\r\n" in server.heads[0]
    assert "Content-Type: application/json\r\n" in server.heads[0]
    sent = json.loads(server.bodies[0])
    assert sent["MessageStream"] == "news"
    assert sent["To"] == RECIPIENT


def test_digests_belong_to_the_broadcast_stream(answering):
    server, transport = answering(recorded("postmark", "sent"))
    transport.send(a_message())
    assert json.loads(server.bodies[0])["MessageStream"] == "broadcast"


def test_what_we_wrote_arrives_field_by_field():
    body = a_body()
    fields = request_of(a_message())
    assert fields["From"] == '"Example Cities" <digest@cities.test>'
    assert fields["Subject"] == body.subject
    assert fields["HtmlBody"].startswith("<!doctype html><p>News</p>")
    assert "https://news.cities.test/u/p1?a=1&amp;b=2" in fields["HtmlBody"]
    assert fields["TextBody"].replace("\r\n", "\n").startswith("News\n.\n.dots\nhttps://news")
    assert "ReplyTo" not in fields


def test_unsubscribing_and_the_message_id_stay_ours():
    headers = named(request_of(a_message()))
    assert headers["List-Unsubscribe"] == "<https://news.cities.test/u/p1?a=1&b=2>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Message-ID"] == "<0123456789abcdef@cities.test>"
    assert headers["X-PM-KeepID"] == "true"
    assert headers["List-Id"] == "Weekly digest <weekly.news.cities.test>"
    ours = {"From", "To", "Subject", "Date", "MIME-Version", "Content-Type", "DKIM-Signature"}
    assert not ours & set(headers)


def test_a_long_link_to_unsubscribe_is_not_folded():
    long = f"<https://news.cities.test/u/{'x' * 300}>"
    headers = (("From", "digest@cities.test"), ("List-Unsubscribe", long))
    message = a_message(headers=headers, html="<p>News</p>", plain="News")
    assert named(request_of(message))["List-Unsubscribe"] == long


def test_nobody_is_measured():
    fields = request_of(a_message())
    assert (fields["TrackOpens"], fields["TrackLinks"]) == (False, "None")


@pytest.mark.parametrize(
    "name", [NAME, 'Cities "of" Example, Ltd.', "Réseau des villes", "a\\b", NAME * 3]
)
def test_names_and_subjects_of_any_script_arrive_without_a_stray_space(answering, name):
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    headers = (("From", f'"{quoted}" <digest@cities.test>'), ("Reply-To", "press@cities.test"))
    server, transport = answering(recorded("postmark", "sent"))
    transport.send(a_message(subject=SUBJECT, headers=headers, html="<p>أخبار</p>", plain="أخبار"))
    sent = json.loads(server.bodies[0])
    assert sent["From"] == f'"{quoted}" <digest@cities.test>'
    assert sent["ReplyTo"] == "press@cities.test"
    assert sent["Subject"] == SUBJECT
    assert "أخبار" in sent["HtmlBody"]
    assert sent["TextBody"].strip() == "أخبار"


def test_a_part_that_would_be_lost_is_refused_with_the_reason(answering):
    data = (
        b"From: digest@cities.test\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
        b"--x\r\nContent-Type: text/plain\r\n\r\nNews\r\n"
        b"--x\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--x--\r\n"
    )
    server, transport = answering(recorded("postmark", "sent"))
    outcome = transport.send(replace(a_message(), data=data))
    assert (outcome.kind, outcome.code) == (Kind.REFUSED, "5.6.1")
    assert "application/pdf" in outcome.text
    assert server.heads == []


def test_many_messages_go_over_one_connection(answering):
    server, transport = answering(recorded("postmark", "sent"))
    for _ in range(20):
        assert transport.send(a_message()).kind is Kind.ACCEPTED
    assert (server.connections, len(server.bodies)) == (1, 20)


def test_an_address_that_is_not_ascii_is_refused_without_asking(answering):
    server, transport = answering(recorded("postmark", "sent"))
    outcome = transport.send(a_message("ليلى@readers.test"))
    assert (outcome.kind, outcome.code) == (Kind.REFUSED, "5.6.7")
    assert server.heads == []


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("inactive", Kind.REFUSED, "5.2.1"),
        ("bad-recipient", Kind.REFUSED, "5.1.3"),
        ("bad-recipient-domain", Kind.REFUSED, "5.1.3"),
        ("too-large", Kind.REFUSED, "5.3.4"),
        ("no-body", Kind.DEFERRED, "422"),
        ("bad-field", Kind.DEFERRED, "422"),
        ("internal", Kind.UNKNOWN, ""),
    ],
)
def test_what_concerns_one_message_is_its_outcome(answering, name, kind, code):
    _, transport = answering(recorded("postmark", name))
    outcome = transport.send(a_message())
    assert (outcome.kind, outcome.code) == (kind, code)
    assert outcome.text


def test_an_inactive_address_is_refused_and_not_suppressed_for_ever(answering):
    _, transport = answering(recorded("postmark", "inactive"))
    assert transport.send(a_message()).code not in DEAD_ADDRESS_CODES


@pytest.mark.parametrize(
    ("name", "wait"),
    [("too-many", timedelta(seconds=30)), ("maintenance", timedelta(minutes=30))],
)
def test_a_limit_or_an_outage_waits_and_fails_nobody(answering, name, wait):
    _, transport = answering(recorded("postmark", name), stop=hurried())
    with pytest.raises(TransportDown) as caught:
        transport.send(a_message())
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    "name",
    [
        *("wrong-token", "sender-not-confirmed", "bad-sender", "not-allowed", "pending"),
        *("not-approved", "no-stream"),
    ],
)
def test_a_matter_of_the_account_fails_nobody_and_says_where_to_look(answering, name):
    _, transport = answering(recorded("postmark", name))
    with pytest.raises(TransportDown) as caught:
        transport.send(a_message())
    assert "[delivery.postmark]" in caught.value.hint


def test_a_limit_per_second_is_waited_out(answering):
    too_many = recorded("postmark", "too-many")
    server, transport = answering(too_many, too_many, recorded("postmark", "sent"))
    assert transport.send(a_message()).kind is Kind.ACCEPTED
    assert len(server.bodies) == 3


@pytest.mark.parametrize(
    "said",
    [
        page(b""),
        page(b"<html>"),
        page(b'{"ErrorCode": 0, "MessageID": ""}'),
        page(b'{"ErrorCode": 0}'),
        page(b'{"MessageID": "x"}'),
        page(b'{"ErrorCode": 300, "MessageID": "x", "Message": "no"}'),
        page(b"[" * 5000),
        page(b"", "502 Bad Gateway"),
        page(b"x", "504 Gateway Timeout"),
    ],
)
def test_what_proves_nothing_leaves_a_message_in_doubt(answering, said):
    _, transport = answering(said)
    outcome = transport.send(a_message())
    assert (outcome.kind, outcome.is_answered) == (Kind.UNKNOWN, False)


def test_a_redirect_is_not_followed_with_our_token(serve, answering):
    other = serve(page())
    _, transport = answering(redirect(other.url, "308 Permanent"))
    with pytest.raises(TransportDown):
        transport.send(a_message())
    assert other.heads == []


def test_nobody_listening_is_the_transports_failure(transport_to, free_port):
    with pytest.raises(TransportDown, match="nobody listens"):
        transport_to(f"127.0.0.1:{free_port}").send(a_message())


def test_a_cut_within_the_request_is_certain_non_delivery(resetting, transport_to):
    plain = b"From: digest@cities.test\r\nContent-Type: text/plain\r\n\r\n" + b"x" * 20_000_000
    outcome = transport_to(resetting().place).send(replace(a_message(), data=plain))
    assert (outcome.kind, outcome.is_answered) == (Kind.DEFERRED, False)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 2", recorded("postmark", "sent")[:-10]])
def test_a_cut_after_the_request_leaves_the_message_in_doubt(serve, transport_to, said):
    server = serve(said)
    assert transport_to(server.place).send(a_message()).kind is Kind.UNKNOWN
    assert len(server.bodies) == 1, "and it is not sent again"


def test_an_answer_that_drips_leaves_the_message_in_doubt(serve, transport_to):
    def drip(method, path):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
        for _ in range(90):  # who waits for each drop alone, waits for nine seconds
            time.sleep(0.1)
            yield b" "

    began = time.monotonic()
    outcome = transport_to(serve(drip).place, seconds=0.4).send(a_message())
    assert outcome.kind is Kind.UNKNOWN
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", names("postmark"))
def test_no_answer_brings_an_address_or_the_token_into_what_is_kept(answering, caplog, name):
    caplog.set_level(logging.DEBUG)
    _, transport = answering(recorded("postmark", name), stop=hurried())
    try:
        kept = repr(transport.send(a_message()))
    except TransportDown as down:
        kept = f"{down!r} {down} {down.answer} {down.hint}"
    for word in (RECIPIENT, "r1@", "readers.test", TOKEN):
        assert word not in kept + caplog.text
