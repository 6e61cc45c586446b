import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

AT_SLOT = "2026-03-03T07:00:30Z"


class Server:
    """Takes mail for everybody but those at gone.example.net."""

    def __init__(self) -> None:
        self.taken: dict[str, bytes] = {}
        self.refusal = ""

    async def handle_MAIL(self, _server, _session, envelope, address, _options):  # noqa: N802
        envelope.mail_from = address
        return self.refusal or "250 2.1.0 ok"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address.endswith("@gone.example.net"):
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.taken[envelope.rcpt_tos[0]] = envelope.content
        return "250 2.0.0 taken"


@pytest.fixture
def server(site) -> Iterator[Server]:
    handler = Server()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    text = (site.root / "publisher.toml").read_text()
    site.configure(
        text.replace("digest@example.org", "digest@our-town.org")
        + f'[delivery]\ntransport = "smtp"\n[delivery.smtp]\nport = {port}\n'
    )
    yield handler
    controller.stop()


def test_messages_leave_by_smtp_and_a_dead_address_is_suppressed(publisher, site, server):
    site.item("a.en.md", "First news")
    for address in ("ann@example.net", "ben@gone.example.net"):
        publisher("subscribers", "add", address, "--consent", "asked")
    assert publisher("send").code == 0
    ran = publisher("send", at=AT_SLOT)
    assert ran.code == 5
    assert "1 sent, 1 failed, 0 waiting" in ran.out
    assert set(server.taken) == {"ann@example.net"}
    assert b"Subject: " in server.taken["ann@example.net"]
    listed = publisher("subscribers", "list", "--json").json["subscribers"]
    assert {each["address"]: each["suppressed"] for each in listed} == {
        "ann@example.net": False,
        "ben@gone.example.net": True,
    }
    again = publisher("send", at=AT_SLOT)
    assert (again.code, len(server.taken)) == (0, 1)


def test_a_server_that_refuses_us_pauses_the_edition_with_its_words(publisher, site, server):
    site.item("a.en.md", "First news")
    publisher("subscribers", "add", "ann@example.net", "--consent", "asked")
    publisher("send")
    server.refusal = "550 5.7.1 we do not know you"
    ran = publisher("send", at=AT_SLOT)
    assert (ran.code, server.taken) == (5, {})
    assert "0 sent, 0 failed, 1 waiting" in ran.out
    (edition,) = publisher("queue", "--json", at=AT_SLOT).json["digests"][0]["editions"]
    assert edition["state"] == "paused"
    assert server.refusal in edition["note"]
    server.refusal = ""
    assert publisher("send", at="2026-03-03T07:10:00Z").code == 0
    assert set(server.taken) == {"ann@example.net"}
    assert publisher("queue", "--json", at=AT_SLOT).json["digests"][0]["editions"] == []


def test_a_relay_whose_quota_is_used_up_is_left_alone_and_queue_says_until_when(
    publisher, site, server
):
    site.item("a.en.md", "First news")
    publisher("subscribers", "add", "ann@example.net", "--consent", "asked")
    publisher("send")
    server.refusal = "452 4.3.1 daily sending quota exceeded"
    ran = publisher("send", at=AT_SLOT)
    assert ran.code == 5
    assert "0 failed, 1 waiting" in ran.out
    server.refusal = ""
    asked = publisher("queue", at="2026-03-03T07:10:00Z")
    assert "1 message due, through by Tue 2026-03-03 08:00" in asked.out
    assert "daily sending quota exceeded" in asked.out
    assert "0 sent, 0 failed, 1 waiting" in publisher("send", at="2026-03-03T07:20:00Z").out
    assert publisher("send", at="2026-03-03T08:01:00Z").code == 0
    assert set(server.taken) == {"ann@example.net"}


def test_the_doctor_talks_to_the_server(publisher, server, nameserver):
    checks = publisher("doctor", "--json").json["checks"]
    answer = next(each for each in checks if each["check"] == "P014")
    assert answer["result"] == "ok"
    assert "answers" in answer["message"]
    offer = next(each for each in checks if each["check"] == "P020")
    assert "SIZE 33554432" in offer["message"]
