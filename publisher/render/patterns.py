"""CLDR's patterns written out, and the mark that stands in a range."""

import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

DASHES = "–—"  # CLDR 48 has the long one for Russian and Ukrainian; both stand tight between digits
# What an editor writes where CLDR's releases differ: 47 has it, 48 a dash, for the same readers.
_OWN_MARK = {"zh": "至"}


def write(locale: "Locale", moment: date, pattern: str) -> str:
    """Return a moment in a pattern of CLDR's; thin spaces, which mail fonts lack, become others."""
    from babel.dates import parse_pattern

    text = str(parse_pattern(pattern).apply(moment, locale))
    return text.replace("\u2009", " ").replace("\u202f", "\u00a0")


def mark(locale: "Locale") -> str:
    """Return what stands between the two ends of a range, without its spaces: "–", "تا", "至"."""
    if own := _OWN_MARK.get(locale.language):
        return own
    halves = locale.interval_formats.get("yMMMd", {}).get("M") or ("d – ", "")
    found = re.search(r"[^A-Za-z'年月日년월일]+$|\s\S+\s$", halves[0])
    return (found[0].strip(" .\u2009\u00a0") if found else "") or "–"


def with_own_mark(locale: "Locale", opening: str) -> str:
    """Return the pattern of a range's first end, with an editor's mark where CLDR has a dash."""
    own = _OWN_MARK.get(locale.language)
    return re.sub(rf"\s*[{DASHES}]\s*$", own, opening) if own else opening
