"""The Solar Hijri calendar, by which Iran and Afghanistan live; Babel writes Gregorian dates only.

CLDR names it the first calendar of both countries. The arithmetic is the 33-year cycle that ICU
uses, which agrees with the sky for the years 1178 to 1501 (1799 to 2123 of the Gregorian ones).
"""

from datetime import date

_EPOCH = date(622, 3, 21).toordinal()  # the day before 1 Farvardin 1 by Gregorian reckoning
_LONG_MONTHS = 6 * 31  # days of the first six months; the others have 30

IRAN = (
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
    *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
)
AFGHANISTAN = (
    *("حمل", "ثور", "جوزا", "سرطان", "اسد", "سنبله"),
    *("میزان", "عقرب", "قوس", "جدی", "دلو", "حوت"),
)


def solar(day: date) -> tuple[int, int, int]:
    """Return the year, month and day of a Gregorian day: 19 September 2023 is (1402, 6, 28)."""
    year = day.year - 621
    if day.toordinal() < _new_year(year):
        year -= 1
    passed = day.toordinal() - _new_year(year)
    if passed < _LONG_MONTHS:
        return year, passed // 31 + 1, passed % 31 + 1
    passed -= _LONG_MONTHS
    return year, passed // 30 + 7, passed % 30 + 1


def _new_year(year: int) -> int:
    return _EPOCH + 365 * (year - 1) + (8 * year + 21) // 33
