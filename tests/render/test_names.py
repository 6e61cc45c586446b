import pytest

from publisher.render import file_kind, language_name


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en", "English"),
        ("ar", "العربية"),
        ("fr", "Français"),
        ("es", "Español"),
        ("he", "עברית"),
        ("fa", "فارسی"),
        ("de", "Deutsch"),
        ("pt", "Português"),
        ("ru", "Русский"),
        ("zh", "中文"),
        ("ja", "日本語"),
        ("uk", "Українська"),
        ("tr", "Türkçe"),
        ("it", "Italiano"),
        ("zh-Hant", "繁體中文"),
        ("zh-TW", "繁體中文（台灣）"),
        ("pt-BR", "Português (Brasil)"),
        ("sr-Latn", "Srpski (latinica)"),
        ("ka", "ქართული"),  # Georgian has capitals, for headlines only
        ("xx", "xx"),
    ],
)
def test_a_language_is_called_what_its_readers_call_it(tag, expected):
    assert language_name(tag) == expected


def test_a_kind_of_file_is_the_same_short_name_everywhere_or_none():
    assert file_kind("application/pdf") == "PDF"
    assert file_kind("application/x-nobody-knows") == ""
