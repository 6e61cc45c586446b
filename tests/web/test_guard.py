"""Who asks: whose word about it is believed, and what limits count by."""

import pytest
from starlette.responses import PlainTextResponse

from publisher.web.guard import NOWHERE, client_address, is_local, network_of
from publisher.web.visit import Page
from tests.web.test_hostile import raw

PROXIES = ["127.0.0.1", "::1", "10.0.0.0/8"]


@pytest.mark.parametrize(
    ("peer", "said", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # a stranger's word is not believed
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        (
            "127.0.0.1",
            "1.2.3.4, 203.0.113.9",
            "203.0.113.9",
        ),  # what it was told before is not either
        ("127.0.0.1", "203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "unknown", NOWHERE),
        ("127.0.0.1", "203.0.113.9, <script>", NOWHERE),
        ("127.0.0.1", "," * 1000, "127.0.0.1"),
        ("", "203.0.113.9", NOWHERE),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
        ("fe80::1%eth0", "", "fe80::/64"),
    ],
)
def test_the_nearest_hop_that_is_no_proxy_of_ours_asks(peer, said, expected):
    assert network_of(client_address(peer, [said] if said else [], PROXIES)).startswith(expected)


def test_a_proxy_that_adds_a_header_of_its_own_is_believed_and_not_the_client(open_web):
    browser = open_web(Page("/who", get=lambda visit: PlainTextResponse(visit.network)))
    claims = b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 203.0.113.9\r\n"
    asked = b"GET /who HTTP/1.1\r\nHost: x\r\n" + claims + b"Connection: close\r\n\r\n"
    assert raw(browser, asked).endswith(b"203.0.113.9")


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, False),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, False),
        ("203.0.113.9", {}, False),
        ("", {}, False),
    ],
)
def test_local_is_only_who_came_through_no_proxy(peer, headers, expected):
    assert is_local(peer, headers) is expected
