"""Whose customs a reader's dates and numbers follow: the country's, its digits, its calendar."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from publisher.language import base
from publisher.render.solar import AFGHANISTAN, IRAN

if TYPE_CHECKING:
    from babel import Locale

    from publisher.settings.model import Site

_DIGITS = {
    "latn": "0123456789",
    "arab": "٠١٢٣٤٥٦٧٨٩",
    "arabext": "۰۱۲۳۴۵۶۷۸۹",
}
_TO_DIGITS = {system: str.maketrans(_DIGITS["latn"], signs) for system, signs in _DIGITS.items()}
# English with no country named: day before month, as most readers of English write it.
_COMMON = {"en": "en-001"}
# Arabic with no country named: CLDR itself changed from "arab" to "latn" in its release 46.
_COMMON_DIGITS = {"ar": "latn"}
# A tag may end in an extension of BCP 47 that names a calendar: "fa-u-ca-gregory".
_EXTENSION = re.compile(r"-u-(?:.*?\bca-(?P<calendar>\w+))?.*")


def locale_of(language: str, site: "Site") -> "Locale":
    """Return CLDR's data for a language as the site's settings place it; English if there is none.

    A tag that names its own country or script keeps it, whatever is set for its language.
    """
    wanted = _EXTENSION.sub("", _wanted(language, site))
    return _parsed(_COMMON.get(wanted, wanted), language)


def is_known(wanted: str) -> bool:
    """Return whether CLDR knows a place that `[site] locale` names: "en-GB", but not "en-UK"."""
    from babel import Locale, UnknownLocaleError

    try:
        Locale.parse(_EXTENSION.sub("", wanted), sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


def digits_of(language: str, site: "Site") -> str:
    """Return the numbering system of a language: "latn", "arab" or "arabext"."""
    wished = site.digits.get(language) or site.digits.get(base(language))
    usual = _COMMON_DIGITS.get(_wanted(language, site)) or str(
        locale_of(language, site).default_numbering_system
    )
    return wished or (usual if usual in _DIGITS else "latn")


def in_digits(text: str, language: str, site: "Site") -> str:
    """Return text with its digits as the reader writes them."""
    system = digits_of(language, site)
    return text if system == "latn" else text.translate(_TO_DIGITS[system])


def solar_months(language: str, site: "Site") -> tuple[str, ...]:
    """Return the months of the Solar Hijri calendar, or () where readers use the Gregorian one.

    Persian is the language that has it, unless `[site] locale` says "fa-u-ca-gregory".
    """
    wanted = _wanted(language, site)
    named = _EXTENSION.search(wanted)
    if base(wanted) != "fa" or (named and named["calendar"] not in (None, "persian")):
        return ()
    return AFGHANISTAN if "-AF" in wanted else IRAN


def _wanted(language: str, site: "Site") -> str:
    return site.locale.get(language) or language


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
