"""What goes wrong in e-mail, one test each: markup, directions, hostile text, size of type."""

import re
from urllib.parse import urlsplit

import pytest
from compose_pieces import (
    PICTURE,
    body,
    choice,
    edition,
    full,
    happening,
    item,
    joined,
    notice,
    word,
)
from lxml import html as parser

from publisher.content.item import Author, Download, Event, EventState, Image, Kind
from publisher.render import contrast

EVIL = (
    "</mj-text><mj-raw><script>alert(1)</script></mj-raw>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"
)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@pytest.fixture
def settings(site):
    return site.settings


def tree(composed):
    return parser.document_fromstring(joined(composed))


def hostile(**more):
    event = full().event
    facts = {
        "title": EVIL,
        "authors": (Author(EVIL),),
        "image": Image("https://example.org/x.png", EVIL, 1, 1),
        "downloads": (Download("https://example.org/x.pdf", EVIL, "application/pdf", 1),),
        "event": Event(event.start, event.end, True, EVIL, EVIL, EVIL),
        "summary": EVIL,
    }
    return full(**(facts | more))


def mixed(settings):
    return edition(
        settings,
        choice(settings, full("ar", title="القمة")),
        choice(settings, full("en", title="The summit"), fallback=True),
        language="ar",
    )


def whole(settings):
    """A digest with all that can stand in one."""
    seen = choice(settings, full("ar", title="القمة", correction="ثلاثة لا أربعة."), pinned=True)
    return edition(
        settings,
        seen,
        choice(settings, item("b", "ar", kind=Kind.EVENT, event=happening()), is_return=True),
        choice(settings, item("c"), is_original=True),
        choice(settings, item("d"), fallback=True),
        *(choice(settings, item(key)) for key in "ef"),
        language="ar",
        word=word("<p>كلمة <a href='https://example.org/x'>المحرر</a></p>"),
        notices=[
            notice(settings, item("g", "ar", event=happening(EventState.MOVED, city="عمّان"))),
            notice(settings, item("h", correction="Three, not four.")),
        ],
    )


def test_hostile_text_stays_text_everywhere(settings):
    made = tree(edition(settings, choice(settings, hostile(), text=body(EVIL)), is_test=True))
    assert made.xpath("//script") == []
    assert made.xpath("//@onerror") == []
    assert {image.get("src") for image in made.xpath("//img")} == {"https://example.org/x.png"}
    assert EVIL in made.text_content()
    assert made.xpath("//img/@alt") == [EVIL]


def test_hostile_text_in_settings_stays_text_too(site):
    toml = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(toml.replace('"Weekly digest"', "'''" + EVIL.replace("'", "") + "'''"))
    settings = site.settings
    made = tree(edition(settings, choice(settings, item()), choice(settings, item("b"))))
    assert made.xpath("//script") == []
    assert made.xpath("//@onerror") == []


def test_hostile_text_cannot_add_a_header(settings):
    made = edition(settings, choice(settings, item(title="Hi\r\nBcc: all@example.org\u2028x")))
    assert "\n" not in made.subject
    assert "\r" not in made.subject
    assert made.subject.isprintable()
    for name, value in made.headers:
        assert (name + value).isprintable()


@pytest.mark.parametrize("language", ["en", "ar", "he", "fa", "fr", "es"])
def test_language_and_direction_stand_on_html_and_article(settings, language):
    made = tree(edition(settings, choice(settings, item(language=language)), language=language))
    direction = "rtl" if language in ("ar", "he", "fa") else "ltr"
    article = made.xpath("//*[@role='article']")[0]
    for element in (made, article):
        assert (element.get("lang"), element.get("dir")) == (language, direction)


def test_sections_columns_and_text_turn_with_the_language(settings):
    arabic = edition(settings, choice(settings, item(language="ar")), language="ar").html
    assert "direction:ltr" not in arabic.replace("direction:ltr;font-size:0px;padding:0px;", "", 1)
    assert "text-align:right" in arabic
    english = edition(settings, choice(settings, item())).html
    assert "direction:rtl" not in english
    assert "text-align:right" not in english


def test_each_item_of_a_mixed_digest_has_its_own_language_direction_and_side(settings):
    made = tree(mixed(settings))
    items = [heading.getparent().getparent() for heading in made.xpath("//h2")]
    assert [(one.get("lang"), one.get("dir")) for one in items] == [("ar", "rtl"), ("en", "ltr")]
    sides = [re.search(r"text-align:(\w+)", one.get("style"))[1] for one in items]
    assert sides == ["right", "left"]
    cells = [one.xpath("ancestor::td[1]")[0].get("align") for one in items]
    assert cells == ["right", "left"]


def test_one_h1_and_one_h2_with_the_only_heading_link_per_item(settings):
    made = tree(mixed(settings))
    assert len(made.xpath("//h1")) == 1
    assert [h.text_content() for h in made.xpath("//h2")] == ["القمة", "The summit"]
    assert len(made.xpath("//h2//a")) == 2
    assert made.xpath("//h1//a | //h3 | //h4") == []


def test_there_is_a_title_and_one_main_landmark(settings):
    made = tree(mixed(settings))
    assert made.xpath("//title")[0].text == "النشرة الأسبوعية · 3 مارس 2026"
    assert len(made.xpath("//*[@role='main']")) == 1
    assert len(made.xpath("//*[@role='main']//h2")) == 2


def test_every_layout_table_says_that_it_is_none(settings):
    html = whole(settings).html
    tables = re.findall(r"<table[^>]*>", html)
    assert len(tables) > 5
    assert all('role="presentation"' in table for table in tables)


def test_every_picture_has_an_alt(settings):
    made = tree(edition(settings, choice(settings, full(), pinned=True)))
    assert made.xpath("//img/@alt") == [PICTURE.alt]


def test_nothing_is_relative_and_nothing_is_loaded_but_pictures(settings):
    made = tree(whole(settings))
    links = [*made.xpath("//@href"), *made.xpath("//@src")]
    assert len(links) > 20
    for link in links:
        parts = urlsplit(link)
        assert parts.scheme in ("https", "mailto"), link
        assert parts.netloc or parts.scheme == "mailto", link
    assert made.xpath("//link | //iframe | //object | //form | //script") == []
    assert "@import" not in joined(whole(settings))
    assert "fonts.g" not in joined(whole(settings))


def test_the_preheader_is_the_first_two_titles_and_hidden(settings):
    made = tree(mixed(settings))
    hidden = made.xpath("//*[contains(@style, 'display:none')]")
    assert len(hidden) == 1
    assert hidden[0].text == "القمة · \u2068The summit\u2069"
    assert "mso-hide:all" in hidden[0].get("style")


def test_dark_mode_sets_every_colour_with_force(settings):
    html = mixed(settings).html
    assert '<meta name="color-scheme" content="light dark"' in html
    dark = html[html.index("prefers-color-scheme: dark") :]
    dark = dark[: dark.index("</style>")]
    rules = re.findall(r"[a-z-]+: [^;{}]+(?=;)", dark)
    assert len(rules) > 8
    assert all("!important" in rule for rule in rules)
    for name in (".ground", ".paper > table", ".ink", ".muted", ".accent", ".rule", ".mark"):
        assert name in dark, name


def test_every_colour_of_the_page_is_named_in_the_dark_too(settings):
    """An element with a light colour and no class would stay dark on dark."""
    made = parser.document_fromstring(COMMENT.sub("", joined(whole(settings))))
    for element in made.xpath("//body//*[contains(@style, 'color:#')]"):
        inside = element.xpath("ancestor-or-self::*[contains(@class, 'g')]")
        named = set((element.get("class") or "").split()) & {
            *("ink", "muted", "accent", "rule", "mark", "ground", "paper"),
        }
        in_cell = element.tag == "div" and element.getparent().get("class") == "g"
        is_table = element.tag == "table" and element.getparent().get("class") == "paper"
        is_hidden = "display:none" in element.get("style")
        is_border = "border-top:4px" in element.get("style")
        assert named or in_cell or is_table or is_hidden or is_border, element.get("style")
        assert inside or is_table or named or is_hidden or is_border


def test_no_text_is_smaller_than_fourteen_pixels(settings):
    html = COMMENT.sub("", whole(settings).html)
    sizes = {int(size) for size in re.findall(r"font-size:(\d+)px", html)}
    assert min(sizes - {0, 1}) == 14  # 0 and 1: structure, the preheader


def test_arabic_is_set_one_step_up_and_never_spaced_or_slanted(settings):
    html = edition(settings, choice(settings, full("ar")), language="ar").html
    assert "font-size:17px;line-height:1.8" in html
    assert "letter-spacing" not in html
    assert "italic" not in html
    assert "justify" not in html
    assert "'Noto Naskh Arabic'" in html
    english = edition(settings, choice(settings, full()), language="en").html
    assert "font-size:16px;line-height:1.55" in english
    assert "Noto Naskh" not in english


def test_a_site_s_font_is_asked_for_first(settings):
    look = settings.look.model_copy(update={"font": "Our 'Font'"})
    html = edition(settings.model_copy(update={"look": look}), choice(settings, item())).html
    assert "font-family:'Our Font', -apple-system" in html


def test_the_width_is_600_pixels_and_16_pixel_gutters_on_phones(settings):
    html = mixed(settings).html
    assert "max-width:600px" in html
    assert ".g { padding-left: 16px !important; padding-right: 16px !important; }" in html


def test_pieces_of_another_script_are_isolated(settings):
    html = edition(settings, choice(settings, full("ar")), language="ar").html
    assert "<bdi>Lina Haddad</bdi>" in html
    assert "<bdi>PDF</bdi>" in html
    assert "<bdi>A guide</bdi>" in html


def test_play_symbols_do_not_turn(settings):
    html = edition(settings, choice(settings, full("ar")), language="ar").html
    assert '<span aria-hidden="true" dir="ltr">▶' in html


def test_a_changed_accent_is_readable_in_the_dark(settings):
    look = settings.look.model_copy(update={"accent": "#7a0019"})
    html = edition(settings.model_copy(update={"look": look}), choice(settings, item())).html
    dark = re.search(r"\.accent[^{]*\{ color: (#\w{6}) !important", html)[1]
    assert contrast(dark, "#15181c") >= 4.5


def test_forty_eight_short_items_fit(settings):
    made = edition(
        settings,
        *(
            choice(settings, item(f"k{n}", title=f"Title {n}"), text=body("A sentence."))
            for n in range(48)
        ),
    )
    assert (made.shown, made.more) == (48, 0)
