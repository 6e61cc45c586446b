"""What the mail server offers, asked of real servers on loopback that say what a test wants."""

import socket
import threading
from types import SimpleNamespace

import pytest

from publisher.checks import Result
from publisher.checks.relay import offer
from publisher.settings import load

ALL = ["PIPELINING", "SIZE 10240000", "8BITMIME", "SMTPUTF8", "STARTTLS", "AUTH PLAIN LOGIN"]


@pytest.fixture
def relay():
    """A server that answers EHLO with the words in `offers`."""
    server = SimpleNamespace(offers=ALL, port=0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(listening, server), daemon=True)
        thread.start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(listening: socket.socket, server: SimpleNamespace) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        with client, client.makefile("rwb") as line:
            line.write(b"220 relay ESMTP\r\n")
            line.flush()
            for said in line:
                is_ehlo = said.upper().startswith(b"EHLO")
                code, words = (250, ["relay", *server.offers]) if is_ehlo else (221, ["bye"])
                marks = "-" * (len(words) - 1) + " "
                text = "".join(f"{code}{m}{w}\r\n" for m, w in zip(marks, words, strict=True))
                line.write(text.encode())
                line.flush()


@pytest.fixture
def asked(site, relay):
    """Return the answer about the relay, with these offers and this TOML in [delivery.smtp]."""

    def ask(offers: list[str] = ALL, more: str = "") -> tuple[Result, str, str]:
        relay.offers = offers
        text = (site.root / "publisher.toml").read_text()
        text = text.replace("digest@example.org", "digest@our-town.org")
        site.configure(
            f'{text}[delivery]\ntransport = "smtp"\n[delivery.smtp]\nport = {relay.port}\n{more}'
        )
        environ = {"PUBLISHER_DELIVERY_SMTP_PASSWORD": "s3cret"} if "username" in more else {}
        return offer(SimpleNamespace(settings=load(site.root, environ)))

    return ask


def test_none_is_asked_when_none_is_used(site):
    result, said, _ = offer(SimpleNamespace(settings=site.settings))
    assert (result, said) == (Result.OK, "mail server's offer: none is used")


def test_a_full_offer_is_told(asked):
    assert asked() == (
        Result.OK,
        "mail server's offer: PIPELINING, STARTTLS, 8BITMIME, SMTPUTF8, SIZE 10240000, "
        "AUTH PLAIN LOGIN",
        "",
    )


@pytest.mark.parametrize(
    ("left_out", "added", "more", "result", "said"),
    [
        ("PIPELINING", [], "", Result.WARNING, "without PIPELINING"),
        ("SMTPUTF8", [], "", Result.OK, "without SMTPUTF8"),
        ("SIZE", ["SIZE 102400"], "", Result.FAILED, "it takes 102,400 bytes a message"),
        ("SIZE", ["SIZE 0"], "", Result.OK, "SIZE 0"),
        ("SIZE", ["SIZE"], "", Result.OK, "SIZE"),
        ("AUTH", [], "", Result.OK, "PIPELINING"),
        ("AUTH", [], 'username = "u"', Result.FAILED, "no login that publisher has"),
        ("AUTH", ["AUTH GSSAPI"], 'username = "u"', Result.FAILED, "no login that publisher"),
        ("AUTH", ["AUTH LOGIN"], 'username = "u"', Result.OK, "AUTH LOGIN"),
    ],
)
def test_what_is_wanting_is_told(asked, left_out, added, more, result, said):
    found = asked([each for each in ALL if not each.startswith(left_out)] + added, more)
    assert found[0] is result
    assert said in found[1]
    assert bool(found[2]) == (result is not Result.OK)
    assert "s3cret" not in " ".join(found[1:])


def test_the_worst_gives_the_advice(asked):
    result, said, advice = asked(["SIZE 1000"])
    assert result is Result.FAILED
    assert "without PIPELINING" in said
    assert "larger ones" in advice


@pytest.mark.parametrize(
    ("more", "result", "said"),
    [
        ('username = "u"', Result.FAILED, "the password goes to it in the clear"),
        ("", Result.WARNING, "in the clear, though it has STARTTLS"),
    ],
)
def test_what_goes_over_a_network_in_the_clear_is_told(asked, more, result, said):
    # This leads to 127.0.0.1 and does not look like it, so that it is taken for another machine.
    found = asked(more=f'host = "127.1"\n{more}')
    assert found[0] is result
    assert said in found[1]


def test_a_server_that_does_not_answer_is_a_warning(asked, relay, site):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        relay.port = taken.getsockname()[1]
        result, said, advice = asked()
    assert result is Result.WARNING
    assert "could not be asked" in said
    assert "P014" in advice
