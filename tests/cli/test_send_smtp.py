import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

AT_SLOT = "2026-03-03T07:00:30Z"


class Server:
    """Takes mail for everybody but those at gone.example.net."""

    def __init__(self) -> None:
        self.taken: dict[str, bytes] = {}

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


def test_the_doctor_talks_to_the_server(publisher, server, nameserver):
    checks = publisher("doctor", "--json").json["checks"]
    answer = next(each for each in checks if each["check"] == "P014")
    assert answer["result"] == "ok"
    assert "answers" in answer["message"]
    offer = next(each for each in checks if each["check"] == "P020")
    assert "SIZE 33554432" in offer["message"]
