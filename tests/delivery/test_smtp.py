import ipaddress
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.smtp import AuthResult

from publisher.delivery.outcome import Aside, Kind, Message
from publisher.errors import TransportDown

from .world import OneConnection, smtp_settings

DATA = b"Subject: x\r\n\r\n.\r\n..dots\r\n.end\r\n"


def a_message(recipient="r@readers.test", data=DATA, **changes):
    return Message("<1@cities.test>", "digest@cities.test", recipient, data, **changes)


@pytest.fixture
def transport():
    opened = []

    def make(port, **changes):
        patience = {"reply_seconds": 2.0, "final_seconds": 0.5, "context": None}
        patience |= {key: changes.pop(key) for key in list(changes) if key in patience}
        opened.append(OneConnection(smtp_settings(port, **changes), **patience))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def test_messages_arrive_whole_over_one_connection(serve, transport):
    sink = serve()
    out = transport(sink.port)
    outcomes = [out.send(a_message(f"r{n}@readers.test")) for n in range(3)]
    assert [outcome.kind for outcome in outcomes] == [Kind.ACCEPTED] * 3
    assert [outcome.remote_id for outcome in outcomes] == ["Q1", "Q2", "Q3"]
    assert outcomes[0].code == "2.0.0"
    assert [taken.data for taken in sink.taken] == [DATA] * 3
    assert sink.sessions == 1


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        ("550 5.1.1 <r1@readers.test> unknown", Kind.REFUSED, "5.1.1"),
        ("554 no", Kind.REFUSED, "554"),
        ("450 4.2.1 later", Kind.DEFERRED, "4.2.1"),
        ("452 full", Kind.DEFERRED, "452"),
    ],
)
def test_a_reply_to_the_recipient_or_the_message_is_that_recipients(
    serve, transport, step, reply, kind, code
):
    sink = serve(lambda at, who: reply if at == step and who.startswith("r1@") else None)
    out = transport(sink.port)
    first, second = (out.send(a_message(f"r{n}@readers.test")) for n in (1, 2))
    assert (first.kind, first.code) == (kind, code)
    assert "r1@" not in first.text
    assert second.kind is Kind.ACCEPTED
    assert [taken.recipient for taken in sink.taken] == ["r2@readers.test"]
    assert sink.sessions == 1


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("MAIL", "550 5.7.1 we do not know you"),
        ("MAIL", "421 too busy"),
    ],
)
def test_a_failure_of_the_session_is_nobodys(serve, transport, step, reply):
    sink = serve(lambda at, who: reply if at == step else None)
    with pytest.raises(TransportDown, match=reply):
        transport(sink.port).send(a_message())
    assert sink.taken == []


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_session_that_ends_over_one_message_puts_it_behind_the_others(serve, transport, step):
    said = "421 4.3.2 going down, r1@readers.test"
    sink = serve(lambda at, who: said if at == step and who.startswith("r1@") else None)
    out = transport(sink.port)
    with pytest.raises(Aside, match=r"421 4\.3\.2 going down, <recipient>") as caught:
        out.send(a_message("r1@readers.test"))
    assert caught.value.wait == timedelta(minutes=1)
    assert out.send(a_message("r2@readers.test")).kind is Kind.ACCEPTED


def test_a_server_that_ends_sessions_after_some_messages_gets_a_new_one(serve, transport):
    carried = {"now": 0}

    def answer(step, who):
        if step == "MAIL":
            carried["now"] += 1
            if carried["now"] % 3 == 0:
                return "421 4.7.0 enough for one session"
        return None

    sink = serve(answer)
    out = transport(sink.port)
    kinds = {out.send(a_message(f"r{n}@readers.test")).kind for n in range(7)}
    assert kinds == {Kind.ACCEPTED}
    assert len(sink.taken) == 7
    assert sink.sessions == 4


def test_a_connection_closed_while_idle_is_opened_again(serve, transport):
    sink = serve(timeout=0.5)
    out = transport(sink.port)
    out.send(a_message())
    time.sleep(1)
    assert out.send(a_message()).kind is Kind.ACCEPTED
    assert sink.sessions == 2


@pytest.mark.parametrize("how", ["close", "abort"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_a_cut_before_the_dot_is_certainly_not_delivered(serve, transport, step, how):
    sink = serve(lambda at, who: how if at == step else None)
    outcome = transport(sink.port).send(a_message())
    assert (outcome.kind, outcome.is_answered) == (Kind.DEFERRED, False)


@pytest.mark.parametrize("how", ["close", "abort"])
def test_a_cut_after_the_dot_is_unknown(serve, transport, how):
    sink = serve(lambda at, who: how if at == "DATA" else None)
    outcome = transport(sink.port).send(a_message())
    assert (outcome.kind, outcome.is_answered) == (Kind.UNKNOWN, False)


def test_silence_after_the_dot_is_unknown_and_the_next_message_goes(serve, transport):
    sink = serve(lambda at, who: "hang" if at == "DATA" and who.startswith("r1@") else None)
    out = transport(sink.port, final_seconds=1)
    assert out.send(a_message("r1@readers.test")).kind is Kind.UNKNOWN
    assert out.send(a_message("r2@readers.test")).kind is Kind.ACCEPTED


def test_a_wish_to_stop_waits_seconds_not_minutes_for_a_silent_server(serve, transport):
    sink = serve(lambda at, who: "hang" if at == "DATA" else None)
    out = transport(sink.port, final_seconds=600.0)
    threading.Timer(0.3, out.hurry, [0.2]).start()
    began = time.monotonic()
    assert out.send(a_message()).kind is Kind.UNKNOWN
    assert time.monotonic() - began < 10


# What a server may do wrong, step by step: never a crash, never a wrong "accepted".
GARBAGE = {
    "garbage": b"\xff\xfe\x00 nonsense\r\n",
    "no code": b"hello\r\n",
    "a wrong code": b"999 what\r\n",
    "two replies": b"250 ok\r\n250 ok\r\n",
    "a long line": b"250-" + b"x" * 1_000_000 + b"\r\n",
    "an endless reply": b"250-more\r\n" * 100_000,
    "half a reply": b"25",
    "a mixed reply": b"250-ok\r\n550 no\r\n",
    "nothing": b"",
    "goodbye": b"250 ok\r\n!",
}


@pytest.mark.parametrize("fault", GARBAGE)
@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("banner", None),
        ("EHLO", None),
        ("MAIL", Kind.DEFERRED),
        ("RCPT", Kind.DEFERRED),
        ("DATA", Kind.DEFERRED),
        (".", Kind.UNKNOWN),
    ],
)
def test_a_server_out_of_its_mind_is_never_believed(scripted, transport, step, kind, fault):
    reply = GARBAGE[fault]
    if (step, fault) in ((".", "goodbye"), ("EHLO", "goodbye")):
        kind = Kind.ACCEPTED if step == "." else Kind.DEFERRED
    port = scripted({step: reply})
    out = transport(port, reply_seconds=0.3, final_seconds=0.3)
    if kind is None:
        with pytest.raises(TransportDown):
            out.send(a_message())
    else:
        assert out.send(a_message()).kind is kind


def test_a_reply_nobody_asked_for_is_not_taken_for_the_next_one(scripted, transport):
    # Read as the answer to MAIL, it would shift every later answer to the command before.
    port = scripted({".": b"250 ok\r\n|250 ok\r\n"})
    out = transport(port)
    for _ in range(2):
        assert out.send(a_message()).kind is Kind.ACCEPTED
        time.sleep(0.1)


def test_words_before_the_dot_stop_the_message(scripted, transport):
    port = scripted({"DATA": b"354 go\r\n552 too big\r\n"})
    assert transport(port).send(a_message()).kind is Kind.DEFERRED


@pytest.mark.parametrize(
    "script",
    [
        {"banner": b"554 5.7.1 no service for you\r\n"},
        {"banner": b"421 later\r\n!"},
        {"EHLO": b"550 who are you\r\n"},
    ],
)
def test_a_server_that_will_not_talk_is_down_with_its_own_words(scripted, transport, script):
    (said,) = script.values()
    with pytest.raises(TransportDown) as caught:
        transport(scripted(script)).send(a_message())
    assert said.decode().partition("\r\n")[0][4:] in str(caught.value)


def test_nobody_listening_is_down(transport, free_port):
    with pytest.raises(TransportDown, match=rf"127\.0\.0\.1:{free_port}: .*refused"):
        transport(free_port).send(a_message())


@pytest.mark.parametrize("accepts", [True, False])
def test_a_login_is_tried_and_its_refusal_is_the_transports(serve, transport, certificate, accepts):
    def check(server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (b"user", b"right")
        return AuthResult(success=right, handled=False)

    serving, trusting = certificate
    sink = serve(authenticator=check, auth_required=True, tls_context=serving)
    login = {"username": "user", "password": "right" if accepts else "wrong"}
    out = transport(sink.port, security="starttls", context=trusting, **login)
    if accepts:
        assert out.send(a_message()).kind is Kind.ACCEPTED
        return
    with pytest.raises(TransportDown, match="535") as caught:
        out.send(a_message())
    assert "wrong" not in str(caught.value)
    assert "password" in caught.value.hint


def test_a_login_that_is_not_offered_is_the_transports_failure(serve, transport):
    sink = serve()
    with pytest.raises(TransportDown):
        transport(sink.port, username="user", password="x").send(a_message())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1: a context that serves with it and one that trusts it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sink")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "sink.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + made.public_bytes(pem))
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cafile=str(file))


def test_starttls_encrypts_and_goes_on(serve, transport, certificate):
    serving, trusting = certificate
    sink = serve(tls_context=serving, require_starttls=True)
    out = transport(sink.port, security="starttls", context=trusting)
    assert [out.send(a_message()).kind for _ in range(2)] == [Kind.ACCEPTED] * 2
    assert [taken.data for taken in sink.taken] == [DATA] * 2


def test_tls_from_the_start(serve, transport, certificate):
    serving, trusting = certificate
    sink = serve(listen={"ssl": serving})
    out = transport(sink.port, security="tls", context=trusting)
    assert [out.send(a_message()).kind for _ in range(2)] == [Kind.ACCEPTED] * 2


def test_a_certificate_nobody_vouches_for_is_refused(serve, transport, certificate):
    sink = serve(tls_context=certificate[0])
    with pytest.raises(TransportDown, match=r"(?i)certificate"):
        transport(sink.port, security="starttls").send(a_message())
    assert sink.taken == []


def test_without_starttls_nothing_is_sent_in_the_clear(serve, transport):
    sink = serve()
    with pytest.raises(TransportDown, match="does not offer STARTTLS"):
        transport(sink.port, security="starttls").send(a_message())
    assert sink.taken == []


def test_what_is_said_before_encryption_does_not_count_after_it(scripted, transport, certificate):
    # CVE-2011-0411 and its kin: a reply smuggled in before the handshake.
    port = scripted(
        {"EHLO": b"250-x\r\n250 STARTTLS\r\n", "STARTTLS": b"220 go\r\n250 AUTH PLAIN\r\n"}
    )
    out = transport(port, security="starttls", context=certificate[1])
    with pytest.raises(TransportDown, match="spoke unasked"):
        out.send(a_message())


def test_an_address_that_is_not_ascii_goes_only_where_it_is_understood(serve, transport):
    message = a_message("مدن@readers.test", needs_smtputf8=True)
    able, unable = serve(enable_SMTPUTF8=True), serve(enable_SMTPUTF8=False)
    assert transport(able.port).send(message).kind is Kind.ACCEPTED
    assert able.taken[0].recipient == "مدن@readers.test"
    assert "SMTPUTF8" in able.taken[0].mail_options
    refused = transport(unable.port).send(message)
    assert (refused.kind, refused.code) == (Kind.REFUSED, "5.6.7")
    assert "SMTPUTF8" in refused.text


def test_a_big_message_cut_while_it_travels_is_certainly_not_delivered(scripted, transport):
    port = scripted({"DATA": b"354 go\r\n!"})
    out = transport(port)
    outcome = out.send(a_message(data=b"Subject: x\r\n\r\n" + b"news\r\n" * 3_000_000))
    assert outcome.kind is Kind.DEFERRED
