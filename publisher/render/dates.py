"""Dates and ranges of dates as a reader's own country writes them, in its calendar and digits.

Patterns and month names come from CLDR through Babel. Babel's interval formats ignore the country,
never write Arabic digits and know one calendar, so ranges are put together here from the same
parts as single dates.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

from publisher.render.country import in_digits, locale_of, solar_months
from publisher.render.hours import hour, hours
from publisher.render.patterns import DASHES, mark, with_own_mark, write
from publisher.render.solar import solar

if TYPE_CHECKING:
    from babel import Locale

    from publisher.settings.model import Site

_FIELD = re.compile(r"'[^']*'|d+|M+|L+|y+")
# What an editor writes for the first of a month, which CLDR's patterns do not say.
_FIRST = {"fr": "1er", "pt": "1º"}
_FULL_WIDTH = ("ja", "zh")  # languages whose brackets are as wide as their signs


def format_date(
    moment: datetime | date, language: str, site: "Site", *, with_time: bool = False
) -> str:
    """Return a date in words, in the site's zone: "19 September 2023", "١٩ أيلول ٢٠٢٣"."""
    calendar = _Calendar(locale_of(language, site), solar_months(language, site))
    local = moment.astimezone(site.zone) if isinstance(moment, datetime) else moment
    text = calendar.day(local)
    if with_time and isinstance(local, datetime):
        text = calendar.with_hour(text, hour(calendar.locale, local))
    return in_digits(text, language, site)


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
    calendar = _Calendar(locale_of(language, site), solar_months(language, site))
    zone, name = _zone(start, offset, site)
    first, last = (at.astimezone(zone) for at in (start, end or start))
    if whole_day:
        return in_digits(calendar.days(first, last), language, site)
    text = in_digits(calendar.days_and_hours(first, last), language, site)
    whose = name or _city(calendar.locale, site)
    return text + (f"（{whose}）" if calendar.locale.language in _FULL_WIDTH else f" ({whose})")


@dataclass(frozen=True, slots=True)
class _Calendar:
    """One country's way with dates, and the months of its calendar when that is not Gregorian."""

    locale: "Locale"
    months: tuple[str, ...]  # () means CLDR's own

    @property
    def long(self) -> str:
        return str(self.locale.date_formats["long"])

    @property
    def is_year_first(self) -> bool:
        return self.long.find("y") < self.long.find("d")  # 2023年9月19日

    def parts(self, day: date) -> tuple[int, int, int]:
        return solar(day) if self.months else (day.year, day.month, day.day)

    def day(self, day: date, pattern: str = "") -> str:
        """Return a day in a pattern of CLDR's; without one it is the long date."""
        year, month, number = self.parts(day)
        first = _FIRST.get(self.locale.language) if number == 1 else None
        if self.locale.language == "pt" and self.locale.territory not in (None, "BR"):
            first = None

        def field(found: re.Match[str]) -> str:
            sign = found[0][0]
            if sign == "d" and first:
                return f"'{first}'"
            if sign == "'" or not self.months:
                return found[0]
            said = {"d": str(number), "y": str(year)}
            return said.get(sign) or f"'{self.months[month - 1]}'"

        return write(self.locale, day, _FIELD.sub(field, pattern or self.long))

    def days(self, first: date, last: date) -> str:
        """Return a range of whole days."""
        start, end = self.parts(first), self.parts(last)
        if start == end:
            return self.day(first)
        if self.is_year_first:  # CLDR knows the order
            greatest = "y" if start[0] != end[0] else "M" if start[1] != end[1] else "d"
            return self._interval(first, last, greatest)
        sign = mark(self.locale)
        if start[:2] != end[:2]:
            return self._opening(first, last) + f" {sign} " + self.day(last)
        if number := re.match(r"d+\.?", self.long):
            tight = sign if sign in DASHES else f" {sign} "
            return self.day(first, number[0]) + tight + self.day(last)
        return self._interval(first, last, "d")

    def days_and_hours(self, first: datetime, last: datetime) -> str:
        """Return a range that has hours; those of one day, or each day with its own."""
        if first == last:
            return self.with_hour(self.day(first), hour(self.locale, first))
        if self.parts(first) == self.parts(last):
            return self.with_hour(self.day(first), hours(self.locale, first, last))
        opening = self.with_hour(self._opening(first, last), hour(self.locale, first))
        closing = self.with_hour(self._closing(first, last), hour(self.locale, last))
        sign = mark(self.locale)
        return opening + (sign if sign == "～" else f" {sign} ") + closing

    def with_hour(self, day: str, at: str) -> str:
        joined = str(self.locale.datetime_formats["long"])
        if joined == "{1} {0}" and not self.is_year_first:
            joined = "{1}, {0}"  # "2023 09:00" would be read as one number
        return joined.format(at, day).replace("'", "")

    def _opening(self, first: date, last: date) -> str:
        """Return a range's first day, without its year where the last day says it."""
        if self.is_year_first or self.parts(first)[0] != self.parts(last)[0]:
            return self.day(first)
        return self.day(first, self._yearless())

    def _closing(self, first: date, last: date) -> str:
        """Return a range's last day, without its year where the year leads and was said."""
        if self.is_year_first and self.parts(first)[0] == self.parts(last)[0]:
            return self.day(last, self._yearless())
        return self.day(last)

    def _yearless(self) -> str:
        """Return the pattern of a day and its month, in the order of the long date."""
        long = self.long
        pattern = str(self.locale.datetime_skeletons.get("MMMMd", ""))
        if pattern and _order(pattern) == _order(long):
            return pattern
        if self.is_year_first:
            return long
        return re.sub(r"[\s,،]*(?:'[^']*'\s*)?$", "", long[: long.index("y")])

    def _interval(self, first: date, last: date, greatest: str) -> str:
        formats = self.locale.interval_formats
        halves = formats.get("yMMMMd", {}).get(greatest) or formats.get("yMMMd", {}).get(greatest)
        if not halves:
            halves = (f"{self.long} {mark(self.locale)} ", self.long)
        opening, closing = halves
        if "MMM" in self.long or "LLL" in self.long:
            # The catalogue of ranges holds short months only; the same place takes the full name.
            # But Chinese and Japanese write "9月", never "九月", beside a day in digits.
            opening, closing = (re.sub("M{3,}|L{3,}", "MMMM", half) for half in halves)
        opening = with_own_mark(self.locale, opening)
        if greatest == "d":
            opening = opening.replace("\u2009–\u2009", "–")
        return self.day(first, opening) + self.day(last, closing)


def _order(pattern: str) -> bool:
    """Return whether the day stands before its month."""
    bare = re.sub(r"'[^']*'", "", pattern).replace("L", "M")
    return bare.find("d") < bare.find("M")


def _zone(start: datetime, offset: int | None, site: "Site") -> tuple[tzinfo, str]:
    """Return the zone whose clock shows the hours, and its name where it is not the site's."""
    if offset is None or start.astimezone(site.zone).utcoffset() == timedelta(minutes=offset):
        return site.zone, ""
    hour_count, minutes = divmod(abs(offset), 60)
    # One left-to-right run in European digits, which a right-to-left line does not tear apart.
    sign = "" if offset == 0 else f"{'+' if offset > 0 else '-'}{hour_count}"
    return timezone(timedelta(minutes=offset)), f"UTC{sign}" + (f":{minutes:02}" if minutes else "")


def _city(locale: "Locale", site: "Site") -> str:
    from babel.dates import get_timezone_location

    try:
        city = str(get_timezone_location(site.zone, locale=locale, return_city=True))
    except KeyError:  # languages of which CLDR knows too little for Babel
        city = site.time_zone.rpartition("/")[2].replace("_", " ")
    return city.replace(" ", "\u00a0")
