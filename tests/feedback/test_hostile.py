"""Messages made to do harm, each with its outcome; and what a reader of mail must bear."""

import base64
import random
import time
import tracemalloc

import pytest

from publisher.feedback import Effect
from publisher.feedback.mime import DEEPEST, MOST_BYTES, MOST_PARTS, read_message
from publisher.feedback.reading import read_report
from publisher.subscribers import State

from .conftest import DATA

SUPPRESSED, UNPROVED = Effect.SUPPRESSED, Effect.UNPROVED
OUTCOMES = [
    ("01-hard.eml", SUPPRESSED),
    ("03-delayed.eml", None),
    ("05-forged-no-verp.eml", UNPROVED),
    ("07-other-recipient.eml", SUPPRESSED),
    ("09-duplicate.eml", SUPPRESSED),
    ("11-out-of-office.eml", None),
    ("13-arf-complaint.eml", Effect.COMPLAINED),
    ("15-nested-rfc822.eml", None),
    ("17-bad-charset.eml", None),
    ("19-nul-8bit.eml", None),
    ("21-mailto-unsub.eml", Effect.UNSUBSCRIBED),
    ("23-status-bomb.eml", SUPPRESSED),
]


@pytest.mark.parametrize(("name", "effect"), OUTCOMES)
def test_each_message_has_its_outcome_and_touches_only_whom_its_token_proves(
    returned, name, effect
):
    victim = returned.reader("victim@example.test")
    number = returned.send(returned.reader("reader@example.test"))
    theirs = returned.send(victim)
    assert returned.take(returned.sample(f"hostile/{name}", number)) is effect
    reasons = {SUPPRESSED: [("bounced", "5.1.1")], Effect.COMPLAINED: [("complained", "abuse")]}
    assert returned.suppressions() == reasons.get(effect, [])
    row = returned.row(number)
    assert bool(row.bounced_at) is (effect is SUPPRESSED)
    assert bool(row.complained_at) is (effect is Effect.COMPLAINED)
    has_left = effect in (Effect.COMPLAINED, Effect.UNSUBSCRIBED)
    assert (returned.who("reader@example.test").state is State.UNSUBSCRIBED) is has_left
    assert returned.row(theirs).bounced_at is None
    assert not returned.who("victim@example.test").is_suppressed


def test_every_hostile_message_has_an_outcome_here():
    assert {path.name for path in (DATA / "hostile").iterdir()} == {name for name, _ in OUTCOMES}


def test_a_message_that_comes_twice_counts_once(returned):
    number = returned.send(returned.reader())
    data = returned.sample("hostile/09-duplicate.eml", number)
    assert returned.take(data) is Effect.SUPPRESSED
    again = b"Received: from another way\n" + data
    assert returned.take(again) is Effect.KNOWN


def nested(depth: int, kind: bytes) -> bytes:
    if kind == b"message/rfc822":
        return b"Content-Type: message/rfc822\n\n" * depth
    lines = (
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)
    )
    return b"".join(lines)


def encoded(depth: int) -> bytes:
    data = b"Subject: deep\n\nx"
    for _ in range(depth):
        head = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        data = head + base64.b64encode(data)
    return data


BOMBS = {
    "messages in messages": nested(20_000, b"message/rfc822"),
    "parts in parts": nested(20_000, b"multipart/mixed"),
    "encoded messages in messages": encoded(18),
    "a hundred thousand parts": b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\n\n" * 99_999,
    "parts of one letter's boundary": b'Content-Type: multipart/mixed; boundary="-"\n\n'
    + b"-" * 900_000,
    "a hundred thousand fields": b"X: y\n" * 200_000,
    "a field without end": b"To: " + b"b+" * 450_000,
    "a folded field without end": b"Subject: a\n" + b" a\n" * 300_000,
    "addresses without end": b"To: " + b"u+aaaaaaaaaaaaaaaaaaaaaaaaa@x, " * 30_000,
    "a type without end": b"Content-Type: multipart/mixed;" + b" a=b;" * 190_000,
    "parameters never closed": b'Content-Type: a/b; boundary="' + b'; x="' * 190_000,
    "no line": b"\0" * 1_000_000,
    "only line ends": b"\r\n" * 500_000,
    "quoted-printable without end": b"Content-Transfer-Encoding: quoted-printable\n"
    b"From: mailer-daemon\nSubject: undelivered\n\n" + b"=\n" * 490_000,
    "words of a server": b"From: mailer-daemon\nSubject: undelivered\n\n" + b"user is " * 120_000,
    "dots": b"From: mailer-daemon\nSubject: undelivered\n\n" + b"5.1." * 240_000,
    "ats": b"From: mailer-daemon\nSubject: undelivered\n\n" + b"a@" * 490_000,
    "groups of a status": b"Content-Type: multipart/report; boundary=b\n\n--b\n"
    b"Content-Type: message/delivery-status\n\n" + b"Action: x\n\n" * 90_000,
    "punycode": b"Content-Type: text/plain; charset=punycode\nFrom: mailer-daemon\n"
    b"Subject: undelivered\n\n" + b"a" * 900_000,
    "larger than is read": b"From: mailer-daemon\n" * 500_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_message_takes_much_time_or_memory(name):
    data = BOMBS[name]
    tracemalloc.start()
    began = time.process_time()
    read_report(data)
    took = time.process_time() - began
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50_000_000
    assert took < 10, "a second, and ten times that for a busy machine that counts memory"


def test_depth_and_number_of_parts_are_bounded():
    found = read_message(BOMBS["messages in messages"])
    assert max(part.depth for part in found) == DEEPEST
    assert len(read_message(BOMBS["a hundred thousand parts"])) <= MOST_PARTS
    assert len(read_message(b"X" * (MOST_BYTES * 2))[0].body) <= MOST_BYTES


def test_no_bytes_raise_anything():
    chance = random.Random(7)
    samples = [path.read_bytes() for path in sorted(DATA.rglob("*.eml"))]
    for _ in range(1500):
        data = bytearray(chance.choice(samples)[:6000])
        for _ in range(chance.randrange(1, 30)):
            place = chance.randrange(len(data))
            data[place : place + chance.randrange(4)] = chance.randbytes(chance.randrange(5))
        read_report(bytes(data))


def test_what_a_mail_server_writes_before_a_piped_message_is_no_part_of_it():
    data = b"From MAILER-DAEMON  Tue Mar 10 07:00:09 2026\nSubject: x\n\nbody\n"
    (message,) = read_message(data)
    assert (message.first("subject"), message.body) == ("x", b"body\n")


def test_texts_are_read_in_their_charset_and_never_fail():
    def text(charset: bytes, body: bytes) -> str:
        head = b"Content-Type: text/plain; charset=%s\n\n" % charset
        return read_message(head + body)[0].text

    assert text(b"iso-8859-1", b"\xe9") == "é"
    assert text(b"windows-1256", b"\xc7") == "ا"
    assert text(b"x-unknown", b"\xff") == "\ufffd"
    assert text(b"cp999", b"a") == "a"
    assert text(b"zip", b"a") == "a"
