"""Hours and ranges of hours as a reader's own country writes them."""

import re
from datetime import datetime
from typing import TYPE_CHECKING

from publisher.render.patterns import DASHES, mark, write

if TYPE_CHECKING:
    from babel import Locale

_HALF = re.compile(r"\s?[aB]+\s?")  # where a pattern says which half, or part, of the day it is
_TIGHT = "～~至"  # marks without spaces around them; words such as "تا" have some
_WHOLE_WORD = ("ko",)  # CLDR up to 47 shortens 오전 to "AM", which Koreans do not write


def hour(locale: "Locale", moment: datetime) -> str:
    """Return an hour: "17:05", "5:05 pm", "17:05 Uhr"; no line is broken inside it."""
    return _said(locale, moment, _short(locale) + _word(locale))


def hours(locale: "Locale", first: datetime, last: datetime) -> str:
    """Return a range within one day, saying the half of the day once where both are in it."""
    short, word = _short(locale), _word(locale)
    opening, closing = short, short + word
    half = _HALF.search(short)
    if half and _said(locale, first, half[0]) == _said(locale, last, half[0]):
        # "9:00–10:30 am", but "上午9:00至10:30": it is left out on the inner side.
        if half.start() > short.find("m"):
            opening = _HALF.sub("", short)
        else:
            closing = _HALF.sub("", short) + word
    start = _said(locale, first, opening)
    sign = mark(locale)
    is_loose = "\u00a0" in start if sign in DASHES + "-" else sign not in _TIGHT
    return start + (f" {sign} " if is_loose else sign) + _said(locale, last, closing)


def _said(locale: "Locale", moment: datetime, pattern: str) -> str:
    return write(locale, moment, pattern).replace(" ", "\u00a0")


def _short(locale: "Locale") -> str:
    short = str(locale.time_formats["short"])
    return short.replace("a", "aaaa") if locale.language in _WHOLE_WORD else short


def _word(locale: "Locale") -> str:
    """Return what follows an hour where CLDR's ranges say it and its short hours do not: Uhr."""
    if "'" in _short(locale):
        return ""
    halves = locale.interval_formats.get("Hm", {}).get("m") or ("", "")
    found = re.search(r"m(\s?'[^']+')$", halves[1])
    return found[1] if found else ""
