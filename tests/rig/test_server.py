"""The rig itself: that it sees what it is there to see."""

import json
import socket
import struct

import pytest

from .accounting import Row, count
from .script import Deed, End, Script, Step, Turns
from .server import Server
from .strict import Offer, in_content

HELLO = b"EHLO me.test\r\n"
ENVELOPE = (b"MAIL FROM:<a@b.test>\r\n", b"RCPT TO:<r@c.test>\r\n")
TEXT = b"Message-ID: <1@b.test>\r\n\r\nHello\r\n.\r\n"


class Client:
    """A client that sends bytes and reads replies, as right or wrong as a test wants."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._lines = self.socket.makefile("rb")
        self.heard = self.reply()

    def reply(self) -> bytes:
        """Read one reply; b"" when the server hung up."""
        line = b"-" * 4
        while line[3:4] == b"-":
            line = self._lines.readline()
        return line

    def say(self, *commands: bytes) -> bytes:
        """Send commands one after the other, each after the reply to the last."""
        for command in commands:
            self.socket.sendall(command)
            self.heard = self.reply()
        return self.heard

    def send(self, message: bytes = TEXT) -> bytes:
        self.say(*ENVELOPE, b"DATA\r\n")
        return self.say(message)

    def close(self, *, reset: bool = False) -> None:
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._lines.close()
        self.socket.close()


def at(step: Step, deed: Deed) -> Script:
    return lambda moment: deed if moment.step is step else None


@pytest.fixture
def serve(tmp_path):
    servers = []

    def start(script=lambda moment: None, offer=None) -> Server:
        folder = tmp_path / str(len(servers))
        folder.mkdir()
        servers.append(Server(folder, script, offer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def a_row(state: str = "sent", doubts: int = 0, address: str = "r@c.test") -> Row:
    return Row(1, state, doubts, 1, address)


def test_a_good_client_violates_nothing_and_the_journal_tells_its_story(serve):
    server = serve()
    client = Client(server.port)
    client.say(HELLO)
    assert client.send().startswith(b"250 2.0.0 Ok: queued as R1")
    client.say(b"QUIT\r\n")
    client.close()
    assert server.journal.violations == []
    events = [json.loads(line)["event"] for line in server.journal.path.read_text().splitlines()]
    assert events == ["connected", "began", "accepted", "answered", "taken"]


def test_a_group_of_commands_is_right_where_it_is_offered_and_wrong_elsewhere(serve):
    for pipelining, wrongs in ((True, 0), (False, 2)):
        server = serve(offer=Offer(pipelining=pipelining))
        client = Client(server.port)
        client.say(HELLO)
        client.socket.sendall(b"".join(ENVELOPE) + b"DATA\r\n")
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        assert client.say(TEXT)[:3] == b"250"
        client.close()
        assert len(server.journal.violations) == wrongs


@pytest.mark.parametrize(
    ("said", "violation"),
    [
        (b"MAIL FROM:<a@b.test>\r\n", "MAIL before EHLO"),
        (HELLO + b"NOOP\r\n", "sent together with EHLO"),
        (b"EHLO me.test\n", "bare LF"),
        (b"EHLO m\re.test\r\n", "bare CR or LF in a command"),
        (b"BDAT 3 LAST\r\nabc", "not offered"),
        (b"EHLO " + b"x" * 600 + b"\r\n", "a command of"),
        (b"AUTH PLAIN AGEAYg==\r\n", "AUTH that was not offered"),
        (b"STARTTLS\r\n", "STARTTLS that was not offered"),
        (b"QUIT\r\nNOOP\r\n", "together with QUIT"),
    ],
)
def test_a_wrong_word_at_the_beginning_is_seen(serve, said, violation):
    server = serve()
    client = Client(server.port)
    client.say(said)
    client.close()
    assert violation in "; ".join(server.journal.violations)


@pytest.mark.parametrize(
    ("said", "violation"),
    [
        ((b"RCPT TO:<r@c.test>\r\n",), "RCPT without MAIL"),
        ((b"DATA\r\n",), "DATA without a recipient"),
        ((ENVELOPE[0], ENVELOPE[0]), "MAIL inside a transaction"),
        ((*ENVELOPE, b"DATA\r\n" + TEXT), "before 354"),
        ((b"MAIL FROM:<a@b.test> SIZE=9\r\n",), "SIZE, which was not offered"),
        ((b"MAIL FROM:<\xc3\xa9@b.test>\r\n",), "without SMTPUTF8"),
        ((*ENVELOPE, b"DATA\r\n", TEXT.replace(b"Hello", b"\xc3\xa9")), "8-bit"),
        ((*ENVELOPE, b"DATA\r\n", TEXT.replace(b"Hello", b"one\ntwo")), "bare CR or LF"),
        ((*ENVELOPE, b"DATA\r\n", TEXT.replace(b"Hello", b"x" * 999)), "more than 998"),
        ((*ENVELOPE, b"DATA\r\n", TEXT.replace(b"Hello", b".one")), "not doubled"),
    ],
)
def test_a_wrong_word_after_the_greeting_is_seen(serve, said, violation):
    server = serve()
    client = Client(server.port)
    client.say(HELLO, *said)
    client.close()
    assert violation in "; ".join(server.journal.violations)


def test_the_next_message_may_not_begin_before_the_answer(serve):
    server = serve(at(Step.DOT, Deed(delay=0.1)))
    client = Client(server.port)
    client.say(HELLO, *ENVELOPE, b"DATA\r\n")
    client.socket.sendall(TEXT)
    client.socket.sendall(ENVELOPE[0])
    assert [client.reply()[:3] for _ in range(2)] == [b"250", b"250"]
    client.close()
    assert "before the answer to a message" in "; ".join(server.journal.violations)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((b"AUTH PLAIN AHJpZwBzZWNyZXQ=\r\n",), b"235"),
        ((b"AUTH PLAIN\r\n", b"AHJpZwBzZWNyZXQ=\r\n"), b"235"),
        ((b"AUTH LOGIN\r\n", b"cmln\r\n", b"c2VjcmV0\r\n"), b"235"),
        ((b"AUTH LOGIN cmln\r\n", b"c2VjcmV0\r\n"), b"235"),
        ((b"AUTH PLAIN AHJpZwB3cm9uZw==\r\n",), b"535"),
        ((b"AUTH CRAM-MD5\r\n",), b"504"),
    ],
)
def test_a_login_is_asked_for_and_checked(serve, lines, code):
    server = serve(offer=Offer(auth=True))
    client = Client(server.port)
    client.say(HELLO)
    assert client.say(ENVELOPE[0])[:3] == b"530"
    assert client.say(*lines)[:3] == code
    assert client.say(ENVELOPE[0])[:3] == (b"250" if code == b"235" else b"530")
    client.close()
    assert server.journal.violations == []


def test_a_word_after_goodbye_is_seen(serve):
    server = serve()
    client = Client(server.port)
    client.say(HELLO, b"QUIT\r\n")
    client.socket.sendall(b"NOOP\r\n")
    assert client.reply() == b""
    client.close()
    assert "something was sent after QUIT" in server.journal.violations


def test_doubled_dots_long_lines_and_announced_8_bit_are_right():
    good = b"..one\r\n..\r\n" + b"x" * 998 + b"\r\n\xc3\xa9\r\n"
    assert list(in_content(good, may_be_eight_bit=True)) == []


def test_a_repeat_after_an_answer_that_was_taken_has_no_excuse(serve):
    server = serve()
    client = Client(server.port)
    client.say(HELLO)
    client.send()
    client.send()
    client.close()
    found = count([a_row(doubts=1)], server.journal)
    assert (found.repeats, found.inexcusable, found.unnamed, found.differing) == (1, 1, 0, 0)


def test_a_repeat_after_an_answer_nobody_took_is_excused_if_the_ledger_names_it(serve):
    server = serve()
    for message in (TEXT, TEXT.replace(b"Hello", b"Other")):
        client = Client(server.port)
        client.say(HELLO)
        client.send(message)
        client.close(reset=True)
    found = count([a_row()], server.journal)
    assert (found.repeats, found.inexcusable, found.unnamed, found.differing) == (1, 0, 1, 1)


def test_another_message_id_to_the_same_reader_is_a_repeat_without_excuse(serve):
    server = serve()
    for message in (TEXT, TEXT.replace(b"<1@", b"<2@")):
        client = Client(server.port)
        client.say(HELLO)
        client.send(message)
        client.close(reset=True)
    found = count([a_row(doubts=1)], server.journal)
    assert (found.repeats, found.inexcusable) == (1, 1)


def test_who_was_called_sent_and_got_nothing_is_lost(serve):
    found = count([a_row(), a_row("failed"), a_row("queued", address="x@c.test")], serve().journal)
    assert (found.recipients, found.sent, found.failed, found.lost) == (3, 1, 1, 2)


@pytest.mark.parametrize("end", [End.FIN, End.RST])
def test_a_message_cut_after_its_dot_is_taken_and_not_answered(serve, end):
    server = serve(at(Step.DOT, Deed(end=end)))
    client = Client(server.port)
    client.say(HELLO)
    try:
        assert client.send() == b""
    except ConnectionResetError:
        assert end is End.RST
    client.close()
    assert [(copy.is_answered, copy.taken_at) for copy in server.journal.copies] == [(False, None)]


def test_each_connection_plays_one_part(serve):
    turns = Turns([(Step.MAIL, Deed(b"451 later\r\n")), (Step.RCPT, Deed(b"550 no\r\n"))])
    server = serve(turns)
    heard = []
    for _ in range(3):
        client = Client(server.port)
        client.say(HELLO)
        heard.append([client.say(ENVELOPE[0])[:3], client.say(ENVELOPE[1])[:3]])
        client.close()
    assert heard == [[b"451", b"503"], [b"250", b"550"], [b"250", b"250"]]
    assert turns.waiting == []


def test_a_refused_recipient_does_not_make_its_group_a_violation(serve):
    server = serve(at(Step.RCPT, Deed(b"550 5.1.1 no such user\r\n")))
    client = Client(server.port)
    client.say(HELLO)
    client.socket.sendall(b"".join(ENVELOPE) + b"DATA\r\n")
    assert [client.reply()[:3] for _ in range(3)] == [b"250", b"550", b"554"]
    client.say(b"RSET\r\n")
    client.close()
    assert server.journal.violations == []


def test_a_stubborn_server_says_354_and_wants_nothing_but_the_dot(serve):
    for content, wrongs in ((b".\r\n", 0), (TEXT, 1)):
        server = serve(at(Step.RCPT, Deed(b"550 no\r\n")), Offer(is_stubborn=True))
        client = Client(server.port)
        client.say(HELLO)
        client.socket.sendall(b"".join(ENVELOPE) + b"DATA\r\n")
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"550", b"354"]
        assert client.say(content)[:3] == b"554"
        client.close()
        assert len(server.journal.violations) == wrongs
        assert server.journal.copies == []
