"""Requests that mean harm: none of them gets more than a refusal, and nobody else waits for it."""

import json
import os
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse

from publisher.app import building
from publisher.web.visit import Page
from publisher.web.wire import MOST_HEAD, Patience
from tests.web.browser import SECONDS
from tests.web.conftest import opened
from tests.web.test_feeds import until

CORPUS = os.environ.get("PUBLISHER_CORPUS", "")
pytestmark = pytest.mark.usefixtures("no_traceback")
FORM = Page("/form", post=lambda visit: PlainTextResponse("read"))


@pytest.fixture(scope="module")
def still_web(still_site):
    """The small site with an item, its feeds and a form: one web that all harm is meant for."""
    still_site.item("a.en.md", "A")
    with opened(still_site, FORM) as browser:
        building.build(browser.app)
        yield browser


def raw(browser, data: bytes) -> bytes:
    """Send bytes as they are; return all that comes back until the line is closed."""
    with socket.create_connection(("127.0.0.1", browser.port), SECONDS) as line:
        line.sendall(data)
        return everything(line)


def everything(line: socket.socket) -> bytes:
    got = bytearray()
    try:
        while data := line.recv(65536):
            got += data
    except ConnectionResetError:
        pass
    return bytes(got)


SLOW = {
    "silence": b"",
    "line": b"POST /form HT",
    "headers": b"GET /nothing HTTP/1.1\r\nX-Slow: ",
    "form": b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\ne",
    "chunks": b"POST /form HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\ne",
    "page": b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\ne",
    "method": b"PUT /form HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\ne",
}


def test_who_is_slow_is_cut_off_and_nobody_waits_for_it(open_web):
    # All at once, since each alone would wait out the patience of a web.
    hold_up(open_web(FORM, patience=Patience(request=1.0)), SLOW, 50)


def hold_up(browser, beginnings, number):
    """Begin as many requests of each kind and never end them: others are answered, all cut off."""
    with ExitStack() as lines:
        slow = [
            (kind, lines.enter_context(socket.create_connection(("127.0.0.1", browser.port))))
            for kind in beginnings
            for _ in range(number)
        ]
        for kind, line in slow:
            line.sendall(beginnings[kind])
        began = time.monotonic()
        assert browser.get("/healthz").status == 200
        assert time.monotonic() - began < SECONDS / 2
        assert [kind for kind, line in slow if not is_cut_off(line)] == []


def is_cut_off(line: socket.socket) -> bool:
    line.settimeout(SECONDS)
    try:
        everything(line)  # returns only when the line is closed
    except TimeoutError:
        return False
    return True


def is_open(path: Path) -> bool:
    """Return whether this process, and so the web in it, has a file open."""
    with suppress(FileNotFoundError):
        return any(file.resolve() == path for file in Path("/proc/self/fd").iterdir())
    return True  # one was closed while they were looked at


def test_who_takes_nothing_of_a_large_answer_is_cut_off(site, open_web):
    film = site.write("feeds/files/0123456789abcdef/film.mp4", bytes(30_000_000))
    browser = open_web(patience=Patience(stall=0.2))
    with socket.create_connection(("127.0.0.1", browser.port), SECONDS) as line:
        line.sendall(b"GET /feeds/files/0123456789abcdef/film.mp4 HTTP/1.1\r\nHost: x\r\n\r\n")
        line.recv(10)
        until(lambda: not is_open(film))
        assert len(everything(line)) < 30_000_000


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET /" + b"a" * 200_000,
        b"GET / HTTP/1.1\r\n" + b"X-Many: 1\r\n" * 20_000,
        b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 200_000,
    ],
    ids=["path", "many", "long"],
)
def test_a_head_without_an_end_is_refused(still_web, request_head):
    assert len(request_head) > MOST_HEAD
    answer = raw(still_web, request_head)
    assert answer == b"" or answer.split()[1] in (b"400", b"431")
    assert still_web.get("/healthz").status == 200


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /%ff%fe%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
        b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
        b"GET /nothing HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_harms_nobody(still_web, request_line):
    with socket.create_connection(("127.0.0.1", still_web.port), SECONDS) as line:
        line.sendall(request_line)
        line.shutdown(socket.SHUT_WR)
        answer = everything(line)
    assert answer == b"" or answer.split()[1] in (b"400", b"404", b"405"), answer
    assert still_web.get("/healthz").status == 200


@pytest.mark.parametrize(
    "path", ["/debug", "/.git/config", "/.env", "/publisher.toml", "/var/secret"]
)
def test_there_is_nothing_to_find(still_web, path):
    assert still_web.get(path).status == 404


@pytest.mark.parametrize("length", ["99999999999999999999999", "1e9", "+5", "0x5"])
def test_a_length_that_is_none_is_refused(still_web, length):
    request = f"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    answer = raw(still_web, request.encode())
    assert answer.split()[1] in (b"400", b"413")


@pytest.mark.skipif(not CORPUS, reason="PUBLISHER_CORPUS names no corpus")
@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("21-traversal", {400, 404}),
        ("31-response-split", {200, 404}),
        ("35-query-flood", {200, 400, 414}),
        ("39-conditional-garbage", {200, 206, 304, 406, 416}),
        ("43-idor-archive", {404}),
        ("45-metrics-open", {200, 404}),
    ],
)
def test_hostile_requests_of_the_corpus_have_their_outcome(still_web, name, allowed):
    found = json.loads(Path(CORPUS, "http", f"{name}.json").read_text())
    tag = still_web.get("/feeds/en/all.rss").headers["etag"].strip('"')
    for one in found if isinstance(found, list) else [found]:
        headers = one["headers"] | {"X-Forwarded-For": "203.0.113.9"}
        answer = still_web.ask(one["method"], one["path"], headers=headers)
        assert answer.status in allowed, one["path"]
        assert "set-cookie" not in answer.headers
        assert b"root:" not in answer.body
        if answer.status == 206:
            assert answer.headers["etag"] == f'"{tag}"'
        if one["path"] in ("/metrics", "/debug", "/.env", "/.git/config"):
            assert answer.status == 404
        if one["path"] in ("/healthz", "/readyz"):
            assert answer.text in ("ok\n", "ready\n", "not ready\n")


@pytest.mark.skipif(not CORPUS, reason="PUBLISHER_CORPUS names no corpus")
def test_slow_forms_of_the_corpus_are_cut_off_and_nobody_waits_for_them(open_web):
    one = json.loads(Path(CORPUS, "http", "33-slowloris.json").read_text())
    headers = "".join(f"{name}: {value}\r\n" for name, value in one["headers"].items())
    beginning = f"{one['method']} {one['path']} HTTP/1.1\r\nHost: x\r\n{headers}\r\n{one['body']}"
    begun = {"corpus": beginning.encode()}
    hold_up(open_web(patience=Patience(request=1.0)), begun, one["conns"])
    assert Patience().request < 60
