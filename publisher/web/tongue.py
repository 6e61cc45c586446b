"""In which language a page speaks: the address says it, or the reader's browser does."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from publisher import language
from publisher.render.phrases import COMPLETE

if TYPE_CHECKING:
    from publisher.settings import Settings

_LONGEST_HEADER = 1000  # characters of Accept-Language that are read
_MOST_WISHES = 20


def spoken(settings: "Settings") -> tuple[str, ...]:
    """Return the languages in which pages can be had: the site's, then those of the interface."""
    return tuple(dict.fromkeys((*settings.site.languages, *COMPLETE, "pt-PT")))


def choose(settings: "Settings", asked: str, accept: str) -> str:
    """Return the language of a page.

    asked   what the address says (?lang=…), "" for nothing; what is no language is passed over
    accept  the Accept-Language header; "" where a page must be the same for everybody
    """
    offered = spoken(settings)
    for wish in (asked, *_wishes(accept)):
        found = nearest(wish, offered)
        if found:
            return found
    return settings.site.languages[0]


def nearest(wish: str, offered: Sequence[str]) -> str:
    """Return the offered language that serves a wish: itself, or what it is a variety of; or ""."""
    try:
        parts = language.normalise(wish).split("-")
    except ValueError:
        return ""
    if parts[0] == "zh" and {"TW", "HK", "MO"} & set(parts) and "zh-Hant" in offered:
        return "zh-Hant"
    tries = ("-".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((tag for tag in tries if tag in offered), "")


def _wishes(accept: str) -> Iterable[str]:
    """Return the tags of an Accept-Language header, the dearest first."""
    weighed = []
    for place, part in enumerate(accept[:_LONGEST_HEADER].split(",")[:_MOST_WISHES]):
        tag, _, weight = part.partition(";")
        quality = _quality(weight)
        if quality > 0:
            weighed.append((-quality, place, tag.strip()))
    return [tag for _, _, tag in sorted(weighed)]


def _quality(weight: str) -> float:
    name, _, number = weight.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(float(number), 1.0) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return 0.0
