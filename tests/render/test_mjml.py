"""Each trap of mrml that was met, pinned: what we refuse, and what mrml does without us."""

import re

import pytest
from lxml import html as parser
from mjml import mjml2html

from publisher.errors import RenderError
from publisher.render.mjml import DEEPEST, to_html
from publisher.render.splice import MARKS, mark


def page(inside, head="", attributes='lang="ar" dir="rtl"'):
    return (
        f"<mjml {attributes}><mj-head>{head}</mj-head><mj-body>\n"
        f"<mj-section><mj-column>\n{inside}\n</mj-column></mj-section></mj-body></mjml>"
    )


def test_language_and_direction_reach_html_and_article():
    html = to_html(page("<mj-text>مدن</mj-text>"))
    assert html.startswith('<!doctype html><html lang="ar" dir="rtl"')
    assert 'role="article" lang="ar" dir="rtl"' in html


def test_no_font_is_loaded_from_the_network():
    source = page('<mj-text font-family="Ubuntu">x</mj-text>')
    assert "fonts.googleapis.com" in mjml2html(source)  # the default, which is why fonts={}
    assert "fonts.googleapis.com" not in to_html(source)


@pytest.mark.parametrize("name", MARKS)
def test_marks_survive_in_text_and_attributes(name):
    word = mark(name)
    html = to_html(page(f'<mj-text><a href="{word}" title="{word}">{word}</a></mj-text>'))
    assert f'<a href="{word}" title="{word}">{word}</a>' in html


@pytest.mark.parametrize(
    "text", ["مقعدًا", "می‌خواهم", "\u2068x\u2069", "שָׁלוֹם", "a\\b", "a\nb\tc", "e\u0301"]
)
def test_marks_over_letters_and_joiners_survive_in_attributes(text):
    """mrml writes attributes as Rust's debug form does: its own output would say "\\u{64b}"."""
    source = page(
        f'<mj-image src="https://e.org/x.png" alt="{text}" /><mj-text><a title="{text}">{text}</a></mj-text>',
        head=f"<mj-title>{text}</mj-title>",
    )
    assert text not in re.search('aria-label="([^"]*)"', mjml2html(source, fonts={}))[1]
    made = parser.document_fromstring(to_html(source))
    assert made.xpath("//img/@alt") == made.xpath("//a/@title") == [text]
    assert made.xpath("//@aria-label") == [text]
    assert made.xpath("//title/text()") == made.xpath("//a/text()") == [text]


def test_the_section_of_class_role_main_is_the_main_landmark():
    source = page("<mj-text>x</mj-text>").replace(
        "<mj-section>", '<mj-section css-class="role-main wide">'
    )
    html = to_html(source)
    assert html.count('role="main"') == 1
    assert '<div role="main" class="wide"' in html


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("<mj-tixt>x</mj-tixt>", "<mj-tixt> is no MJML element"),
        ('<mj-include path="x.mjml" />', "loses the width"),
        ("<mj-html-attributes></mj-html-attributes>", "is not supported"),
        ("<mj-preview>x</mj-preview>", "white on white"),
        ('<mj-font name="x" href="https://x" />', "loads a font"),
        ('<mj-style inline="inline">a{}</mj-style>', "inline> is not supported"),
        ('<mj-image src="https://e.org/x.png" />', "has no alt"),
        ('<mj-text><img src="https://e.org/x.png"></mj-text>', "has no alt"),
        ('<mj-text padding="0 24px">x</mj-text>', "write 0px"),
        ('<mj-text padding="8px 0">x</mj-text>', "write 0px"),
        ('<mj-section padding-top="0"></mj-section>', "write 0px"),
        ("<mj-text><p>x</mj-text>", "</mj-text> closes what is not open; expected </p>"),
        ("<mj-text><ul><li>x</ul></mj-text>", "expected </li>"),
        ("<mj-text>1 < 2</mj-text>", 'a bare "<"'),
        ("<mj-text><![CDATA[x]]></mj-text>", "CDATA"),
        ("<mj-text><p class=x>x</p></mj-text>", "needs a value in double quotes"),
        ("<mj-text><p title='a\"b'>x</p></mj-text>", "needs a value in double quotes"),
        ("<mj-text><input disabled></mj-text>", "needs a value in double quotes"),
    ],
)
def test_what_mail_readers_would_trip_over_is_refused_with_its_line(inside, why):
    with pytest.raises(RenderError) as caught:
        to_html(page("<mj-text>قمة</mj-text>\n" + inside))
    assert caught.value.line == 4
    assert why in str(caught.value)


def test_ornaments_may_have_an_empty_alt():
    assert 'alt=""' in to_html(page('<mj-image src="https://e.org/x.png" alt="" />'))


def test_a_tag_that_is_never_closed_is_named():
    with pytest.raises(RenderError, match=r"MJML:1: <mj-body> is never closed"):
        to_html("<mjml><mj-body>")


def test_deep_nesting_is_refused_before_mrml_sees_it():
    depth = 10_000
    with pytest.raises(RenderError, match="inside each other"):
        to_html(page(f"<mj-text>{'<div>' * depth}{'</div>' * depth}</mj-text>"))
    few = DEEPEST // 2
    assert to_html(page(f"<mj-text>{'<div>' * few}{'</div>' * few}</mj-text>"))


def test_mrml_s_own_refusals_name_the_line_though_it_counts_bytes():
    """mrml counts bytes of UTF-8, and Arabic letters take two."""
    head = f"\n<mj-title>{'قمة ' * 50}</mj-title>\n<div>x</div>\n"
    with pytest.raises(RenderError) as caught:
        to_html(page("", head=head))
    assert caught.value.line == 3
    assert "MJML was refused" in str(caught.value)
