import pytest

from publisher.digests.compose.text import clean, sentence, shorten
from publisher.render import compile_parts, mark


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a \u2068name\u2069 b", "a \u2068name\u2069 b"),
        ("a \u2068name", "a \u2068name\u2069"),
        ("name\u2069 b", "name b"),
        ("\u202eabc\u202c d", "\u2067abc\u2069 d"),
        ("\u202dabc", "\u2066abc\u2069"),
        ("\u202a\u202ba\u202c", "\u2066\u2067a\u2069\u2069"),
        ("\u200fMarks stay\u200e", "\u200fMarks stay\u200e"),
        ("a\x00b\x1bc\x85d\u2028e", "a b c d e"),
        ("line\nline\ttab", "line\nline\ttab"),
    ],
)
def test_nothing_in_a_clean_text_reaches_beyond_it(text, expected):
    assert clean(text) == expected


def test_a_clean_text_holds_no_mark():
    assert compile_parts(clean(f"a {mark('address')} b")).names == ()


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("one two three", 20, "one two three"),
        ("one two three", 12, "one two…"),
        ("one, two three", 9, "one, two…"),
        ("one,  two three", 6, "one…"),
        ("unbroken", 5, "unbr…"),
    ],
)
def test_texts_are_cut_between_words(text, most, expected):
    assert shorten(text, most) == expected
    assert len(expected) <= max(most, len(text))


def test_an_isolate_that_is_cut_off_is_closed():
    assert sentence("see \u2068a long name\u2069 there", 12) == "see \u2068a long…\u2069"


def test_a_sentence_is_one_line():
    assert sentence(" one\r\n two\x0b three ", 50) == "one two three"
