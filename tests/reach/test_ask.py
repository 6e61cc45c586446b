"""Answers: what is read, up to which limit, and what is never sent along."""

import gzip
import itertools
import resource
import socket
import time
import zlib

import pytest

from publisher import __version__
from publisher.reach import Kind, Limits, Reach

from .server import HUSH, SOON, page, redirect


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("200 OK", Kind.OK),
        ("204 No Content", Kind.OK),
        ("304 Not Modified", Kind.OK),
        ("404 Not Found", Kind.MISSING),
        ("410 Gone", Kind.MISSING),
        ("401 Unauthorized", Kind.FAILED),
        ("403 Forbidden", Kind.FAILED),
        ("429 Too Many Requests", Kind.FAILED),
        ("500 Oops", Kind.FAILED),
        ("300 Several", Kind.FAILED),
    ],
)
def test_a_status_becomes_a_kind(serve, reaching, status, kind):
    server = serve(page(b"", status))
    answer = reaching(server).ask("GET", server.url)
    assert answer.kind is kind
    assert answer.detail == status


def test_the_answer_has_headers_and_body(serve, reaching):
    server = serve(page("مرحبا".encode(), "200 OK", "Content-Type: text/plain", 'ETag: "x"'))
    answer = reaching(server).ask("get", server.url)
    assert answer.body.decode() == "مرحبا"
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["etag"] == '"x"'
    assert answer.url == server.url + "/"


def test_who_asks_is_said_and_nothing_of_the_machine_is(serve, reaching, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server = serve(page(b"", "200 OK", "Set-Cookie: a=b; Path=/"))
    reach = reaching(server)
    assert reach.ask("GET", server.url).is_ok
    assert reach.ask("GET", server.url).is_ok
    for head in server.heads:
        assert f"User-Agent: publisher/{__version__} (+https://news.example.org)\r\n" in head
        assert "cookie" not in head.lower()
        assert "authorization" not in head.lower()


def test_names_and_paths_in_any_script_are_sent_in_ascii(serve):
    server = serve(page())
    place = f"xn--mgbh0fb.org:{server.port}"
    reach = Reach("https://a.org", frozenset({place}), resolver=lambda host, port: ("127.0.0.1",))
    assert reach.ask("GET", f"http://مثال.org:{server.port}/سلام x").is_ok
    assert server.asked == ["GET /%D8%B3%D9%84%D8%A7%D9%85%20x"]
    assert f"Host: {place}\r\n" in server.heads[0]


def test_redirects_are_followed_and_the_last_address_is_told(serve, reaching):
    def answer(method, path):
        return page(b"here") if path == "/c" else redirect("b" if path == "/a" else "/c")

    server = serve(answer)
    found = reaching(server).ask("GET", server.url + "/a")
    assert (found.kind, found.url, found.body) == (Kind.OK, server.url + "/c", b"here")


def test_a_sixth_redirect_is_not_followed(serve, reaching):
    server = serve(lambda method, path: redirect(f"/{int(path[1:]) + 1}"))
    assert reaching(server).ask("GET", server.url + "/0").kind is Kind.BROKEN
    assert server.asked[-1] == "GET /5"


def test_a_redirect_without_a_place_is_what_it_is(serve, reaching):
    server = serve(page(b"", "302 Found"))
    assert reaching(server).ask("GET", server.url).kind is Kind.FAILED


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        ("301 Moved", "POST", "GET"),
        ("302 Found", "POST", "GET"),
        ("303 See Other", "POST", "GET"),
        ("303 See Other", "HEAD", "HEAD"),
        ("307 Temporary", "POST", "POST"),
        ("308 Permanent", "POST", "POST"),
        ("302 Found", "HEAD", "HEAD"),
    ],
)
def test_a_redirect_keeps_the_method_or_makes_it_get(serve, reaching, status, method, then):
    server = serve(lambda method, path: page() if path == "/to" else redirect("/to", status))
    body = b"x=1" if method == "POST" else b""
    assert reaching(server).ask(method, server.url + "/from", body=body).is_ok
    assert server.asked == [f"{method} /from", f"{then} /to"]
    assert ("Content-Length: 3" in server.heads[1]) is (then == "POST")


def test_headers_that_may_hold_secrets_stay_with_the_first_host(serve, reaching):
    other = serve(page())
    server = serve(redirect(other.url))
    headers = {"Authorization": "Bearer x", "X-Signature": "y", "Accept": "text/html"}
    assert reaching(server, other).ask("GET", server.url, headers=headers).is_ok
    assert "Bearer x" in server.heads[0]
    assert "Bearer" not in other.heads[0]
    assert "X-Signature" not in other.heads[0]
    assert "Accept: text/html" in other.heads[0]


def test_a_server_that_says_nothing_is_given_up_in_time(serve, reaching):
    server = serve(HUSH)
    began = time.monotonic()
    assert reaching(server).ask("GET", server.url, seconds=0.2).kind is Kind.SLOW
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("part", ["status", "headers", "body", "chunks"])
def test_a_server_that_drips_is_given_up_in_time(serve, reaching, part):
    start = {
        "status": b"HTTP/1.1 2",
        "headers": b"HTTP/1.1 200 OK\r\nX: ",
        "body": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    }[part]
    drop = b"1\r\na\r\n" if part == "chunks" else b"0"

    def drip(method, path):
        yield start
        for _ in range(1200):  # a minute, unless the client hangs up
            time.sleep(0.05)
            yield drop

    server = serve(drip)
    began = time.monotonic()
    assert reaching(server).ask("GET", server.url, seconds=0.2).kind is Kind.SLOW
    assert time.monotonic() - began < SOON


def test_redirects_share_one_time(serve, reaching):
    def slow(method, path):
        time.sleep(0.15)
        return redirect("/again")

    server = serve(slow)
    # Were each given the whole time, there would be too many of them instead.
    assert reaching(server).ask("GET", server.url, seconds=0.25).kind is Kind.SLOW


def endless(head: bytes, piece: bytes):
    def answer(method, path):
        return itertools.chain([head], itertools.repeat(piece))

    return answer


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
    ],
)
def test_a_body_without_end_is_read_up_to_the_limit(serve, reaching, head):
    server = serve(endless(head, b"x" * 65_536))
    assert reaching(server).ask("GET", server.url).kind is Kind.TOO_LARGE


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_line_without_end_is_no_http(serve, reaching, head):
    server = serve(endless(head, b"x" * 65_536))
    assert reaching(server).ask("GET", server.url).kind is Kind.BROKEN


def test_the_body_of_a_redirect_is_not_read(serve, reaching):
    def answer(method, path):
        if path == "/to":
            return page()
        return b"HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 9\r\n\r\n", HUSH

    server = serve(answer)
    assert reaching(server).ask("GET", server.url).is_ok


def test_a_body_nobody_wants_is_not_read(serve, reaching):
    server = serve(endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536))
    answer = reaching(server).ask("GET", server.url, keep_body=False)
    assert (answer.kind, answer.body) == (Kind.OK, b"")


def test_a_body_of_exactly_the_limit_is_kept(serve, reaching):
    server = serve(page(b"x" * 1000))
    small = Limits(size=1000)
    assert len(reaching(server, limits=small).ask("GET", server.url).body) == 1000
    server = serve(page(b"x" * 1001))
    assert reaching(server, limits=small).ask("GET", server.url).kind is Kind.TOO_LARGE


def test_packed_bodies_are_unpacked(serve, reaching):
    for coding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        text = b"hello " * 30_000
        server = serve(page(pack(text), "200 OK", f"Content-Encoding: {coding}"))
        assert reaching(server).ask("GET", server.url).body == text
        assert "Accept-Encoding: gzip\r\n" in server.heads[0]


def test_a_gzip_bomb_is_stopped_at_the_limit_of_what_it_unpacks_to(serve, reaching):
    zeros = gzip.compress(b"\0" * 100_000_000)
    server = serve(page(zeros, "200 OK", "Content-Encoding: gzip"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    assert reaching(server).ask("GET", server.url).kind is Kind.TOO_LARGE
    assert time.process_time() - began < 1
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000, "kilobytes"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "gzip"])
def test_what_cannot_be_unpacked_is_broken(serve, reaching, coding):
    server = serve(page(b"nothing of the kind", "200 OK", f"Content-Encoding: {coding}"))
    assert reaching(server).ask("GET", server.url).kind is Kind.BROKEN


@pytest.mark.parametrize(
    "said",
    [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", page(b"x" * 9)[:-3]],
)
def test_what_is_no_whole_answer_is_broken(serve, reaching, said):
    server = serve(said)
    assert reaching(server).ask("GET", server.url).kind is Kind.BROKEN


def test_nobody_listening_is_closed():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"127.0.0.1:{listening.getsockname()[1]}"
    reach = Reach("https://news.example.org", frozenset({place}))
    assert reach.ask("GET", f"http://{place}/").kind is Kind.CLOSED
