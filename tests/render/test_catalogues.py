"""The packaged catalogues: every sentence that is said anywhere, in every language."""

import ast
import re
from gettext import c2py
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from publisher.digests import Standing
from publisher.digests.compose.block import KIND_WORDS
from publisher.editors import report
from publisher.feeds import channel, words
from publisher.render import missing, phrases
from publisher.render.phrases import COMPLETE
from publisher.settings import packaged

ROOT = Path(__file__).parents[2]
TEMPLATES = packaged("templates")
SPEAKERS = {"t", "tn", "bare"}
MINUTES = ("%(n)s minute", "%(n)s minutes")
COUNTS = (0, 1, 2, 3, 11, 100, 1_000_000)
# Says something differently from its language's catalogue, and leaves the rest to it.
REGIONAL = ("pt-PT",)
# Texts that are the same everywhere, and words that a language shares with English.
SAME = {", ", "%(number)s B", "%(label)s:", "%(site)s", "%(site)s: %(category)s"}
SHARED = {
    "fr": {"Article", "E-mail", *MINUTES},
    "de": {"Downloads", "Feeds", "Test: %(subject)s"},
    "es": {"%(number)s kB", "%(number)s MB", "%(number)s GB"},
    "pt": {"E-mail", "Feeds", "%(site)s: feeds"},
    "it": {"E-mail", "Feed", "%(site)s: feed"},
}


def catalogue(language):
    with (TEMPLATES / "locale" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


def texts(message):
    return message.string if message.pluralizable else (message.string,)


def said_in_templates():
    environment = Environment()
    for path in sorted(TEMPLATES.rglob("*.j2")):
        tree = environment.parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in SPEAKERS:
                first = call.args[0] if call.args else None
                if isinstance(first, nodes.Const):
                    yield path.name, first.value


def said_in_code():
    for path in sorted((ROOT / "publisher").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if name in SPEAKERS and isinstance(first, ast.Constant):
                yield path.name, first.value


def said_by_name():
    for value in KIND_WORDS.values():
        yield "compose_block.py", value
    yield from (("standing.py", one.sentence) for one in Standing)
    for table in (report.TITLES, report.COUNTS):
        yield from (("report.py", value) for value in table.values())
    for module in (words, channel, report):
        for name, value in vars(module).items():
            if name.lstrip("_").isupper() and isinstance(value, str):
                yield module.__name__, value
    for table in (channel._TITLES, channel._DESCRIPTIONS):
        yield from (("channel.py", value) for value in table.values())


def test_every_sentence_of_templates_and_code_has_an_entry():
    known = {message.id[0] if message.pluralizable else message.id for message in catalogue("en")}
    said = [*said_in_templates(), *said_in_code(), *said_by_name()]
    assert len(said) > 50
    assert [place for place in said if place[1] not in known] == []


@pytest.mark.parametrize("language", COMPLETE)
def test_no_word_is_missing(language):
    assert missing(language) == []


@pytest.mark.parametrize("language", COMPLETE)
def test_no_word_is_empty_or_fuzzy_or_obsolete(language):
    found = catalogue(language)
    assert not found.obsolete
    assert not any(message.fuzzy for message in found if message.id)


def test_every_catalogue_is_one_that_is_kept_complete():
    found = {path.stem for path in (TEMPLATES / "locale").glob("*.po")}
    assert found == {*COMPLETE, *REGIONAL}


@pytest.mark.parametrize("language", REGIONAL)
def test_a_country_s_catalogue_says_only_what_it_says_differently(language):
    base = {message.id: message.string for message in catalogue(language[:2]) if message.id}
    own = {message.id: message.string for message in catalogue(language) if message.id}
    assert own.keys() <= base.keys()
    same = {key for key in own if own[key] == base[key]}
    assert not [key for key in same if isinstance(key, str)]  # plurals have rules of their own
    assert not any("must hold" in wrong for wrong in missing(language))


@pytest.mark.parametrize("language", [*COMPLETE, *REGIONAL])
def test_no_word_holds_what_html_reads(language):
    assert not re.search(
        '[<>&"]', "".join(text for one in catalogue(language) if one.id for text in texts(one))
    )


@pytest.mark.parametrize("language", [tag for tag in COMPLETE if tag != "en"])
def test_no_word_was_left_in_english(language):
    same = SAME | SHARED.get(language, set())
    left = [
        text
        for message in catalogue(language)
        if message.id
        for text in texts(message)
        if text in message.id and text not in same
    ]
    assert left == []


@pytest.mark.parametrize("language", ["ar", "fa", "he", "ru", "uk", "zh", "zh-Hant", "ja"])
def test_a_catalogue_of_another_script_holds_its_own_signs(language):
    for message in catalogue(language):
        if message.id:
            left = [re.sub(r"%\(\w+\)s|OPML|\b[kMG]?B\b", "", text) for text in texts(message)]
            assert not any(re.search("[A-Za-z]", text) for text in left), message.id


@pytest.mark.parametrize("language", ["zh", "zh-Hant", "ja"])
def test_chinese_and_japanese_have_punctuation_of_their_own_width(language):
    for message in catalogue(language):
        if message.id:
            assert not any(re.search(r"[,.:;?!]|\((?!\w+\)s)", text) for text in texts(message))


@pytest.mark.parametrize("language", ["ar", "fa"])
def test_arabic_script_has_its_own_comma_and_question_mark(language):
    for message in catalogue(language):
        if message.id:
            assert not any(re.search(r"[,;?]", text) for text in texts(message)), message.id


def test_french_keeps_its_high_punctuation_on_the_line_of_its_word():
    for message in catalogue("fr"):
        if message.id:
            said = "".join(texts(message))
            assert not re.search("[^\u00a0][:;?!»]|«[^\u00a0]", said), message.id


@pytest.mark.parametrize("language", [*COMPLETE, *REGIONAL])
def test_plurals_follow_cldr(language):
    found = catalogue(language)
    rule = Locale.parse(language, sep="-").plural_form
    place = c2py(found.plural_expr)
    forms: dict[int, set[str]] = {}
    for n in [*range(1000), 1011, 20_100, 100_002, 1_000_000, 1_000_001, 3_000_000]:
        forms.setdefault(place(n), set()).add(rule(n))
    assert all(len(names) == 1 for names in forms.values()), forms
    assert len({name for names in forms.values() for name in names}) == found.num_plurals


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "0 minutes|1 minute|2 minutes|3 minutes|11 minutes|100 minutes|1000000 minutes"),
        ("ar", "أقل من دقيقة|دقيقة واحدة|دقيقتان|3 دقائق|11 دقيقة|100 دقيقة|1000000 دقيقة"),
        ("fr", "0 minute|1 minute|2 minutes|3 minutes|11 minutes|100 minutes|1000000 de minutes"),
        ("es", "0 minutos|1 minuto|2 minutos|3 minutos|11 minutos|100 minutos|1000000 de minutos"),
        ("he", "0 דקות|דקה אחת|שתי דקות|3 דקות|11 דקות|100 דקות|1000000 דקות"),
        ("fa", "0 دقیقه|1 دقیقه|2 دقیقه|3 دقیقه|11 دقیقه|100 دقیقه|1000000 دقیقه"),
        ("de", "0 Minuten|1 Minute|2 Minuten|3 Minuten|11 Minuten|100 Minuten|1000000 Minuten"),
        ("pt", "0 minuto|1 minuto|2 minutos|3 minutos|11 minutos|100 minutos|1000000 de minutos"),
        (
            "pt-PT",
            "0 minutos|1 minuto|2 minutos|3 minutos|11 minutos|100 minutos|1000000 de minutos",
        ),
        ("ru", "0 минут|1 минута|2 минуты|3 минуты|11 минут|100 минут|1000000 минут"),
        ("uk", "0 хвилин|1 хвилина|2 хвилини|3 хвилини|11 хвилин|100 хвилин|1000000 хвилин"),
        ("zh", "0 分钟|1 分钟|2 分钟|3 分钟|11 分钟|100 分钟|1000000 分钟"),
        ("zh-Hant", "0 分鐘|1 分鐘|2 分鐘|3 分鐘|11 分鐘|100 分鐘|1000000 分鐘"),
        ("ja", "0分|1分|2分|3分|11分|100分|1000000分"),
        ("tr", "0 dakika|1 dakika|2 dakika|3 dakika|11 dakika|100 dakika|1000000 dakika"),
        ("it", "0 minuti|1 minuto|2 minuti|3 minuti|11 minuti|100 minuti|1000000 di minuti"),
    ],
)
def test_minutes_are_counted_as_the_language_counts(language, expected):
    said = [phrases(language).tn(*MINUTES, n).replace("\u00a0", " ") for n in COUNTS]
    assert said == expected.split("|")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ru", "0 материалов|1 материал|2 материала|3 материала|11 материалов|100 материалов"),
        ("uk", "0 матеріалів|1 матеріал|2 матеріали|3 матеріали|11 матеріалів|100 матеріалів"),
        ("it", "0 altri|1 altro|2 altri|3 altri|11 altri|100 altri"),
        ("de", "0 weitere|1 weiterer|2 weitere|3 weitere|11 weitere|100 weitere"),
        ("pt", "0 item|1 item|2 itens|3 itens|11 itens|100 itens"),
        ("ar", "المزيد|مادة|مادتان|3 مواد|11 مادة|100 مادة"),
    ],
)
def test_items_are_counted_as_the_language_counts(language, expected):
    more = "%(n)s more on the site"
    said = [phrases(language).tn(more, more, n) for n in COUNTS[:-1]]
    for text, part in zip(said, expected.split("|"), strict=True):
        assert re.search(rf"(^|\s){part}(\s|$)", text), (text, part)


def test_the_colon_after_a_label_is_the_language_s():
    said = {tag: phrases(tag).t("%(label)s:", label="X") for tag in ("en", "fr", "zh", "ja", "ar")}
    assert said == {"en": "X:", "fr": "X\u00a0:", "zh": "X：", "ja": "X：", "ar": "X:"}
