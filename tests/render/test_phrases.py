from pathlib import Path

import pytest

from publisher.errors import RenderError
from publisher.ops import log
from publisher.render import missing, phrases
from publisher.settings import packaged

OURS = packaged("templates") / "locale"
HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n{more}"\n\n'


def write(folder: Path, language: str, text: str, more: str = "") -> tuple[Path, ...]:
    folder.mkdir(exist_ok=True)
    (folder / f"{language}.po").write_text(HEAD.format(more=more) + text, encoding="utf-8")
    return (folder, OURS)


def test_a_sentence_is_said_in_the_language():
    assert phrases("ar").t("Unsubscribe") == "إلغاء الاشتراك"
    assert not phrases("ar").t("Unsubscribe").is_borrowed


def test_a_tag_with_a_region_uses_its_language():
    assert phrases("fr-CA").t("Event report") == "Compte rendu"
    assert not phrases("fr-CA").is_borrowed


def test_a_country_s_catalogue_says_what_differs_and_its_language_the_rest():
    assert phrases("pt-PT").t("Unsubscribe") == "Cancelar a subscrição"
    assert phrases("pt-PT").t("Event") == phrases("pt").t("Event") == "Evento"
    assert phrases("pt-BR").t("Unsubscribe") == phrases("pt").t("Unsubscribe")


def test_a_few_words_of_a_site_for_one_country_leave_its_language_s_in_place(tmp_path):
    folders = write(tmp_path / "l", "fr-CA", 'msgid "E-mail"\nmsgstr "Courriel"\n')
    assert phrases("fr-CA", folders).t("E-mail") == "Courriel"
    assert phrases("fr-CA", folders).t("Unsubscribe") == "Se désabonner"
    assert phrases("fr", folders).t("E-mail") == "E-mail"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("zh", "退订"),
        ("zh-Hans", "退订"),
        ("zh-CN", "退订"),
        ("zh-SG", "退订"),
        ("zh-Hant", "取消訂閱"),
        ("zh-TW", "取消訂閱"),
        ("zh-HK", "取消訂閱"),
        ("zh-Hant-MO", "取消訂閱"),
    ],
)
def test_chinese_readers_get_the_characters_of_their_country(tag, expected):
    assert phrases(tag).t("Unsubscribe") == expected
    assert not phrases(tag).is_borrowed


def test_a_site_s_catalogue_may_count_in_fewer_forms_than_ours(tmp_path):
    text = 'msgid "%(n)s minute"\nmsgid_plural "%(n)s minutes"\n'
    text += 'msgstr[0] "%(n)s mn"\nmsgstr[1] "%(n)s mn"\n'
    more = "Plural-Forms: nplurals=2; plural=(n > 1);\\n"
    folders = write(tmp_path / "l", "fr", text, more)
    assert missing("fr", folders) == []
    assert phrases("fr", folders).tn("%(n)s minute", "%(n)s minutes", 1_000_000) == "1000000 mn"


def test_names_are_filled_in():
    assert phrases("fr").t("Test: %(subject)s", subject="50 %") == "Test\u00a0: 50 %"


def test_a_language_without_words_borrows_english_and_says_so(tmp_path):
    words = phrases("eo", (OURS,))
    assert words.is_borrowed
    assert words.t("Unsubscribe") == "Unsubscribe"
    assert words.t("Unsubscribe").is_borrowed
    assert words.tn("%(n)s minute", "%(n)s minutes", 2) == "2 minutes"


def test_borrowing_warns_once(capsys, tmp_path):
    log.configure(json=False, level="warning")
    folders = write(tmp_path / "once", "xx", "")
    for _ in range(3):
        phrases("yo", folders)
    assert capsys.readouterr().err.count("English is borrowed") == 1


def test_english_is_never_borrowed_in_english():
    assert not phrases("en-US").t("Unsubscribe").is_borrowed
    assert not phrases("en").t("A sentence nobody translated").is_borrowed


def test_a_site_s_word_wins_and_ours_fill_the_rest(tmp_path):
    folders = write(tmp_path / "l", "ar", 'msgid "News"\nmsgstr "جديد"\n')
    assert phrases("ar", folders).t("News") == "جديد"
    assert phrases("ar", folders).t("Article") == "مقال"


def test_an_empty_translation_is_borrowed_never_empty(tmp_path):
    folders = write(tmp_path / "l", "eo", 'msgid "News"\nmsgstr ""\n\nmsgid "Event"\nmsgstr "E"\n')
    assert phrases("eo", folders).t("News") == "News"
    assert phrases("eo", folders).t("News").is_borrowed
    assert not phrases("eo", folders).t("Event").is_borrowed


def test_a_fuzzy_translation_is_not_used(tmp_path):
    folders = write(tmp_path / "l", "eo", '#, fuzzy\nmsgid "News"\nmsgstr "?"\n')
    assert phrases("eo", folders).t("News") == "News"


def test_a_missing_plural_form_is_borrowed(tmp_path):
    text = 'msgid "%(n)s minute"\nmsgid_plural "%(n)s minutes"\nmsgstr[0] "%(n)s minuto"\n'
    more = "Plural-Forms: nplurals=2; plural=(n != 1);\\n"
    folders = write(tmp_path / "l", "eo", text, more)
    words = phrases("eo", folders)
    assert words.tn("%(n)s minute", "%(n)s minutes", 1) == "1 minuto"
    assert words.tn("%(n)s minute", "%(n)s minutes", 5) == "5 minutes"


def test_a_broken_catalogue_names_its_file(tmp_path):
    folders = write(tmp_path / "l", "eo", 'msgid "News"\nmsgstr "no end\nnonsense\n')
    with pytest.raises(RenderError, match=r"eo\.po:\d+: this catalogue cannot be read"):
        phrases("eo", folders)


def test_what_is_missing_is_listed(tmp_path):
    assert missing("eo") == ["eo.po is missing"]
    text = (
        'msgid "News"\nmsgstr "Novaĵo"\n\nmsgid "Test: %(subject)s"\nmsgstr "Testo: %(subjekto)s"\n'
    )
    found = missing("eo", write(tmp_path / "l", "eo", text))
    assert not any("'News'" in line for line in found)
    assert any("'Unsubscribe' is not translated" in line for line in found)
    assert any("%(subject)s" in line and "subjekto" in line for line in found)
