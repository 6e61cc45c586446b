import pytest

from publisher.delivery.outcome import (
    Kind,
    Outcome,
    answer_code,
    answer_words,
    is_quota,
    without_address,
)


@pytest.mark.parametrize(
    ("reply", "text", "code"),
    [
        (550, "5.1.1 no such user", "5.1.1"),
        (550, "no such user", "550"),
        (450, "4.7.1 greylisted", "4.7.1"),
        (550, "2.0.0 a server that mixes up its classes", "550"),
        (550, "see RFC 5.1.1", "550"),
        (552, "5.1.10 null MX", "5.1.10"),
    ],
)
def test_the_enhanced_code_counts_when_it_fits_the_reply(reply, text, code):
    assert answer_code(reply, text) == code


def test_answers_never_hold_the_address():
    told = "5.1.1 <Jane@Readers.TEST>: unknown; jane@readers.test rejected\r\nby us"
    kept = without_address(told, "jane@readers.test")
    assert "jane" not in kept.lower()
    assert kept == "5.1.1 <recipient>: unknown; <recipient> rejected\\r\\nby us"


def test_the_cut_does_not_leave_half_an_address():
    kept = without_address("x" * 495 + " jane@readers.test", "jane@readers.test")
    assert "jane" not in kept


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("5.4.5", "550 5.4.5 Daily user sending limit exceeded", True),
        ("452", "452 4.3.1 hourly sending quota exceeded, try again later", True),
        ("450", "450 daily message limit reached", True),
        ("554", "554 sending limit exceeded", True),
        ("421", "421 4.7.0 quota exceeded for this account", True),
        ("421", "421 4.7.0 too many messages, slow down", False),
        ("4.7.28", "421 4.7.28 unusual rate of mail from your address", False),
        ("4.2.2", "452 4.2.2 the mailbox is over its storage quota per day", False),
        ("5.3.4", "552 5.3.4 message size exceeds the limit of this server", False),
        ("5.1.1", "550 5.1.1 no such account", False),
    ],
)
def test_a_quota_of_ours_is_told_from_a_rate_a_size_and_a_full_mailbox(code, text, expected):
    assert is_quota(code, text) is expected


def test_a_receiver_that_finds_us_too_fast_is_heard():
    assert Outcome(Kind.DEFERRED, "4.7.28", "421 4.7.28 unusual rate").is_too_fast
    assert Outcome(Kind.DEFERRED, "451", "451 rate limited, too many messages").is_too_fast
    assert not Outcome(Kind.DEFERRED, "4.2.0", "450 4.2.0 greylisted").is_too_fast


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        ("2.0.0", "2.0.0 Ok: queued as 5FFE2468124", "2.0.0 Ok: queued as 5FFE2468124"),
        ("550", "no such person", "550 no such person"),
        ("", "the connection was closed", "the connection was closed"),
        ("250", "", "250"),
    ],
)
def test_a_code_stands_before_what_was_said_once(code, text, words):
    assert answer_words(code, text) == words
