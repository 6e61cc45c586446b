"""The same whole digest in every language of the interface."""

import re

import pytest
from compose_pieces import joined
from language_pieces import COUNTS, TEXTS, named, whole
from lxml import html as parser

from publisher.render import format_number, phrases
from publisher.render.phrases import COMPLETE
from publisher.settings import packaged

MINUTES = ("%(n)s minute", "%(n)s minutes")
ENGLISH = packaged("templates") / "locale" / "en.po"
# English words of the interface that another language has too, or that are names.
SHARED = {"fr": {"Article", "E-mail"}, "de": {"Downloads"}, "pt": {"E-mail"}, "it": {"E-mail"}}


@pytest.fixture(scope="module")
def made():
    return {}


@pytest.fixture
def digest(request, site, made):
    """Return the digest in one language, made once for all tests of this file."""
    language = request.param
    if language not in made:
        settings = named(site.settings)
        made[language] = (whole(settings, language, is_test=True), settings.site)
    return language, *made[language]


every_language = pytest.mark.parametrize("digest", COMPLETE, indirect=True)


def english():
    """Return the sentences of the interface that hold nothing to fill in."""
    found = re.findall(r'^msgid "([^"]+)"$', ENGLISH.read_text(encoding="utf-8"), re.MULTILINE)
    return {text for text in found if "%(" not in text and text.strip(", ")}


def own_texts(composed):
    """Return the texts of a digest that are in the reader's own language, one for each element."""
    tree = parser.document_fromstring(joined(composed))
    for element in tree.xpath("//*[@lang='en' or @lang='ar'][not(self::html)]"):
        if element.get("lang") != tree.get("lang"):
            element.drop_tree()
    return [" ".join(text.split()) for text in tree.xpath("//body//text()")]


def test_every_language_has_its_texts():
    assert set(TEXTS) == set(COMPLETE)


@every_language
def test_no_sentence_is_left_in_english(digest):
    language, composed, _ = digest
    said = english() - SHARED.get(language, set())
    if language == "en":
        assert len(said & set(own_texts(composed))) > 15
    else:
        assert said & set(own_texts(composed)) == set()
        assert 'lang="en" dir="ltr">' not in composed.html.replace("<div", "").replace("<p", "")


@every_language
def test_language_and_direction_stand_on_the_page_and_each_item(digest):
    language, composed, _ = digest
    tree = parser.document_fromstring(joined(composed))
    direction = "rtl" if language in ("ar", "he", "fa") else "ltr"
    assert (tree.get("lang"), tree.get("dir")) == (language, direction)
    assert tree.xpath(f"count(//h2/ancestor::div[@lang='{language}'][@dir='{direction}'])") > 5


@every_language
def test_minutes_have_the_plural_of_their_count(digest):
    language, composed, site = digest
    lines = {text for text in own_texts(composed) if "·" in text}
    for n in COUNTS:
        said = phrases(language).tn(*MINUTES, n, n=format_number(n, language, site))
        about = " ".join(said.split())
        assert any(about in map(str.strip, line.split("·")) for line in lines), (n, about, lines)


@every_language
def test_the_text_part_is_narrow_enough_to_read(digest):
    from publisher.render.plain import columns

    for line in digest[1].plain.splitlines():
        assert "://" in line or columns(line) <= 72, line


@every_language
def test_labels_of_the_text_part_end_in_the_colon_of_the_language(digest):
    language, composed, _ = digest
    colon = {"fr": "\u00a0:", "zh": "：", "zh-Hant": "：", "ja": "："}.get(language, ":")
    labels = [line for line in composed.plain.splitlines() if re.search(r"\w\s?[:：]$", line)]
    assert len(labels) >= 6
    assert all(line.endswith(colon) for line in labels), labels


@pytest.mark.parametrize("digest", ["fa"], indirect=True)
def test_a_persian_digest_is_dated_by_its_readers_calendar(digest):
    assert "۱۲ اسفند ۱۴۰۴" in digest[1].plain  # 3 March 2026
    assert "۲۸ تا ۳۰ شهریور ۱۴۰۲" in digest[1].plain
