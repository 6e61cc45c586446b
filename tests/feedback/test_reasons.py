"""Replies of well-known servers, and what each means for a reader."""

import pytest

from publisher.feedback import Effect, Kind
from publisher.feedback.reasons import reason, without_addresses

HARD, SOFT, BLOCKED, UNCLEAR = Kind.HARD, Kind.SOFT, Kind.BLOCKED, Kind.UNCLEAR


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.1.1", "550 5.1.1 <no-spam@blocked.test> User unknown; rejecting", HARD),
        ("5.0.0", "554 delivery error: dd This user doesn't have a yahoo.com account [0]", HARD),
        ("5.0.0", "550 permanent failure (x@y.test:550 5.1.1 <x@y.test> User unknown)", HARD),
        ("5.1.10", "550 5.1.10 NULL MX", HARD),
        ("5.4.4", "Host or domain name not found", HARD),
        ("5.4.4", "unable to route", SOFT),
        ("5.2.2", "552 5.2.2 mailbox full", SOFT),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled.", SOFT),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied.", SOFT),
        ("5.0.0", "550 Requested action not taken: mailbox unavailable", SOFT),
        ("4.4.7", "Delivery expired, message too old", SOFT),
        ("4.2.2", "452 4.2.2 over quota, no such user", SOFT),
        ("5.7.1", "550 5.7.1 user unknown", BLOCKED),
        ("5.1.1", "550 5.1.1 your server is listed by zen.spamhaus.test", BLOCKED),
        ("5.0.0", "554 Message rejected: 192.0.2.3 listed at b.list.test", BLOCKED),
        ("5.7.26", "550-5.7.26 the sender is unauthenticated", BLOCKED),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", BLOCKED),
        ("5.1.8", "550 5.1.8 Bad sender's system address", BLOCKED),
        ("", "550 Sender verify failed: no such user", BLOCKED),
        ("", "no reason at all", UNCLEAR),
        ("", "", UNCLEAR),
        ("9.9.9", "", UNCLEAR),
    ],
)
def test_a_reply_means(status, words, kind):
    assert reason(status, words)[0] is kind


def test_words_are_kept_without_addresses_and_controls():
    said = "550 <a.b+c@city.test>:\r\n\tno \0 user\x1b[31m reader@xn--p1ai.test"
    assert without_addresses(said) == "550 <<address>>: no \\x00 user\\x1b[31m <address>"


def test_a_nul_in_a_server_s_words_can_be_stored(returned):
    number = returned.send(returned.reader())
    data = returned.sample("postfix-unknown.eml", number)
    assert returned.take(data.replace(b"User unknown", b"User\0unknown \xff")) is Effect.SUPPRESSED
