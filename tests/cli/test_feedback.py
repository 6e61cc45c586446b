"""What comes back to a site, from the message that left to the reader who is left alone."""

import io
import re
import socket
import sys
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

AT_SLOT = "2026-03-03T07:00:30Z"
LATER = "2026-03-03T08:00:00Z"
BOUNCE = """\
From: MAILER-DAEMON@mx.example.net
To: {bounces}
Message-ID: <{number}@mx.example.net>
Content-Type: multipart/report; report-type=delivery-status; boundary=B

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ann@example.net
Action: failed
Status: {status}
Diagnostic-Code: smtp; {words}

--B--
"""


class Server:
    """Takes all mail; the envelope's sender by recipient, and every message."""

    def __init__(self) -> None:
        self.senders: dict[str, set[str]] = {}
        self.messages: dict[str, bytes] = {}
        self.full = {"cat@example.net"}

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        self.senders.setdefault(recipient, set()).add(envelope.mail_from)
        if recipient in self.full:
            return "452 4.2.2 full"
        self.messages[recipient] = envelope.content
        return "250 2.0.0 taken"


@pytest.fixture
def sent(publisher, site) -> Iterator[Server]:
    """Two readers who were sent the weekly digest through SMTP, and one who waits for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    text = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(
        text.replace("digest@example.org", "digest@our-town.org")
        + '[feedback]\ndomain = "bounces.our-town.org"\nmaildir = "var/mail"\n'
        + f'[delivery]\ntransport = "smtp"\n[delivery.smtp]\nport = {port}\n'
    )
    site.item("a.en.md", "First news")
    for address in ("ann@example.net", "ben@example.net", "cat@example.net"):
        publisher("subscribers", "add", address, "--consent", "asked")
    publisher("send")
    assert publisher("send", at=AT_SLOT).code == 0
    yield handler
    controller.stop()


def path_of(sent: Server, reader: str = "ann@example.net") -> str:
    (found,) = sent.senders[reader]
    return found


def bounce(sent: Server, status: str = "5.1.1", words: str = "550 5.1.1 no such user") -> str:
    return BOUNCE.format(bounces=path_of(sent), number=status, status=status, words=words)


def people(publisher) -> dict[str, tuple[str, bool]]:
    listed = publisher("subscribers", "list", "--json").json["subscribers"]
    return {each["address"]: (each["state"], each["suppressed"]) for each in listed}


def test_each_delivery_has_a_return_path_of_its_own_and_the_sender_in_from_stays(sent):
    paths = {path_of(sent, reader) for reader in sent.senders}
    assert len(paths) == 3
    for path in paths:
        assert re.fullmatch(r"b\+[a-z2-7]+@bounces\.our-town\.org", path)
        assert len(path.partition("@")[0]) <= 64
    message = sent.messages["ann@example.net"]
    assert b"From: Example Cities <digest@our-town.org>" in message
    box = rb"List-Unsubscribe: <https://news\.example\.org/u/[\w-]+>,\r\n <mailto:u\+[\w-]+@"
    assert re.search(box + rb"bounces\.our-town\.org\?subject=unsubscribe>\r\n", message)


def test_a_second_try_has_the_return_path_of_the_first_whatever_the_settings_say(
    publisher, sent, site
):
    text = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(text.replace("bounces.our-town.org", "other.our-town.org"))
    sent.full = set()
    assert "1 sent" in publisher("send", at=LATER).out
    assert path_of(sent, "cat@example.net").endswith("@bounces.our-town.org")
    assert b"@bounces.our-town.org?subject" in sent.messages["cat@example.net"]


def test_without_a_domain_neither_is_written(publisher, site):
    site.item("a.en.md", "First news")
    publisher("subscribers", "add", "ann@example.net", "--consent", "asked")
    publisher("send")
    publisher("send", at=AT_SLOT)
    (message,) = (site.root / "outbox/new").iterdir()
    assert b"mailto:u+" not in message.read_bytes()


def test_a_hard_bounce_suppresses_and_is_explained_and_counted(publisher, sent, site):
    site.write("bounce.eml", bounce(sent))
    ran = publisher("feedback", "bounce.eml", at=LATER)
    assert (ran.code, ran.out) == (0, "1 suppressed, as the address is dead\n")
    assert people(publisher)["ann@example.net"] == ("active", True)
    assert people(publisher)["ben@example.net"] == ("active", False)
    told = publisher("explain", "ann@example.net", at=LATER).out
    assert "suppressed since Tue 2026-03-03 08:00 GMT (bounced, 5.1.1): never mailed" in told
    assert "came back (hard) Tue 2026-03-03 08:00 GMT: 5.1.1 550 5.1.1 no such user" in told
    assert "weekly: 1 came back\n" in publisher("report", at=LATER).out
    document = publisher("report", "--json", at=LATER).json
    assert (document["came_back"], document["complained"]) == ({"weekly": 1}, {})
    again = publisher("feedback", "bounce.eml", "--json", at=LATER).json
    assert again["effects"]["known"] == 1


def test_a_block_is_for_the_operator(publisher, sent, site):
    words = "550 5.7.1 [192.0.2.7] is on our block list, ask postmaster@example.net"
    site.write("bounce.eml", bounce(sent, "5.7.1", words))
    ran = publisher("feedback", "bounce.eml", at=LATER)
    assert "1 came back for a reason that is not the reader's" in ran.out
    assert "look at: 5.7.1 550 5.7.1 [192.0.2.7] is on our block list, ask <address>" in ran.err
    assert not people(publisher)["ann@example.net"][1]


def test_unsubscribing_from_standard_input_as_a_mail_alias_hands_it_over(
    publisher, sent, monkeypatch
):
    (box,) = re.findall(rb"mailto:(u\+[^?]+)", sent.messages["ann@example.net"])
    piped = (
        b"From x@evil.example  Tue Mar  3 08:00:00 2026\nTo: <%s>\nSubject: unsubscribe\n\n" % box
    )
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
    ran = publisher("feedback", "-", at=LATER)
    assert (ran.code, ran.out) == (0, "1 unsubscribed by mail\n")
    assert people(publisher)["ann@example.net"][0] == "unsubscribed"
    assert "unsubscribed by mail" in publisher("explain", "ann@example.net", at=LATER).out


def test_a_person_s_mail_is_no_report(publisher, sent, site):
    site.write("mail.eml", "From: a@example.net\nSubject: Hello\n\nHow are you?\n")
    assert publisher("feedback", "mail.eml").out == "1 message is no report, and left alone\n"


def test_the_job_takes_the_maildir_and_doctor_says_when(publisher, sent, site):
    from threading import Event

    from publisher.app import open_app
    from publisher.ops import Clock
    from publisher.schedule.jobs import Done, feedback

    def p050(at: str = LATER):
        checks = publisher("doctor", "--json", at=at).json["checks"]
        return next(one for one in checks if one["check"] == "P050")

    assert p050()["result"] == "failed"
    for part in ("new", "cur", "tmp"):
        (site.root / "var/mail" / part).mkdir(parents=True)
    assert p050()["message"].endswith("; nothing yet")
    site.write("var/mail/new/1", bounce(sent))
    site.write("var/mail/new/2", "From: a@example.net\n\nHello\n")
    app = open_app(site.root, Clock())
    try:
        assert feedback(app, Event()).detail == "1 suppressed"
        assert feedback(app, Event()) == Done(None)
        assert app.left_alone == {"2"}
    finally:
        app.close()
    assert p050()["result"] == "ok"
    assert "; last 20" in p050()["message"]


def test_doctor_says_what_no_domain_costs(publisher, sent, site):
    text = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(
        text.replace('domain = "bounces.our-town.org"\nmaildir = "var/mail"', 'domain = ""')
    )
    checks = publisher("doctor", "--json", at=LATER).json["checks"]
    found = next(one for one in checks if one["check"] == "P050")
    assert found["result"] == "warning"
    assert "bounces and complaints go to digest@our-town.org" in found["message"]
    assert "receive-bounces" in found["hint"]


def test_a_message_of_a_maildir_that_cannot_be_read_is_told_by_the_exit_code(publisher, sent, site):
    for part in ("new", "cur"):
        (site.root / "var/mail" / part).mkdir(parents=True)
    message = site.root / "var/mail/new/1"
    message.symlink_to("/proc/self/mem")  # a file that even root cannot read from its start
    ran = publisher("feedback", "var/mail")
    assert (ran.code, "1 message could not be read" in ran.out) == (1, True)


@pytest.mark.parametrize("name", ["missing.eml", "var"])
def test_what_cannot_be_read_is_said_in_words(publisher, sent, name):
    ran = publisher("feedback", name)
    assert ran.code == 1
    assert name in ran.err
