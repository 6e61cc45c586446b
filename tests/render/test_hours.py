"""Hours and ranges with hours, expected as an editor of each language would write them."""

from datetime import UTC, datetime

import pytest

from publisher.render import format_date, format_range
from publisher.settings.model import Site

# What stands in [site] of publisher.toml.
ARABIC_DIGITS = {"locale": {"ar": "ar-JO"}, "digits": {"ar": "arab"}}
MOROCCO = {"locale": {"ar": "ar-MA"}}
BRITISH = {"locale": {"en": "en-GB"}}
AMERICAN = {"locale": {"en": "en-US"}}
MEXICO = {"locale": {"es": "es-MX"}}


def site(time_zone="Europe/London", **more):
    return Site(url="https://e.org", name={"": "E"}, languages=["en"], time_zone=time_zone, **more)


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


# Their readers accept both lengths of a dash, and releases of CLDR differ.
EITHER_DASH = ("ru", "uk")


def plain(text, language):
    text = text.replace("\u00a0", " ")
    return text.replace("—", "–") if language in EITHER_DASH else text


@pytest.mark.parametrize(
    ("language", "more", "expected"),
    [
        ("en", BRITISH, "19 September 2023, 18:05"),
        ("en", AMERICAN, "September 19, 2023, 6:05 PM"),
        ("ar", ARABIC_DIGITS, "١٩ أيلول ٢٠٢٣، ٦:٠٥ م"),
        ("fr", {}, "19 septembre 2023, 18:05"),
        ("fa", {}, "۲۸ شهریور ۱۴۰۲، ساعت ۱۸:۰۵"),
        ("de", {}, "19. September 2023, 18:05 Uhr"),
        ("pt", {}, "19 de setembro de 2023, 18:05"),
        ("ru", {}, "19 сентября 2023 г., 18:05"),
        ("zh", {}, "2023年9月19日 18:05"),
        ("ja", {}, "2023年9月19日 18:05"),
        ("tr", {}, "19 Eylül 2023, 18:05"),
        ("it", {}, "19 settembre 2023, 18:05"),
    ],
)
def test_a_date_with_its_hour(language, more, expected):
    moment = at(2023, 9, 19, 17, 5)
    assert plain(format_date(moment, language, site(**more), with_time=True), language) == expected


@pytest.mark.parametrize(
    ("language", "more", "one_day", "two_days"),
    [
        (
            "en",
            BRITISH,
            "19 September 2023, 09:00–17:00 (London)",
            "19 September, 09:00 – 21 September 2023, 17:00 (London)",
        ),
        (
            "en",
            AMERICAN,
            "September 19, 2023, 9:00 AM – 5:00 PM (London)",
            "September 19, 9:00 AM – September 21, 2023, 5:00 PM (London)",
        ),
        (
            "ar",
            {},
            "19 سبتمبر 2023، 9:00 ص – 5:00 م (لندن)",
            "19 سبتمبر، 9:00 ص – 21 سبتمبر 2023، 5:00 م (لندن)",
        ),
        (
            "ar",
            ARABIC_DIGITS,
            "١٩ أيلول ٢٠٢٣، ٩:٠٠ ص – ٥:٠٠ م (لندن)",
            "١٩ أيلول، ٩:٠٠ ص – ٢١ أيلول ٢٠٢٣، ٥:٠٠ م (لندن)",
        ),
        (
            "ar",
            MOROCCO,
            "19 شتنبر 2023، 09:00–17:00 (لندن)",
            "19 شتنبر، 09:00 – 21 شتنبر 2023، 17:00 (لندن)",
        ),
        (
            "fr",
            {},
            "19 septembre 2023, 09:00–17:00 (Londres)",
            "19 septembre, 09:00 – 21 septembre 2023, 17:00 (Londres)",
        ),
        (
            "es",
            {},
            "19 de septiembre de 2023, 9:00–17:00 (Londres)",
            "19 de septiembre, 9:00 – 21 de septiembre de 2023, 17:00 (Londres)",
        ),
        (
            "es",
            MEXICO,
            "19 de septiembre de 2023, 9:00 a.m. – 5:00 p.m. (Londres)",
            "19 de septiembre, 9:00 a.m. – 21 de septiembre de 2023, 5:00 p.m. (Londres)",
        ),
        (
            "he",
            {},
            "19 בספטמבר 2023, 9:00–17:00 (לונדון)",
            "19 בספטמבר, 9:00 – 21 בספטמבר 2023, 17:00 (לונדון)",
        ),
        (
            "fa",
            {},
            "۲۸ شهریور ۱۴۰۲، ساعت ۹:۰۰ تا ۱۷:۰۰ (لندن)",
            "۲۸ شهریور، ساعت ۹:۰۰ تا ۳۰ شهریور ۱۴۰۲، ساعت ۱۷:۰۰ (لندن)",
        ),
        (
            "de",
            {},
            "19. September 2023, 09:00–17:00 Uhr (London)",
            "19. September, 09:00 Uhr – 21. September 2023, 17:00 Uhr (London)",
        ),
        (
            "pt",
            {},
            "19 de setembro de 2023, 09:00–17:00 (Londres)",
            "19 de setembro, 09:00 – 21 de setembro de 2023, 17:00 (Londres)",
        ),
        (
            "ru",
            {},
            "19 сентября 2023 г., 09:00–17:00 (Лондон)",
            "19 сентября, 09:00 – 21 сентября 2023 г., 17:00 (Лондон)",
        ),
        (
            "uk",
            {},
            "19 вересня 2023 р., 09:00–17:00 (Лондон)",
            "19 вересня, 09:00 – 21 вересня 2023 р., 17:00 (Лондон)",
        ),
        (
            "zh",
            {},
            "2023年9月19日 09:00至17:00（伦敦）",
            "2023年9月19日 09:00 至 9月21日 17:00（伦敦）",
        ),
        (
            "zh-Hant",
            {},
            "2023年9月19日 上午9:00至下午5:00（倫敦）",
            "2023年9月19日 上午9:00 至 9月21日 下午5:00（倫敦）",
        ),
        (
            "ja",
            {},
            "2023年9月19日 9:00～17:00（ロンドン）",
            "2023年9月19日 9:00～9月21日 17:00（ロンドン）",
        ),
        (
            "tr",
            {},
            "19 Eylül 2023, 09:00–17:00 (Londra)",
            "19 Eylül, 09:00 – 21 Eylül 2023, 17:00 (Londra)",
        ),
        (
            "it",
            {},
            "19 settembre 2023, 09:00–17:00 (Londra)",
            "19 settembre, 09:00 – 21 settembre 2023, 17:00 (Londra)",
        ),
        (
            "ko",
            {},
            "2023년 9월 19일 오전 9:00~오후 5:00 (런던)",
            "2023년 9월 19일 오전 9:00 ~ 9월 21일 오후 5:00 (런던)",
        ),
    ],
)
def test_ranges_with_hours_say_whose_hours(language, more, one_day, two_days):
    here, start = site(**more), at(2023, 9, 19, 8)
    ends = (at(2023, 9, 19, 16), at(2023, 9, 21, 16))
    shown = [plain(format_range(start, end, language, here, False), language) for end in ends]
    assert shown == [one_day, two_days]


@pytest.mark.parametrize(
    ("language", "more", "expected"),
    [
        ("en", AMERICAN, "September 19, 2023, 9:00–10:30 AM (London)"),
        ("zh-Hant", {}, "2023年9月19日 上午9:00至10:30（倫敦）"),
        ("ar", {}, "19 سبتمبر 2023، 9:00–10:30 ص (لندن)"),
    ],
)
def test_the_half_of_the_day_is_said_once(language, more, expected):
    start, end = at(2023, 9, 19, 8), at(2023, 9, 19, 9, 30)
    assert plain(format_range(start, end, language, site(**more), False), language) == expected


def test_a_range_with_hours_over_a_new_year_says_both_years():
    start, end = at(2023, 12, 31, 22), at(2024, 1, 1, 1)
    shown = {tag: format_range(start, end, tag, site(**BRITISH), False) for tag in ("en", "ja")}
    assert shown["en"] == "31 December 2023, 22:00 – 1 January 2024, 01:00 (London)"
    assert shown["ja"] == "2023年12月31日 22:00～2024年1月1日 1:00（ロンドン）"


def test_an_hour_without_an_end_stands_alone_and_a_city_is_one_word():
    start = at(2023, 9, 19, 8)
    assert format_range(start, None, "en", site(**BRITISH), False) == (
        "19 September 2023, 09:00 (London)"
    )
    assert format_range(start, None, "en", site("America/New_York", **BRITISH), False) == (
        "19 September 2023, 04:00 (New\u00a0York)"
    )


def test_no_line_is_broken_between_an_hour_and_its_half_of_the_day():
    start, end = at(2023, 9, 19, 8), at(2023, 9, 19, 16)
    shown = format_range(start, end, "ar", site(), False)
    assert "9:00\u00a0ص – 5:00\u00a0م" in shown


def test_a_language_of_which_cldr_knows_little_still_gets_its_dates():
    start = at(2023, 9, 19, 8)
    assert format_range(start, None, "rw", site("America/New_York"), False).endswith(
        "(New\u00a0York)"
    )


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (180, "09:00–16:30 (UTC+3)"),
        (330, "11:30–19:00 (UTC+5:30)"),
        (-240, "02:00–09:30 (UTC-4)"),
        (0, "06:00–13:30 (UTC)"),
        (60, "07:00–14:30 (London)"),  # what the site's own clock shows that day
        (None, "07:00–14:30 (London)"),
    ],
)
def test_hours_are_those_of_the_place_where_its_offset_is_known(offset, expected):
    start, end = at(2023, 10, 24, 6), at(2023, 10, 24, 13, 30)
    shown = format_range(start, end, "en", site(**BRITISH), False, offset)
    assert shown.endswith(expected)


def test_an_offset_keeps_european_digits_in_every_line():
    shown = format_range(at(2023, 10, 24, 6), None, "ar", site(**ARABIC_DIGITS), False, 180)
    assert plain(shown, "ar") == "٢٤ تشرين الأول ٢٠٢٣، ٩:٠٠ ص (UTC+3)"
