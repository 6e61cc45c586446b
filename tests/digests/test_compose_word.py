"""The editor's word: where it stands, what it replaces, and what of it cannot do harm."""

import pytest
from compose_pieces import choice, edition, full, item, joined, plain, word
from selectolax.lexbor import LexborHTMLParser

from publisher.digests.compose import LARGEST
from publisher.digests.compose.word import WORD_LENGTH
from publisher.render import compile_parts, mark

SAID = "Two reports this week, and <strong>a request</strong>."


@pytest.fixture
def settings(site):
    return site.settings


def tree(composed):
    return LexborHTMLParser(joined(composed))


def said(settings, given, *, language="en"):
    """Return an edition with one item and a word."""
    one = choice(settings, item(language=language))
    return edition(settings, one, word=given, language=language)


def spoken(composed):
    """Return the element that holds the word."""
    return tree(composed).css_first("h1 ~ div")


def test_the_word_stands_between_the_date_and_the_rest(settings):
    made = said(settings, word(f"<p>{SAID}</p>", text="Two reports this week, and a request."))
    html, text = made.html, made.plain
    assert html.index("3 March 2026</p>") < html.index("Two reports") < html.index('role="main"')
    assert text.index("3 March 2026") < text.index("Two reports") < text.index("1. The mayors")
    assert spoken(made).css_first("p strong").text() == "a request"
    assert (spoken(made).attributes["lang"], spoken(made).attributes["dir"]) == ("en", "ltr")


def test_without_a_word_nothing_stands_there(settings):
    assert spoken(edition(settings, choice(settings, item()))) is None
    assert said(settings, word()) == edition(settings, choice(settings, item()))


def test_a_word_that_has_only_text_is_shown_in_paragraphs(settings):
    made = said(settings, word(text="One < two.\n\nAnd more."))
    assert [part.text() for part in spoken(made).css("p")] == ["One < two.", "And more."]


def test_a_word_that_has_only_html_is_in_the_text_part_too(settings):
    made = said(settings, word("<p>One &lt; two.</p><ul><li>first</li><li>second</li></ul>"))
    shown = plain(made)
    assert "One < two.\n\n" in shown
    assert "first\n\nsecond" in shown


def test_links_of_the_word_are_in_the_text_part_once_each_on_its_line(settings):
    link = '<a href="https://example.org/a">there</a>'
    other = '<a href="https://example.org/b">https://example.org/b</a>'
    given = word(f"<p>{link} {link} {other}</p>", text="there there https://example.org/b")
    lines = plain(said(settings, given)).splitlines()
    assert lines.count("https://example.org/a") == 1
    assert lines.count("https://example.org/b") == 0


def test_links_of_the_word_are_coloured_as_all_others_in_both_schemes(settings):
    link = spoken(said(settings, word('<p><a href="https://example.org/a">a</a></p>'))).css_first(
        "a"
    )
    assert link.attributes["class"] == "accent"
    assert f"color:{settings.look.accent}" in link.attributes["style"]


def test_the_digest_s_own_headings_are_the_only_ones(settings):
    made = said(settings, word("<h1>A heading</h1><h2>Another</h2><p>Text</p>"))
    page = tree(made)
    assert [one.text() for one in page.css("h1, h2")] == ["Weekly digest", "The mayors met"]
    assert "A heading" in spoken(made).text()


@pytest.mark.parametrize(("language", "is_slanted"), [("en", True), ("ar", False), ("ja", False)])
def test_emphasis_is_slanted_only_where_the_script_knows_it(site, language, is_slanted):
    toml = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(toml.replace('"fr"]', '"fr", "ja"]'))
    made = said(site.settings, word("<p><i>x</i></p>"), language=language)
    style = spoken(made).css_first("em").attributes.get("style", "")
    assert ("font-style:normal" not in style) is is_slanted


def test_parts_in_another_language_keep_their_direction(settings):
    given = word('<p dir="ltr" lang="EN_gb">Hello <span dir="rtl">سلام</span></p>', text="Hello")
    made = said(settings, given, language="ar")
    paragraph = spoken(made).css_first("p")
    assert (paragraph.attributes["dir"], paragraph.attributes["lang"]) == ("ltr", "en-GB")
    assert paragraph.css_first("span").attributes["dir"] == "rtl"
    assert "\u200fHello" in made.plain


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("", "Weekly digest: The mayors met"),
        ("A word about harbours", "A word about harbours"),
        ("{name}, {date}: {first}", "Weekly digest, 3 March 2026: The mayors met"),
        ("{count} for you", "1 for you"),
        ("{{ 7*7 }} {name.__class__} %(x)s", "{{ 7*7 }} {name.__class__} %(x)s"),
    ],
)
def test_the_word_s_subject_replaces_the_digest_s(settings, subject, expected):
    assert said(settings, word(subject=subject)).subject == expected


@pytest.mark.parametrize(
    "evil",
    [
        "Hi\r\nBcc: all@example.org\r\n\r\nbody",
        "a\x00b\x1b\x85\u2028c",
        f"for {mark('address')}",
        "=?utf-8?q?=0d=0aBcc:?=",
        "safe\u202egnp.exe and \u2067more",
        "word " * 2000,
        "x" * 10_000,
        "{first}" * 2000,
    ],
)
def test_hostile_subjects_and_preheaders_are_one_short_clean_line(settings, evil):
    made = said(settings, word(subject=evil, preheader=evil))
    assert compile_parts(made.subject).names == ()
    assert len(made.subject) < 1000
    hidden = tree(made).css_first("div[style*='display:none']").text()
    assert len(hidden) <= 201
    for text in (made.subject, hidden):
        assert not set(text) & set("\r\n\x00\x1b\x85\u2028\u202a\u202b\u202c\u202d\u202e")
        assert sum(map(text.count, "\u2066\u2067\u2068")) == text.count("\u2069")
    assert "=?" not in made.subject


def test_the_word_s_preheader_replaces_the_titles(settings):
    hidden = tree(said(settings, word(preheader="Two things & more"))).css_first(
        "div[style*='display:none']"
    )
    assert hidden.text() == "Two things & more"


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script><p onclick='x()'>a</p>",
        "</div></mj-text><mj-raw><script>alert(1)</script></mj-raw>",
        "<p><a href='javascript:alert(1)'>a</a><a href='//evil.example/'>b</a><a>c</a></p>",
        "<p style='position:fixed' class='g'>a<img src=x onerror=alert(1)></p><!-- -->",
        "<p>a < b && c <b>open <i>twice",
        "<div>" * 10_000 + "deep",
        "<b>" * 10_000 + "deep",
        f"<p>{mark('unsubscribe_url')} <a href='https://e.org/{mark('address')}'>a</a></p>",
        "a\x00\x1b\u202eb \u2066c",
        "<svg><a href='https://e.org'>x</a></svg><math><mi>x</mi></math><style>*{}</style>",
        "{{ 7*7 }}{% raw %}",
        "<html><frameset></frameset></html>",
        "<!doctype html><html><body>a</body></html><body>b</body>",
        "<?xml version='1.0' encoding='ascii'?><p>a</p>",
        "</body></html><script>alert(1)</script>",
        "",
    ],
)
def test_hostile_words_do_nothing(settings, evil):
    quiet = edition(settings, choice(settings, item()))
    made = said(settings, word(evil, text="x" + evil))
    page = tree(made)
    assert page.css("script, svg, math, iframe, img, [onclick], [onerror]") == []
    assert len(page.css("h2")) == 1
    assert len(page.css("style")) == len(tree(quiet).css("style"))
    for link in page.css("a"):
        assert link.attributes["href"].startswith(("https://", "mailto:")), link.html
    assert set(compile_parts(made.html).names) == set(compile_parts(quiet.html).names)
    assert set(compile_parts(made.plain).names) == set(compile_parts(quiet.plain).names)
    for text in (joined(made), plain(made)):
        assert not set(text) & set("\x00\x1b\u202e")


@pytest.mark.parametrize(
    "text",
    [
        "word " * 60_000,
        "x" * 300_000,
        "<p>p</p>" * 50_000,
        "<br>" * 50_000,
        "".join(f'<a href="https://example.org/{n}{"y" * 1900}">z</a>' for n in range(100)),
    ],
)
def test_a_word_of_any_length_leaves_room_for_items(settings, text):
    made = said(settings, word(text, text=text))
    assert compile_parts(made.html).longest <= LARGEST
    assert made.shown == 1
    assert len(spoken(made).text()) <= WORD_LENGTH
    assert len(made.plain) < 20_000


def test_a_word_is_cut_between_words(settings):
    made = said(settings, word("<p>" + "word " * 2000 + "</p>"))
    assert spoken(made).text().endswith("word…")
    assert "word…" in made.plain


def test_the_word_counts_into_the_size_of_a_mail(settings):
    blocks = [choice(settings, full(key=f"k{n}")) for n in range(60)]
    made = edition(settings, *blocks, word=word("<p>" + "word " * 500 + "</p>"))
    assert compile_parts(made.html).longest <= LARGEST
    assert 0 < made.shown < 60
