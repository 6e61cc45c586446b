"""The packaged catalogues: every sentence that is said anywhere, in all six languages."""

import ast
import re
from gettext import c2py
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from publisher.digests.compose_block import KIND_WORDS
from publisher.feeds import channel, words
from publisher.render import missing, phrases
from publisher.render.phrases import COMPLETE
from publisher.settings import packaged

ROOT = Path(__file__).parents[2]
TEMPLATES = packaged("templates")
SPEAKERS = {"t", "tn", "bare"}
MINUTES = ("%(n)s minute", "%(n)s minutes")


def catalogue(language):
    with (TEMPLATES / "locale" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


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
    for module in (words, channel):
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


@pytest.mark.parametrize("language", ["ar", "fa", "he"])
def test_a_right_to_left_catalogue_holds_its_own_letters(language):
    for message in catalogue(language):
        texts = message.string if message.pluralizable else (message.string,)
        if message.id:
            left = [re.sub(r"%\(\w+\)s|OPML", "", text) for text in texts]
            assert not any(re.search("[A-Za-z]", text) for text in left), message.id


@pytest.mark.parametrize("language", COMPLETE)
def test_plurals_follow_cldr(language):
    """CLDR's "many" of French and Spanish is for whole millions only, which nothing here counts."""
    found = catalogue(language)
    rule = Locale.parse(language).plural_form
    place = c2py(found.plural_expr)
    forms: dict[int, set[str]] = {}
    for n in [*range(1000), 1011, 20_100, 100_002]:
        forms.setdefault(place(n), set()).add(rule(n))
    assert all(len(names) == 1 for names in forms.values()), forms
    assert len(forms) == found.num_plurals


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["0 minutes", "1 minute", "2 minutes", "3 minutes", "11 minutes", "100 minutes"]),
        ("ar", ["أقل من دقيقة", "دقيقة واحدة", "دقيقتان", "3 دقائق", "11 دقيقة", "100 دقيقة"]),
        ("fr", ["0 minute", "1 minute", "2 minutes", "3 minutes", "11 minutes", "100 minutes"]),
        ("es", ["0 minutos", "1 minuto", "2 minutos", "3 minutos", "11 minutos", "100 minutos"]),
        ("he", ["0 דקות", "דקה אחת", "שתי דקות", "3 דקות", "11 דקות", "100 דקות"]),
        ("fa", ["0 دقیقه", "1 دقیقه", "2 دقیقه", "3 دقیقه", "11 دقیقه", "100 دقیقه"]),
    ],
)
def test_minutes_are_counted_as_the_language_counts(language, expected):
    said = [phrases(language).tn(*MINUTES, n) for n in (0, 1, 2, 3, 11, 100)]
    assert said == expected
