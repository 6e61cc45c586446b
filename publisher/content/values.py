"""Texts and moments as editors write them, made into what every later room can rely on."""

import re
import unicodedata
from datetime import date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from publisher.content.facts import PlainMoment

FIRST_YEAR, LAST_YEAR = 1000, 9000  # beyond, calendars and time zones overflow

_BREAKS = re.compile("[ ]*[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]+[ ]*")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\uffff"
    "\U0001fffe\U0001ffff\U000e0000-\U000e001f]"
)
# Eight combining marks in a row; more only smear over neighbouring lines.
_MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{8})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
# What makes a text more than its NFC: a break, a forbidden character, a combining mark.
_DOUBTFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\uffff"
    "\U0001fffe\U0001ffff\U000e0000-\U000e001f"
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_COMMON = bytes((9, 10, *range(32, 127)))
# What in UTF-8 begins a forbidden character, or is one.
_SUSPECTS = frozenset((*range(32), 127, 0xC2, 0xED, 0xEF, 0xF0, 0xF3)) - {9, 10}
_MOMENT = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
    r"(?:[Tt ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.ASCII,
)


def one_line(text: str) -> str:
    """Return text on one line, in NFC, without what XML 1.0 forbids or a header must not hold."""
    if text.isascii() and text.isprintable():
        return text.strip()
    if not _DOUBTFUL.search(text):  # one search costs a third of the four passes below
        return unicodedata.normalize("NFC", text).strip()
    return _BREAKS.sub(" ", _MARKS.sub(r"\1", printable(text))).strip()


def printable(text: str) -> str:
    """Return text in NFC without control characters; line ends and tabs stay."""
    odd = odd_bytes(text)
    if not odd.isdisjoint(_SUSPECTS):
        text = _FORBIDDEN.sub("", text)
    return unicodedata.normalize("NFC", text) if odd else text


def odd_bytes(text: str) -> frozenset[int]:
    """Return which bytes other than printable ASCII, tab and line end a text has in UTF-8.

    Ten times faster than searching it with an expression, and enough to leave out most searches.
    """
    return frozenset(text.encode("utf-8", "surrogatepass").translate(None, _COMMON))


def moment(text: str, zone: tzinfo) -> PlainMoment:
    """Read a date or date-time; a date alone is the local midnight that begins it.

    A time without offset is local to `zone`. One that the clocks skip is read by the clock as it
    was before the change (02:30 of 2026-03-29 in Berlin is 03:30+02:00); one that comes twice is
    the first.

    Raises ValueError with what is wrong.
    """
    try:
        read, is_date = datetime.fromisoformat(text), len(text) == 10
    except ValueError:
        read, is_date = _loosely(text)
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise ValueError(f"the year {read.year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    if read.tzinfo is None:
        read = read.replace(tzinfo=zone)
    return int(read.timestamp()), is_date


def _loosely(text: str) -> tuple[datetime, bool]:
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
        text = re.sub("[\u200e\u200f\u061c]", "", text)
    found = _MOMENT.fullmatch(text.strip())
    if not found:
        raise ValueError("it is not a date")
    year, month, day, hour, minute, second, offset = found.groups()
    try:
        if hour is None:
            whole = date(int(year), int(month), int(day))
            return datetime(whole.year, whole.month, whole.day), True  # noqa: DTZ001
        clock = f"{int(hour):02}:{minute}:{second or '00'}"
        day_text = f"{year}-{int(month):02}-{int(day):02}"
        zone = "+00:00" if offset and offset[0] in "ZzUG" else offset or ""
        return datetime.fromisoformat(f"{day_text}T{clock}{zone}"), False
    except ValueError as error:
        raise ValueError(f"no such day or time: {error}") from None


@lru_cache(maxsize=64)
def time_zone(name: str) -> ZoneInfo:
    """Return a zone of the tz database; raises ValueError when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        raise ValueError(f'"{name[:80]}" is not a time zone') from None
