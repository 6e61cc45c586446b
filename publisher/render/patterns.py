"""CLDR's patterns written out, and the mark that stands in a range."""

import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale


def write(locale: "Locale", moment: date, pattern: str) -> str:
    """Return a moment in a pattern of CLDR's; thin spaces, which mail fonts lack, become others."""
    from babel.dates import parse_pattern

    text = str(parse_pattern(pattern).apply(moment, locale))
    return text.replace("\u2009", " ").replace("\u202f", "\u00a0")


def mark(locale: "Locale") -> str:
    """Return what stands between the two ends of a range, without its spaces: "–", "تا", "至"."""
    halves = locale.interval_formats.get("yMMMd", {}).get("M") or ("d – ", "")
    found = re.search(r"[^A-Za-z'年月日년월일]+$|\s\S+\s$", halves[0])
    return (found[0].strip(" .\u2009") if found else "") or "–"
