import pytest

from publisher.render import format_number, format_size
from publisher.settings.model import Site

ARABIC_DIGITS = {"locale": {"ar": "ar-JO"}, "digits": {"ar": "arab"}}
PORTUGAL = {"locale": {"pt": "pt-PT"}}


def site(**more):
    return Site(url="https://e.org", name={"": "E"}, languages=["en"], **more)


@pytest.mark.parametrize(
    ("language", "more", "expected"),
    [
        ("en", {}, "12,345.6"),
        ("fr", {}, "12\u202f345,6"),
        ("es", {}, "12.345,6"),
        ("ar", {}, "12,345.6"),
        ("ar", ARABIC_DIGITS, "١٢٬٣٤٥٫٦"),
        ("ar", {"locale": {"ar": "ar-MA"}}, "12.345,6"),
        ("fa", {}, "۱۲٬۳۴۵٫۶"),
        ("fa", {"digits": {"fa": "latn"}}, "12,345.6"),
        ("he", {}, "12,345.6"),
        ("de", {}, "12.345,6"),
        ("de", {"locale": {"de": "de-CH"}}, "12’345.6"),
        ("pt", {}, "12.345,6"),
        ("pt", PORTUGAL, "12\u00a0345,6"),
        ("ru", {}, "12\u00a0345,6"),
        ("uk", {}, "12\u00a0345,6"),
        ("zh", {}, "12,345.6"),
        ("ja", {}, "12,345.6"),
        ("tr", {}, "12.345,6"),
        ("it", {}, "12.345,6"),
    ],
)
def test_numbers_have_the_reader_s_separators_and_digits(language, more, expected):
    assert format_number(12345.6, language, site(**more)) == expected


@pytest.mark.parametrize(
    ("size", "language", "expected"),
    [
        (3, "en", "3 B"),
        (999, "en", "999 B"),
        (1000, "en", "1 kB"),
        (340_499, "en", "340 kB"),
        (999_999, "en", "1 MB"),
        (2_400_000, "en", "2.4 MB"),
        (2_400_000, "fr", "2,4\u00a0Mo"),
        (340_000, "fr", "340\u00a0ko"),
        (3, "fr", "3\u00a0o"),
        (2_400_000, "ar", "2.4 ميغابايت"),
        (340_000, "ar", "340 كيلوبايت"),
        (2_400_000, "fa", "۲٫۴ مگابایت"),
        (240_000_000, "he", "240 מ״ב"),
        (1_200_000_000, "es", "1,2 GB"),
        (5_000_000_000_000, "en", "5,000 GB"),
        (2_400_000, "de", "2,4\u00a0MB"),
        (2_400_000, "pt", "2,4\u00a0MB"),
        (2_400_000, "ru", "2,4\u00a0МБ"),
        (340_000, "uk", "340\u00a0кБ"),
        (2_400_000, "zh", "2.4\u00a0MB"),
        (2_400_000, "ja", "2.4\u00a0MB"),
        (340_000, "tr", "340\u00a0kB"),
        (1_200_000_000, "it", "1,2\u00a0GB"),
    ],
)
def test_sizes_are_told_in_the_reader_s_units(size, language, expected):
    assert format_size(size, language, site()) == expected
