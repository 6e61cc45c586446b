import pytest

from publisher.render import LONGEST_VALUE, MARKS, compile_parts, mark, without_marks

VALUES = {
    "unsubscribe_url": "https://news.example.org/u/T?a=1&b=2",
    "preferences_url": "https://news.example.org/preferences/T",
    "address": "o'hara&co@example.org",
    "since": "2 مارس 2026",
}


def test_each_mark_is_one_ascii_word_unlike_the_others():
    words = [mark(name) for name in MARKS]
    assert len(set(words)) == len(MARKS)
    assert all(word.isascii() and word.isalnum() for word in words)
    assert not any(one in other for one in words for other in words if one != other)


def test_a_name_that_is_no_mark_is_an_error():
    with pytest.raises(KeyError):
        mark("password")


def test_values_stand_where_their_marks_stood():
    text = f"to {mark('address')}: {mark('unsubscribe_url')} and {mark('address')}"
    assert compile_parts(text).join(VALUES) == (
        "to o'hara&co@example.org: https://news.example.org/u/T?a=1&b=2 and o'hara&co@example.org"
    )


def test_values_are_escaped_in_html():
    joined = compile_parts(f'<a href="{mark("unsubscribe_url")}">').join(VALUES, is_html=True)
    assert joined == '<a href="https://news.example.org/u/T?a=1&amp;b=2">'


def test_a_value_that_holds_a_mark_is_not_spliced_again():
    values = {**VALUES, "address": mark("since")}
    assert compile_parts(mark("address")).join(values) == mark("since")


def test_text_without_marks_is_joined_as_it_is():
    assert compile_parts("nothing").join({}) == "nothing"


def test_a_missing_value_is_an_error():
    with pytest.raises(KeyError, match="since"):
        compile_parts(mark("since")).join({})


def test_longest_counts_bytes_and_every_mark():
    parts = compile_parts(f"مدن {mark('address')} {mark('address')}")
    assert parts.longest == len("مدن  ".encode()) + 2 * LONGEST_VALUE


def test_author_text_cannot_hold_a_mark():
    assert compile_parts(without_marks(f"a {mark('address')} b")).names == ()
    assert without_marks("plain") == "plain"
