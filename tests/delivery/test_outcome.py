import pytest

from publisher.delivery.outcome import answer_code, without_address


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
