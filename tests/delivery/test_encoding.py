"""Texts encoded once with values set in later read back whole, and are fit to travel as they are."""

import re
from base64 import b64decode
from html import escape
from quopri import decodestring

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.delivery.message.encoding import Base64, Quoted, encode
from publisher.render import compile_parts, mark

TEXT = st.text(alphabet="ab .=-é中\t\n\r😀<&", max_size=160)
URL, SINCE = mark("unsubscribe_url"), mark("since")


def wire(text):
    return "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).encode()


def decoded(kind, pieces):
    data = b"".join(pieces)
    return b64decode(data) if kind is Base64 else decodestring(data)


@pytest.mark.parametrize("kind", [Quoted, Base64])
@given(
    st.tuples(TEXT, TEXT, TEXT),
    st.text(alphabet="ab .=é\t😀<&", max_size=100),
    st.text(alphabet="xy.", max_size=170),
    st.booleans(),
)
@example(("", "", ""), "", "", False)
@example(("x" * 76, "", "." * 3), " ", ".", False)
@example(("x" * 73 + "=", "\r\n.", "."), "é" * 30, "." * 160, True)
def test_values_set_into_encoded_texts_read_back(kind, texts, first, second, is_html):
    made = kind.of([wire(text) for text in texts], ("a", "b"), is_html)
    pieces = made.pieces({"a": first, "b": second})
    said = [escape(value) if is_html else value for value in (first, second)]
    expected = wire(texts[0]) + wire(said[0]) + wire(texts[1]) + wire(said[1]) + wire(texts[2])
    assert decoded(kind, pieces) == expected
    data = b"".join(pieces)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)
    for line in data.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert not re.search(rb"[ \t]{2}|[ \t]$", line)


def test_the_shorter_encoding_is_taken():
    latin = encode(compile_parts("The news. " * 50 + URL), is_html=False)
    arabic = encode(compile_parts("مدن " * 50 + URL), is_html=False)
    assert (latin.name, arabic.name) == (b"quoted-printable", b"base64")


def test_a_value_that_is_missing_is_an_error():
    for text in ("news " + SINCE, "مدن " * 30 + SINCE):
        with pytest.raises(KeyError):
            encode(compile_parts(text), is_html=False).pieces({})


def test_a_link_stands_whole_on_its_lines():
    made = encode(compile_parts(f"Leave:\n{URL}\nBye"), is_html=False)
    link = "https://news.cities.test/u/abc"
    assert b"".join(made.pieces({"unsubscribe_url": link})) == f"Leave:\r\n{link}\r\nBye".encode()
