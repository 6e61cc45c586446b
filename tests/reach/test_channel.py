"""Many requests over one connection, and how much of each had left when it ended."""

import socket
import threading
import time
from contextlib import closing

import pytest

from publisher.reach import Channel, Kind, Limits, Reach, Sent
from publisher.reach.channel import IDLE_SECONDS

from .server import HUSH, page, redirect, resetting
from .test_tls import certificate, secure, way

__all__ = ["certificate", "resetting", "secure"]

JSON = {"Content-Type": "application/json"}
LARGE = b"x" * 30_000_000  # more than the system holds for a reader that does not read


@pytest.fixture
def channel_to(reaching):
    opened: list[Channel] = []

    def make(*servers, path="/email", **options):
        opened.append(reaching(*servers, **options).channel(servers[0].url + path))
        return opened[-1]

    yield make
    for channel in opened:
        channel.close()


def test_many_requests_go_over_one_connection(serve, channel_to):
    server = serve(page(b"{}"), keeps=True)
    channel = channel_to(server)
    answers = [channel.post(JSON, b"body %d" % number) for number in range(20)]
    assert {(answer.kind, answer.status, answer.sent) for answer in answers} == {
        (Kind.OK, 200, Sent.WHOLE)
    }
    assert server.bodies == [b"body %d" % number for number in range(20)]
    assert server.connections == 1
    assert "Connection: keep-alive\r\n" in server.heads[0]


def test_over_tls_too(secure, certificate):
    server = secure(page(b"{}"), keeps=True)
    channel = way(certificate, server, "site.org").channel(f"https://site.org:{server.port}/email")
    with closing(channel):
        assert [channel.post(JSON, b"x").status for _ in range(5)] == [200] * 5
    assert (server.connections, server.names) == (1, ["site.org"])


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "422 No", "429 Too Many", "500 Oops", "503 Busy"]
)
def test_what_a_refusal_says_is_read_and_the_connection_goes_on(serve, channel_to, status):
    server = serve(page(b'{"message": "no"}', status), keeps=True)
    channel = channel_to(server)
    for _ in range(3):
        assert channel.post(JSON, b"x").body == b'{"message": "no"}'
    assert server.connections == 1


def test_a_redirect_is_an_answer_and_nobody_follows_it(serve, channel_to):
    other = serve(page())
    server = serve(redirect(other.url, "307 Temporary"), keeps=True)
    answer = channel_to(server, other).post({**JSON, "Authorization": "secret"}, b"x")
    assert (answer.kind, answer.status) == (Kind.FAILED, 307)
    assert other.heads == []


@pytest.mark.parametrize("head", ["Connection: close", "Keep-Alive: timeout=5"])
def test_a_server_that_closes_after_each_answer_gets_each_request_once(serve, channel_to, head):
    server = serve(page(b"{}", "200 OK", head))
    channel = channel_to(server)
    for number in range(4):
        assert channel.post(JSON, b"%d" % number).status == 200
        # A request that leaves while the other side closes may be lost: nobody can know.
        while server.closed <= number:
            time.sleep(0.001)
    assert server.bodies == [b"0", b"1", b"2", b"3"]
    assert server.connections == 4


def test_a_connection_that_was_idle_for_long_is_not_used_again(serve, channel_to):
    server = serve(page(b"{}"), keeps=True)
    channel = channel_to(server)
    channel.post(JSON, b"x")
    channel._used_at -= IDLE_SECONDS + 1
    channel.post(JSON, b"x")
    assert server.connections == 2


def test_nobody_listening_means_that_nothing_was_sent(reaching):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"127.0.0.1:{listening.getsockname()[1]}"
    reach = Reach("https://news.example.org", frozenset({place}))
    answer = reach.channel(f"http://{place}/").post(JSON, b"x")
    assert (answer.kind, answer.sent) == (Kind.CLOSED, Sent.NOTHING)


def test_a_handshake_that_fails_means_that_nothing_was_sent(secure, certificate):
    server = secure(page(b"{}"), keeps=True)
    channel = way(certificate, server, "other.org").channel(f"https://other.org:{server.port}/")
    answer = channel.post(JSON, b"x")
    assert (answer.kind, answer.sent) == (Kind.BROKEN, Sent.NOTHING)
    assert "other.org" in answer.detail


def test_a_private_address_is_not_asked_unless_it_is_named():
    reach = Reach("https://news.example.org", resolver=lambda host, port: ("10.0.0.7",))
    answer = reach.channel("https://api.provider.org/email").post(JSON, b"x")
    assert (answer.kind, answer.sent) == (Kind.PRIVATE, Sent.NOTHING)


def test_a_cut_after_the_whole_request_leaves_it_open_what_became_of_it(serve, channel_to):
    server = serve(b"", keeps=True)
    answer = channel_to(server).post(JSON, b"x" * 60_000)
    assert (answer.kind, answer.status, answer.sent) == (Kind.BROKEN, 0, Sent.WHOLE)
    assert len(server.bodies) == 1, "and it is not sent again"


def test_so_does_one_on_an_older_connection_and_nothing_is_sent_again(serve, channel_to):
    answers = iter([page(b"{}"), b"", page(b"{}")])
    server = serve(lambda method, path: next(answers), keeps=True)
    channel = channel_to(server)
    assert channel.post(JSON, b"first").status == 200
    assert channel.post(JSON, b"second").sent is Sent.WHOLE
    assert channel.post(JSON, b"third").status == 200
    assert server.bodies == [b"first", b"second", b"third"]
    assert server.connections == 2


def test_so_does_a_cut_in_the_middle_of_the_answer(serve, channel_to):
    server = serve(page(b"x" * 100)[:-20])
    answer = channel_to(server).post(JSON, b"x")
    assert (answer.status, answer.sent) == (0, Sent.WHOLE)


def test_a_cut_within_the_request_means_that_it_cannot_have_been_taken(resetting, channel_to):
    answer = channel_to(resetting()).post(JSON, LARGE)
    assert (answer.kind, answer.status, answer.sent) == (Kind.BROKEN, 0, Sent.PART)


def test_an_older_connection_cut_within_the_request_is_no_reason_to_give_up(resetting, channel_to):
    server = resetting(served=1)
    channel = channel_to(server)
    assert channel.post(JSON, b"small").status == 200
    answer = channel.post(JSON, LARGE)
    assert answer.sent is Sent.PART
    assert server.accepted == 2, "once more on a new connection, and no third time"


def test_an_answer_that_never_comes_is_given_up_in_time(serve, channel_to):
    channel = channel_to(serve(HUSH, keeps=True), limits=Limits(seconds=0.2))
    answer = channel.post(JSON, b"x")
    assert (answer.kind, answer.sent) == (Kind.SLOW, Sent.WHOLE)


def test_a_wish_to_stop_shortens_the_wait(serve, reaching):
    asked = threading.Event()

    def silent(method, path):
        asked.set()
        return [HUSH]

    server = serve(silent, keeps=True)
    stop = threading.Event()
    channel = reaching(server, limits=Limits(seconds=60)).channel(
        server.url, stop=stop, stop_seconds=0.2
    )
    threading.Thread(target=lambda: (asked.wait(30), stop.set()), daemon=True).start()
    began = time.monotonic()
    answer = channel.post(JSON, b"x")
    assert (answer.kind, answer.sent) == (Kind.SLOW, Sent.WHOLE)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("head", [b"", b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF"])
def test_an_answer_without_end_is_read_up_to_the_limit(serve, channel_to, head):
    def endless(method, path):
        yield b"HTTP/1.1 200 OK\r\n" + head + b"\r\n"
        while True:
            yield b"x" * 65_536

    channel = channel_to(serve(endless), limits=Limits(size=100_000))
    answer = channel.post(JSON, b"x")
    assert (answer.kind, answer.status, answer.sent) == (Kind.TOO_LARGE, 0, Sent.WHOLE)


def test_two_answers_to_one_request_are_not_taken_for_two(serve, channel_to):
    number, told = iter(range(10)), threading.Event()

    def doubled(method, path):
        yield page(b"first %d" % next(number))
        yield page(b"nobody asked")
        told.set()

    server = serve(doubled, keeps=True)
    channel = channel_to(server)
    assert channel.post(JSON, b"x").body == b"first 0"
    assert told.wait(30)
    assert channel.post(JSON, b"x").body == b"first 1"
