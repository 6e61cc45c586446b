"""Dates, ranges, numbers and file sizes as a reader's own country writes them.

Patterns and month names come from CLDR through Babel. Babel's interval formats ignore the country
and never write Arabic digits, so ranges are put together here from the same parts as single dates.
"""

import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from publisher.language import base
from publisher.render.phrases import Phrases, phrases

if TYPE_CHECKING:
    from babel import Locale

    from publisher.settings.model import Site

_DIGITS = {
    "latn": "0123456789",
    "arab": "٠١٢٣٤٥٦٧٨٩",
    "arabext": "۰۱۲۳۴۵۶۷۸۹",
}
# English with no country named: day before month, as most readers of English write it.
_COMMON = {"en": "en-001"}
_STEP = 1000  # bytes in a kB, as CLDR and disks count


def format_date(
    moment: datetime | date, language: str, site: "Site", *, with_time: bool = False
) -> str:
    """Return a date in words, in the site's zone: "19 September 2023", "١٩ أيلول ٢٠٢٣"."""
    locale = _locale(language, site)
    day = _local(moment, site)
    text = _pattern(locale, day, str(locale.date_formats["long"]))
    if with_time and isinstance(day, datetime):
        text = _with_time(locale, text, _hour(locale, day))
    return _digits(text, language, site)


def format_range(
    start: datetime,
    end: datetime | None,
    language: str,
    site: "Site",
    whole_day: bool,
    offset: int | None = None,
) -> str:
    """Return when something takes place, saying month and year once where once is enough.

    Whole days: "19–21 September 2023". With hours: "19 September 2023, 09:00–17:00 (London)", the
    place being the site's zone, because a reader may live in another.

    offset  minutes east of UTC at the place itself, when known: "24 October 2023, 09:00 (UTC+3)"
    """
    locale = _locale(language, site)
    zone, name = _zone(start, offset, site)
    first, last = (at.astimezone(zone) for at in (start, end or start))
    if whole_day:
        return _digits(_days(locale, first, last), language, site)
    if first == last:
        text = _with_time(locale, _days(locale, first, first), _hour(locale, first))
    elif first.date() == last.date():
        text = _with_time(locale, _days(locale, first, first), _hours(locale, first, last))
    else:
        opening = _with_time(locale, _opening_day(locale, first, last), _hour(locale, first))
        closing = _with_time(locale, _days(locale, last, last), _hour(locale, last))
        text = opening + _separator(locale) + closing
    return _digits(f"{text} ({name or _city(locale, site)})", language, site)


def format_number(n: float, language: str, site: "Site") -> str:
    """Return a number with the reader's separators and digits: "1,234", "١٬٢٣٤"."""
    from babel.numbers import UnsupportedNumberingSystemError, format_decimal

    system, locale = _system(language, site), _locale(language, site)
    try:
        text = str(format_decimal(n, locale=locale, numbering_system=system))
    except UnsupportedNumberingSystemError:
        text = str(format_decimal(n, locale=locale, numbering_system="latn"))
    return _digits(text, language, site)  # Babel takes the separators of a system, not its digits


def format_size(size: int, language: str, site: "Site", words: Phrases | None = None) -> str:
    """Return the size of a file in the units readers know: "2.4 MB", "2,4 Mo", "٢٫٤ ميغابايت".

    words   the site's own, when it has any; else the packaged ones
    """
    words = words or phrases(language)
    if size < _STEP:
        return words.t("%(number)s B", number=format_number(size, language, site))
    amount, power = float(size), 0
    while power < 3 and round(amount) >= _STEP:
        amount, power = amount / _STEP, power + 1
    shown = round(amount, 1) if power > 1 and amount < 100 else round(amount)
    number = format_number(shown, language, site)
    if power == 1:
        return words.t("%(number)s kB", number=number)
    if power == 2:
        return words.t("%(number)s MB", number=number)
    return words.t("%(number)s GB", number=number)


def _zone(start: datetime, offset: int | None, site: "Site") -> tuple[tzinfo, str]:
    """Return the zone whose clock shows the hours, and its name where it is not the site's."""
    if offset is None or start.astimezone(site.zone).utcoffset() == timedelta(minutes=offset):
        return site.zone, ""
    hours, minutes = divmod(abs(offset), 60)
    # One left-to-right run, which must not be torn apart in a right-to-left line.
    sign = "" if offset == 0 else f"{'+' if offset > 0 else '-'}{hours}"
    return timezone(timedelta(minutes=offset)), f"UTC{sign}" + (f":{minutes:02}" if minutes else "")


def _local(moment: datetime | date, site: "Site") -> Any:
    return moment.astimezone(site.zone) if isinstance(moment, datetime) else moment


def _locale(language: str, site: "Site") -> "Locale":
    wanted = site.locale.get(language) or site.locale.get(base(language)) or language
    return _parsed(_COMMON.get(wanted, wanted), language)


@lru_cache(maxsize=64)
def _parsed(tag: str, language: str) -> "Locale":
    # Imported here: Babel's locale data costs 30 ms, and many commands write no date.
    from babel import Locale, UnknownLocaleError

    for candidate in (tag, language, base(language)):
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en_001")


def _system(language: str, site: "Site") -> str:
    wished = site.digits.get(language) or site.digits.get(base(language))
    usual = str(_locale(language, site).default_numbering_system)
    return wished or (usual if usual in _DIGITS else "latn")


def _digits(text: str, language: str, site: "Site") -> str:
    system = _system(language, site)
    return text if system == "latn" else text.translate(_TO_DIGITS[system])


_TO_DIGITS = {system: str.maketrans(_DIGITS["latn"], signs) for system, signs in _DIGITS.items()}


def _pattern(locale: "Locale", moment: datetime | date, pattern: str) -> str:
    from babel.dates import parse_pattern

    text = str(parse_pattern(pattern).apply(moment, locale))
    return text.replace("\u2009", " ").replace("\u202f", "\u00a0")  # spaces that mail fonts lack


def _with_time(locale: "Locale", day: str, hour: str) -> str:
    return str(locale.datetime_formats["long"]).format(hour, day).replace("'", "")


def _days(locale: "Locale", first: datetime, last: datetime) -> str:
    long = str(locale.date_formats["long"])
    if first.date() == last.date():
        return _pattern(locale, first, long)
    if long.find("y") < long.find("d"):  # 2023年9月19日: the year leads, CLDR knows the order
        greatest = "y" if first.year != last.year else "M" if first.month != last.month else "d"
        return _interval(locale, first, last, greatest)
    if first.year == last.year and first.month == last.month:
        return _interval(locale, first, last, "d")
    return _opening_day(locale, first, last) + _separator(locale) + _pattern(locale, last, long)


def _opening_day(locale: "Locale", first: datetime, last: datetime) -> str:
    """Return a range's first day, without its year where the last day says it."""
    long = str(locale.date_formats["long"])
    if first.year != last.year or long.find("y") < long.find("d"):
        return _pattern(locale, first, long)
    return _pattern(locale, first, str(locale.datetime_skeletons.get("MMMMd", long)))


def _hour(locale: "Locale", moment: datetime) -> str:
    return _pattern(locale, moment, str(locale.time_formats["short"])).replace(" ", "\u00a0")


def _interval(locale: "Locale", first: datetime, last: datetime, greatest: str) -> str:
    formats = locale.interval_formats
    halves = formats.get("yMMMMd", {}).get(greatest) or formats.get("yMMMd", {}).get(greatest)
    if not halves:
        long = str(locale.date_formats["long"])
        halves = (long + " – ", long)
    # The catalogue of ranges holds short months only; the same place takes the full name.
    opening, closing = (re.sub("M{3,}|L{3,}", lambda run: run[0][0] * 4, half) for half in halves)
    opening = _tight(opening) if greatest == "d" else opening
    return _pattern(locale, first, opening) + _pattern(locale, last, closing)


def _hours(locale: "Locale", first: datetime, last: datetime) -> str:
    short = str(locale.time_formats["short"])
    if "a" in short:
        skeleton, greatest = "hm", "a" if (first.hour < 12) != (last.hour < 12) else "m"
    else:
        skeleton, greatest = "Hm", "m"
    halves = locale.interval_formats.get(skeleton, {}).get(greatest) or (short + "–", short)
    opening = halves[0] if greatest == "a" else _tight(halves[0])
    return _pattern(locale, first, opening) + _pattern(locale, last, halves[1])


def _tight(opening: str) -> str:
    """Return the first half of a range with no thin space, which mail fonts lack, at its dash."""
    return opening.replace("\u2009–\u2009", "–")


def _separator(locale: "Locale") -> str:
    """Return what stands between two whole dates: " – ", " تا "."""
    halves = locale.interval_formats.get("yMMMd", {}).get("M") or ("d – ", "")
    found = re.search(r"[^A-Za-z'年月日]+$|\s\S+\s$", halves[0])
    dash = found[0].strip(" .\u2009") if found else "–"
    return f" {dash} "


def _city(locale: "Locale", site: "Site") -> str:
    from babel.dates import get_timezone_location

    city = str(get_timezone_location(site.zone, locale=locale, return_city=True))
    return city.replace(" ", "\u00a0")
