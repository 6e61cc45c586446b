"""Dates and ranges of days, expected as an editor of each language would write them by hand."""

from datetime import UTC, date, datetime

import pytest

from publisher.render import format_date, format_range
from publisher.settings.model import Site

# What stands in [site] of publisher.toml.
JORDAN = {"locale": {"ar": "ar-JO"}, "digits": {"ar": "latn"}}
ARABIC_DIGITS = {"locale": {"ar": "ar-JO"}, "digits": {"ar": "arab"}}
EGYPT = {"locale": {"ar": "ar-EG"}}
MOROCCO = {"locale": {"ar": "ar-MA"}}
BRITISH = {"locale": {"en": "en-GB"}}
AMERICAN = {"locale": {"en": "en-US"}}
MEXICO = {"locale": {"es": "es-MX"}}
AUSTRIA = {"locale": {"de": "de-AT"}}
BRAZIL = {"locale": {"pt": "pt-BR"}}
PORTUGAL = {"locale": {"pt": "pt-PT"}}
AFGHANISTAN = {"locale": {"fa": "fa-AF"}}
GREGORIAN = {"locale": {"fa": "fa-u-ca-gregory"}}


def site(time_zone="Europe/London", **more):
    return Site(url="https://e.org", name={"": "E"}, languages=["en"], time_zone=time_zone, **more)


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


# What readers accept both ways and releases of CLDR differ in: the length of a dash, and the
# small sign that ties a Persian month to its year.
EITHER = {"ru": ("—", "–"), "uk": ("—", "–"), "fa": ("\u0654", "")}


def plain(text, language):
    return text.replace("\u00a0", " ").replace(*EITHER.get(language, ("", "")))


@pytest.mark.parametrize(
    ("language", "more", "september", "january"),
    [
        ("en", {}, "19 September 2023", "1 January 2024"),
        ("en", BRITISH, "19 September 2023", "1 January 2024"),
        ("en", AMERICAN, "September 19, 2023", "January 1, 2024"),
        ("ar", {}, "19 سبتمبر 2023", "1 يناير 2024"),
        ("ar", JORDAN, "19 أيلول 2023", "1 كانون الثاني 2024"),
        ("ar", ARABIC_DIGITS, "١٩ أيلول ٢٠٢٣", "١ كانون الثاني ٢٠٢٤"),
        ("ar", EGYPT, "١٩ سبتمبر ٢٠٢٣", "١ يناير ٢٠٢٤"),
        ("ar", MOROCCO, "19 شتنبر 2023", "1 يناير 2024"),
        ("fr", {}, "19 septembre 2023", "1er janvier 2024"),
        ("es", {}, "19 de septiembre de 2023", "1 de enero de 2024"),
        ("es", MEXICO, "19 de septiembre de 2023", "1 de enero de 2024"),
        ("he", {}, "19 בספטמבר 2023", "1 בינואר 2024"),
        ("fa", {}, "۲۸ شهریور ۱۴۰۲", "۱۱ دی ۱۴۰۲"),
        ("fa", {"digits": {"fa": "latn"}}, "28 شهریور 1402", "11 دی 1402"),
        ("fa", AFGHANISTAN, "۲۸ سنبله ۱۴۰۲", "۱۱ جدی ۱۴۰۲"),
        ("fa", GREGORIAN, "۱۹ سپتامبر ۲۰۲۳", "۱ ژانویه ۲۰۲۴"),
        ("de", {}, "19. September 2023", "1. Januar 2024"),
        ("de", AUSTRIA, "19. September 2023", "1. Jänner 2024"),
        ("pt", {}, "19 de setembro de 2023", "1º de janeiro de 2024"),
        ("pt", BRAZIL, "19 de setembro de 2023", "1º de janeiro de 2024"),
        ("pt", PORTUGAL, "19 de setembro de 2023", "1 de janeiro de 2024"),
        ("ru", {}, "19 сентября 2023 г.", "1 января 2024 г."),
        ("uk", {}, "19 вересня 2023 р.", "1 січня 2024 р."),
        ("zh", {}, "2023年9月19日", "2024年1月1日"),
        ("zh-Hant", {}, "2023年9月19日", "2024年1月1日"),
        ("ja", {}, "2023年9月19日", "2024年1月1日"),
        ("tr", {}, "19 Eylül 2023", "1 Ocak 2024"),
        ("it", {}, "19 settembre 2023", "1 gennaio 2024"),
        ("xx", {}, "19 September 2023", "1 January 2024"),
    ],
)
def test_single_dates(language, more, september, january):
    shown = [format_date(day, language, site(**more)) for day in (at(2023, 9, 19), at(2024, 1, 1))]
    assert [plain(text, language) for text in shown] == [september, january]


def test_a_moment_is_told_in_the_site_s_zone():
    late = at(2023, 9, 19, 23, 30)
    assert format_date(late, "en", site()) == "20 September 2023"
    assert format_date(late, "en", site("America/New_York")) == "19 September 2023"
    assert format_date(date(2023, 9, 19), "en", site("Asia/Tokyo")) == "19 September 2023"


def test_the_country_set_for_a_language_is_not_that_of_another_tag():
    here = site(locale={"pt": "pt-BR", "zh": "zh-CN"})
    assert format_date(at(2024, 1, 1), "pt-PT", here) == "1 de janeiro de 2024"
    assert format_range(at(2024, 1, 1, 9), None, "zh-TW", here, False) == (
        "2024年1月1日 上午9:00（倫敦）"
    )


@pytest.mark.parametrize(
    ("language", "more", "day", "month", "year"),
    [
        (
            "en",
            {},
            "19–21 September 2023",
            "19 September – 2 October 2023",
            "19 September 2023 – 2 April 2024",
        ),
        (
            "en",
            AMERICAN,
            "September 19–21, 2023",
            "September 19 – October 2, 2023",
            "September 19, 2023 – April 2, 2024",
        ),
        (
            "ar",
            {},
            "19–21 سبتمبر 2023",
            "19 سبتمبر – 2 أكتوبر 2023",
            "19 سبتمبر 2023 – 2 أبريل 2024",
        ),
        (
            "ar",
            JORDAN,
            "19–21 أيلول 2023",
            "19 أيلول – 2 تشرين الأول 2023",
            "19 أيلول 2023 – 2 نيسان 2024",
        ),
        (
            "ar",
            ARABIC_DIGITS,
            "١٩–٢١ أيلول ٢٠٢٣",
            "١٩ أيلول – ٢ تشرين الأول ٢٠٢٣",
            "١٩ أيلول ٢٠٢٣ – ٢ نيسان ٢٠٢٤",
        ),
        (
            "ar",
            EGYPT,
            "١٩–٢١ سبتمبر ٢٠٢٣",
            "١٩ سبتمبر – ٢ أكتوبر ٢٠٢٣",
            "١٩ سبتمبر ٢٠٢٣ – ٢ أبريل ٢٠٢٤",
        ),
        (
            "ar",
            MOROCCO,
            "19–21 شتنبر 2023",
            "19 شتنبر – 2 أكتوبر 2023",
            "19 شتنبر 2023 – 2 أبريل 2024",
        ),
        (
            "fr",
            {},
            "19–21 septembre 2023",
            "19 septembre – 2 octobre 2023",
            "19 septembre 2023 – 2 avril 2024",
        ),
        (
            "es",
            {},
            "19–21 de septiembre de 2023",
            "19 de septiembre – 2 de octubre de 2023",
            "19 de septiembre de 2023 – 2 de abril de 2024",
        ),
        (
            "es",
            MEXICO,
            "19–21 de septiembre de 2023",
            "19 de septiembre – 2 de octubre de 2023",
            "19 de septiembre de 2023 – 2 de abril de 2024",
        ),
        (
            "he",
            {},
            "19–21 בספטמבר 2023",
            "19 בספטמבר – 2 באוקטובר 2023",
            "19 בספטמבר 2023 – 2 באפריל 2024",
        ),
        (
            "fa",
            {},
            "۲۸ تا ۳۰ شهریور ۱۴۰۲",
            "۲۸ شهریور تا ۱۰ مهر ۱۴۰۲",
            "۲۸ شهریور ۱۴۰۲ تا ۱۴ فروردین ۱۴۰۳",
        ),
        (
            "fa",
            AFGHANISTAN,
            "۲۸ تا ۳۰ سنبله ۱۴۰۲",
            "۲۸ سنبله تا ۱۰ میزان ۱۴۰۲",
            "۲۸ سنبله ۱۴۰۲ تا ۱۴ حمل ۱۴۰۳",
        ),
        (
            "fa",
            GREGORIAN,
            "۱۹ تا ۲۱ سپتامبر ۲۰۲۳",
            "۱۹ سپتامبر تا ۲ اکتبر ۲۰۲۳",
            "۱۹ سپتامبر ۲۰۲۳ تا ۲ آوریل ۲۰۲۴",
        ),
        (
            "de",
            {},
            "19.–21. September 2023",
            "19. September – 2. Oktober 2023",
            "19. September 2023 – 2. April 2024",
        ),
        (
            "de",
            AUSTRIA,
            "19.–21. September 2023",
            "19. September – 2. Oktober 2023",
            "19. September 2023 – 2. April 2024",
        ),
        (
            "pt",
            BRAZIL,
            "19–21 de setembro de 2023",
            "19 de setembro – 2 de outubro de 2023",
            "19 de setembro de 2023 – 2 de abril de 2024",
        ),
        (
            "pt",
            PORTUGAL,
            "19–21 de setembro de 2023",
            "19 de setembro – 2 de outubro de 2023",
            "19 de setembro de 2023 – 2 de abril de 2024",
        ),
        (
            "ru",
            {},
            "19–21 сентября 2023 г.",
            "19 сентября – 2 октября 2023 г.",
            "19 сентября 2023 г. – 2 апреля 2024 г.",
        ),
        (
            "uk",
            {},
            "19–21 вересня 2023 р.",
            "19 вересня – 2 жовтня 2023 р.",
            "19 вересня 2023 р. – 2 квітня 2024 р.",
        ),
        ("zh", {}, "2023年9月19日至21日", "2023年9月19日至10月2日", "2023年9月19日至2024年4月2日"),
        (
            "zh-Hant",
            {},
            "2023年9月19日至21日",
            "2023年9月19日至10月2日",
            "2023年9月19日至2024年4月2日",
        ),
        ("ja", {}, "2023年9月19日～21日", "2023年9月19日～10月2日", "2023年9月19日～2024年4月2日"),
        ("tr", {}, "19–21 Eylül 2023", "19 Eylül – 2 Ekim 2023", "19 Eylül 2023 – 2 Nisan 2024"),
        (
            "it",
            {},
            "19–21 settembre 2023",
            "19 settembre – 2 ottobre 2023",
            "19 settembre 2023 – 2 aprile 2024",
        ),
        (
            "hu",
            {},
            "2023. szeptember 19–21.",
            "2023. szeptember 19. – október 2.",
            "2023. szeptember 19. – 2024. április 2.",
        ),
        (
            "cs",
            {},
            "19.–21. září 2023",
            "19. září – 2. října 2023",
            "19. září 2023 – 2. dubna 2024",
        ),
    ],
)
def test_ranges_of_days_say_month_and_year_once(language, more, day, month, year):
    here, start = site(**more), at(2023, 9, 19)
    ends = (at(2023, 9, 21), at(2023, 10, 2), at(2024, 4, 2))
    shown = [plain(format_range(start, end, language, here, True), language) for end in ends]
    assert shown == [day, month, year]


def test_a_range_of_one_day_is_that_day():
    start = at(2023, 9, 19)
    assert format_range(start, None, "en", site(), True) == "19 September 2023"
    assert format_range(start, start, "ar", site(), True) == "19 سبتمبر 2023"


@pytest.mark.parametrize(
    ("language", "more", "expected"),
    [
        ("fr", {}, "1er–3 mai 2023"),
        ("pt", {}, "1º–3 de maio de 2023"),
        ("pt", PORTUGAL, "1–3 de maio de 2023"),
        ("it", {}, "1–3 maggio 2023"),
    ],
)
def test_the_first_of_a_month_is_written_as_editors_write_it(language, more, expected):
    assert format_range(at(2023, 5, 1), at(2023, 5, 3), language, site(**more), True) == expected


def test_a_solar_year_ends_in_march_and_a_range_over_its_end_says_both():
    here = site()
    assert format_range(at(2024, 3, 18), at(2024, 3, 19), "fa", here, True) == (
        "۲۸ تا ۲۹ اسفند ۱۴۰۲"
    )
    assert format_range(at(2024, 3, 19), at(2024, 3, 20), "fa", here, True) == (
        "۲۹ اسفند ۱۴۰۲ تا ۱ فروردین ۱۴۰۳"
    )
