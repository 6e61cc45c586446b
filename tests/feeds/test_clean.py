import pytest

from publisher.feeds import clean


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\x00b\x0bc", "abc"),
        ("a\ufffeb\uffff", "ab"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("😀 عربي", "😀 عربي"),
    ],
)
def test_characters_that_xml_forbids_are_gone(text, left):
    assert clean.xml_text(text) == left


def test_a_title_is_one_line():
    assert clean.one_line("a\r\nBcc: x@example.org\u2028b") == "a Bcc: x@example.org b"


@pytest.mark.parametrize(
    ("title", "language", "has_mark"),
    [
        ("PDF: تقرير", "ar", True),
        ("تقرير PDF", "ar", False),
        ("2026: تقرير", "ar", False),
        ("PDF report", "en", False),
        ("Report עברית", "he", True),
        ("2026", "ar", False),
    ],
)
def test_only_a_right_to_left_title_that_begins_in_latin_gets_the_mark(title, language, has_mark):
    assert clean.title_text(title, language) == ("\u200f" if has_mark else "") + title


@pytest.mark.parametrize(
    ("address", "ascii_address"),
    [
        ("https://example.org/ar/مؤتمر/", "https://example.org/ar/%D9%85%D8%A4%D8%AA%D9%85%D8%B1/"),
        ("https://example.org/a?b=1&c=%20", "https://example.org/a?b=1&c=%20"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://example.org/a b\n", "https://example.org/ab"),
        ('https://example.org/"<x>', "https://example.org/%22%3Cx%3E"),
    ],
)
def test_addresses_become_ascii(address, ascii_address):
    assert clean.web_address(address) == ascii_address


def test_addresses_inside_html_become_ascii_and_text_stays():
    html = '<p>نص <a href="https://example.org/مؤتمر?a=1&amp;b=2">رابط</a></p>'
    assert clean.html_text(html) == (
        '<p>نص <a href="https://example.org/%D9%85%D8%A4%D8%AA%D9%85%D8%B1?a=1&amp;b=2">رابط</a></p>'
    )


@pytest.mark.parametrize(
    ("title", "markup"),
    [
        ("AT&T and R&D", "AT&T and R&D"),
        ("a < b", "a &lt; b"),
        ("write &lt; for it", "write &amp;lt; for it"),
        ("<script>", "&lt;script>"),
    ],
)
def test_plain_text_is_rewritten_only_where_a_reader_would_take_it_for_markup(title, markup):
    assert clean.as_markup(title) == markup
