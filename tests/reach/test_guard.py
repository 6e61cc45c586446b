"""What is never asked, however it is written, answered by a name server or redirected to."""

import socket
import threading
import time

import pytest

from publisher.reach import Kind, Reach, open_reach

from .server import SOON, page, redirect

SITE = "https://news.example.org"


def answers(*addresses):
    return lambda host, port: addresses


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1/", Kind.PRIVATE),
        ("http://127.1/", Kind.PRIVATE),
        ("http://2130706433/", Kind.PRIVATE),
        ("http://0x7f000001/", Kind.PRIVATE),
        ("http://0177.0.0.1/", Kind.PRIVATE),
        ("http://0/", Kind.PRIVATE),
        ("http://localhost/", Kind.PRIVATE),
        ("http://[::1]/", Kind.PRIVATE),
        ("http://[::ffff:127.0.0.1]/", Kind.PRIVATE),
        ("http://[::ffff:7f00:1]/", Kind.PRIVATE),
        ("http://[64:ff9b::7f00:1]/", Kind.PRIVATE),
        ("http://169.254.169.254/latest/meta-data/", Kind.PRIVATE),
        ("https://10.0.0.1:8443/", Kind.PRIVATE),
        ("http://①②⑦.0.0.1/", Kind.REFUSED),
        ("http://8.8.8.8:22/", Kind.REFUSED),
        ("http://8.8.8.8:25/", Kind.REFUSED),
        ("http://8.8.8.8:6379/", Kind.REFUSED),
        ("http://8.8.8.8:99999/", Kind.REFUSED),
        ("http://user:secret@8.8.8.8/", Kind.REFUSED),
        ("http://127.0.0.1\\@8.8.8.8/", Kind.PRIVATE),
        ("http://127.0.0.1#@8.8.8.8/", Kind.PRIVATE),
        ("http://127.0.0.1?@8.8.8.8/", Kind.PRIVATE),
        ("file:///etc/passwd", Kind.REFUSED),
        ("ftp://8.8.8.8/", Kind.REFUSED),
        ("gopher://127.0.0.1:25/x", Kind.REFUSED),
        ("httpx://127.0.0.1/", Kind.REFUSED),
        ("//127.0.0.1/", Kind.REFUSED),
        ("http:///x", Kind.REFUSED),
        ("http://[::1/", Kind.REFUSED),
        ("", Kind.REFUSED),
        (f"http://{'a' * 70}.org/", Kind.NO_HOST),
        ("http://[fe80::1%25lo]/", Kind.NO_HOST),
    ],
)
def test_such_an_address_is_never_asked(url, kind):
    answer = Reach(SITE).ask("GET", url)
    assert answer.kind is kind
    assert answer.status == 0


def test_the_loopback_server_of_a_refused_request_hears_nothing(serve):
    server = serve(page())
    assert Reach(SITE).ask("GET", server.url).kind is Kind.REFUSED, "its port is none of the web's"
    other = frozenset({"127.0.0.1:1"})
    assert Reach(SITE, other).ask("GET", server.url).kind is Kind.REFUSED
    assert server.heads == []


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("8.8.8.8", "127.0.0.1"),
        ("10.0.0.1", "8.8.8.8"),
        ("2606:4700::1111", "::1"),
        ("::ffff:10.0.0.1",),
        ("169.254.169.254",),
    ],
)
def test_one_private_address_among_those_of_a_name_refuses_the_name(addresses):
    asked = Reach(SITE, resolver=answers(*addresses)).ask("GET", "http://rebind.org/")
    assert asked.kind is Kind.PRIVATE


def test_a_name_is_looked_up_once_and_the_checked_address_is_connected_to(serve):
    server = serve(page(b"pinned"))
    looked_up = []

    def changing(host, port):
        looked_up.append((host, port))
        return ("127.0.0.1",) if len(looked_up) == 1 else ("127.0.0.2",)

    reach = Reach(SITE, frozenset({f"site.org:{server.port}"}), resolver=changing)
    answer = reach.ask("GET", f"http://site.org:{server.port}/a?b=1#c")
    assert (answer.kind, answer.body) == (Kind.OK, b"pinned")
    assert looked_up == [("site.org", server.port)]
    assert server.asked == ["GET /a?b=1"]
    assert f"Host: site.org:{server.port}\r\n" in server.heads[0]


def test_the_next_address_is_tried_when_the_first_does_not_answer(serve):
    server = serve(page())
    reach = Reach(
        SITE,
        frozenset({f"site.org:{server.port}"}),
        resolver=answers("::1", "127.0.0.3", "127.0.0.1"),
    )
    assert reach.ask("GET", f"http://site.org:{server.port}/").is_ok


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:{port}/secret",
        "http://[::ffff:127.0.0.1]:{port}/secret",
        "http://127.0.0.2:{port}/secret",
        "http://127.1:{port}/secret",
        "http://user:word@127.0.0.1:{port}/secret",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/_secret",
        "http://[::1/",
    ],
)
def test_a_redirect_is_judged_like_any_address(serve, reaching, to):
    server = serve(lambda method, path: redirect(to.format(port=server.port)))
    answer = reaching(server).ask("GET", server.url)
    assert answer.kind in (Kind.REFUSED, Kind.BROKEN)
    assert server.asked == ["GET /"]


def test_a_redirect_from_a_public_address_to_a_private_one_is_refused(serve):
    server = serve(redirect("http://private.org/"))
    names = {"public.org": ("127.0.0.1",), "private.org": ("192.168.0.1",)}
    reach = Reach(
        SITE,
        frozenset({f"public.org:{server.port}", "private.org:1"}),
        resolver=lambda host, port: names[host],
    )
    answer = reach.ask("GET", f"http://public.org:{server.port}/")
    assert answer.kind is Kind.REFUSED
    assert answer.url == "http://private.org/"


def test_names_that_are_not_there_and_name_servers_that_are_silent_differ():
    def absent(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    def failing(host, port):
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    def silent(host, port):
        over.wait(60)
        return ("8.8.8.8",)

    assert Reach(SITE, resolver=absent).ask("GET", "http://a.org/").kind is Kind.NO_HOST
    assert Reach(SITE, resolver=answers()).ask("GET", "http://a.org/").kind is Kind.NO_HOST
    assert Reach(SITE, resolver=failing).ask("GET", "http://a.org/").kind is Kind.UNREACHABLE
    over = threading.Event()
    began = time.monotonic()
    answer = Reach(SITE, resolver=silent).ask("GET", "http://a.org/", seconds=0.2)
    over.set()
    assert answer.kind is Kind.UNREACHABLE
    assert time.monotonic() - began < SOON


def test_a_site_reaches_what_a_test_lists_and_nothing_else(site, monkeypatch, serve):
    server = serve(page())
    monkeypatch.setenv("PUBLISHER_TESTING", "1")
    monkeypatch.setenv("PUBLISHER_REACH", f"LOCALHOST:1,{server.place}")
    reach = open_reach(site.settings)
    assert reach.ask("GET", server.url).is_ok
    assert reach.ask("GET", "http://8.8.8.8/").kind is Kind.REFUSED
    monkeypatch.setenv("PUBLISHER_TESTING", "0")
    assert open_reach(site.settings).ask("GET", server.url).kind is Kind.REFUSED
    assert len(server.heads) == 1
