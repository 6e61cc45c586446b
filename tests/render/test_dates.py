from datetime import UTC, date, datetime

import pytest

from publisher.render import format_date, format_number, format_range, format_size
from publisher.settings.model import Site

JORDAN = {"locale": {"ar": "ar-JO"}, "digits": {"ar": "latn"}}
ARABIC_DIGITS = {"locale": {"ar": "ar-JO"}, "digits": {"ar": "arab"}}
BRITISH = {"locale": {"en": "en-GB"}}
AMERICAN = {"locale": {"en": "en-US"}}


def site(time_zone="Europe/London", **more):
    return Site(url="https://e.org", name={"": "E"}, languages=["en"], time_zone=time_zone, **more)


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "more", "expected"),
    [
        ("en", {}, "19 September 2023"),
        ("en", AMERICAN, "September 19, 2023"),
        ("fr", {}, "19 septembre 2023"),
        ("es", {}, "19 de septiembre de 2023"),
        ("he", {}, "19 בספטמבר 2023"),
        ("fa", {}, "۱۹ سپتامبر ۲۰۲۳"),
        ("fa", {"digits": {"fa": "latn"}}, "19 سپتامبر 2023"),
        ("ar", {}, "19 سبتمبر 2023"),
        ("ar", JORDAN, "19 أيلول 2023"),
        ("ar", ARABIC_DIGITS, "١٩ أيلول ٢٠٢٣"),
        ("zh-Hant", {}, "2023年9月19日"),
        ("xx", {}, "19 September 2023"),
    ],
)
def test_single_dates(language, more, expected):
    assert format_date(at(2023, 9, 19), language, site(**more)) == expected


def test_a_moment_is_told_in_the_site_s_zone():
    late = at(2023, 9, 19, 23, 30)
    assert format_date(late, "en", site()) == "20 September 2023"
    assert format_date(late, "en", site("America/New_York")) == "19 September 2023"
    assert format_date(date(2023, 9, 19), "en", site("Asia/Tokyo")) == "19 September 2023"


def test_a_date_with_its_hour():
    moment = at(2023, 9, 19, 17, 5)
    assert format_date(moment, "en", site(**BRITISH), with_time=True) == "19 September 2023, 18:05"
    assert format_date(moment, "ar", site(**ARABIC_DIGITS), with_time=True) == (
        "١٩ أيلول ٢٠٢٣، ٦:٠٥\u00a0م"
    )


@pytest.mark.parametrize(
    ("language", "more", "day", "month", "year"),
    [
        (
            "en",
            {},
            "19–21 September 2023",
            "19 September – 2 October 2023",
            "19 September 2023 – 2 January 2024",
        ),
        (
            "en",
            AMERICAN,
            "September 19–21, 2023",
            "September 19 – October 2, 2023",
            "September 19, 2023 – January 2, 2024",
        ),
        (
            "ar",
            {},
            "19–21 سبتمبر 2023",
            "19 سبتمبر – 2 أكتوبر 2023",
            "19 سبتمبر 2023 – 2 يناير 2024",
        ),
        (
            "ar",
            ARABIC_DIGITS,
            "١٩–٢١ أيلول ٢٠٢٣",
            "١٩ أيلول – ٢ تشرين الأول ٢٠٢٣",
            "١٩ أيلول ٢٠٢٣ – ٢ كانون الثاني ٢٠٢٤",
        ),
        (
            "fr",
            {},
            "19–21 septembre 2023",
            "19 septembre – 2 octobre 2023",
            "19 septembre 2023 – 2 janvier 2024",
        ),
        (
            "es",
            {},
            "19–21 de septiembre de 2023",
            "19 de septiembre – 2 de octubre de 2023",
            "19 de septiembre de 2023 – 2 de enero de 2024",
        ),
        (
            "he",
            {},
            "19–21 בספטמבר 2023",
            "19 בספטמבר – 2 באוקטובר 2023",
            "19 בספטמבר 2023 – 2 בינואר 2024",
        ),
        (
            "fa",
            {},
            "۱۹ تا ۲۱ سپتامبر ۲۰۲۳",
            "۱۹ سپتامبر تا ۲ اکتبر ۲۰۲۳",
            "۱۹ سپتامبر ۲۰۲۳ تا ۲ ژانویهٔ ۲۰۲۴",
        ),
        ("zh", {}, "2023年9月19日至21日", "2023年9月19日至10月2日", "2023年9月19日至2024年1月2日"),
        (
            "hu",
            {},
            "2023. szeptember 19–21.",
            "2023. szeptember 19. – október 2.",
            "2023. szeptember 19. – 2024. január 2.",
        ),
    ],
)
def test_ranges_of_days_say_month_and_year_once(language, more, day, month, year):
    here, start = site(**more), at(2023, 9, 19)
    ends = (at(2023, 9, 21), at(2023, 10, 2), at(2024, 1, 2))
    assert [format_range(start, end, language, here, True) for end in ends] == [day, month, year]


def test_a_range_of_one_day_is_that_day():
    start = at(2023, 9, 19)
    assert format_range(start, None, "en", site(), True) == "19 September 2023"
    assert format_range(start, start, "ar", site(), True) == "19 سبتمبر 2023"


def test_ranges_with_hours_say_whose_hours():
    start, here = at(2023, 9, 19, 8), site(**BRITISH)
    assert format_range(start, at(2023, 9, 19, 16), "en", here, False) == (
        "19 September 2023, 09:00–17:00 (London)"
    )
    assert format_range(start, at(2023, 9, 21, 16), "en", here, False) == (
        "19 September, 09:00 – 21 September 2023, 17:00 (London)"
    )
    assert format_range(start, None, "en", here, False) == "19 September 2023, 09:00 (London)"
    assert format_range(start, None, "en", site("America/New_York", **BRITISH), False) == (
        "19 September 2023, 04:00 (New\u00a0York)"
    )


def test_arabic_hours_take_arabic_digits_and_the_city_s_arabic_name():
    shown = format_range(
        at(2023, 9, 19, 8), at(2023, 9, 19, 16), "ar", site(**ARABIC_DIGITS), False
    )
    assert shown.replace("\u00a0", " ") == "١٩ أيلول ٢٠٢٣، ٩:٠٠ ص – ٥:٠٠ م (لندن)"


@pytest.mark.parametrize(
    ("language", "more", "expected"),
    [
        ("en", {}, "12,345.6"),
        ("fr", {}, "12\u202f345,6"),
        ("es", {}, "12.345,6"),
        ("ar", {}, "12,345.6"),
        ("ar", ARABIC_DIGITS, "١٢٬٣٤٥٫٦"),
        ("fa", {}, "۱۲٬۳۴۵٫۶"),
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
        (2_400_000, "fr", "2,4 Mo"),
        (340_000, "fr", "340 Ko"),
        (2_400_000, "ar", "2.4 ميغابايت"),
        (340_000, "ar", "340 كيلوبايت"),
        (2_400_000, "fa", "۲٫۴ مگابایت"),
        (240_000_000, "he", "240 מ״ב"),
        (1_200_000_000, "es", "1,2 GB"),
        (5_000_000_000_000, "en", "5,000 GB"),
        (2_400_000, "de", "2,4 MB"),
    ],
)
def test_sizes_are_told_in_the_reader_s_units(size, language, expected):
    assert format_size(size, language, site()) == expected


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
