"""Numbers and the sizes of files, with a reader's own separators, digits and units."""

from typing import TYPE_CHECKING

from publisher.render.country import digits_of, in_digits, locale_of
from publisher.render.phrases import Phrases, phrases

if TYPE_CHECKING:
    from publisher.settings.model import Site

_STEP = 1000  # bytes in a kB, as CLDR and disks count


def format_number(n: float, language: str, site: "Site") -> str:
    """Return a number with the reader's separators and digits: "1,234", "١٬٢٣٤"."""
    from babel.numbers import UnsupportedNumberingSystemError, format_decimal

    system, locale = digits_of(language, site), locale_of(language, site)
    try:
        text = str(format_decimal(n, locale=locale, numbering_system=system))
    except UnsupportedNumberingSystemError:
        text = str(format_decimal(n, locale=locale, numbering_system="latn"))
    # In print the Swiss apostrophe is a curved one; CLDR 48 went over to the typewriter's.
    text = text.replace("'", "’")
    return in_digits(text, language, site)  # Babel takes a system's separators, not its digits


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
