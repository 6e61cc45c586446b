"""What a reader may choose, as fields of a form: offered, remembered as typed, and read back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from publisher.errors import ChoiceError
from publisher.language import direction, pick
from publisher.render import language_name
from publisher.subscribers import Person, Subscriber, time_zones
from publisher.web.visit import Visit

MOST_LANGUAGES = 3  # places for languages in order, if nobody has chosen more
_REGIONS = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
)


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields."""

    email: str = ""
    name: str = ""
    languages: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    time_zone: str = ""
    originals: bool = False
    pause: str = ""  # a date as browsers write it
    errors: Mapping[str, str] = field(default_factory=dict)  # a field's name -> a sentence


def typed(visit: Visit) -> Typed:
    """Return what was filled in; fields that no form of ours has are not looked at."""
    form = visit.form
    languages = form.all("language") or form.all("lang")
    return Typed(
        email=form.get("email"),
        name=form.get("name"),
        languages=tuple(dict.fromkeys(tag for tag in languages if tag)),
        digests=_given(form.all("digest")),
        categories=_given(form.all("category")),
        time_zone=form.get("time_zone"),
        originals=bool(form.get("originals")),
        pause=form.get("pause"),
    )


def chosen(who: Subscriber) -> Typed:
    """Return what a subscriber chose, to be changed."""
    pause = who.paused_until
    zone = ZoneInfo(who.time_zone) if who.time_zone else UTC
    return Typed(
        languages=who.languages,
        digests=who.digests,
        categories=who.categories,
        time_zone=who.time_zone,
        originals=who.originals,
        pause=pause.astimezone(zone).date().isoformat() if pause else "",
    )


def to_person(filled: Typed, kinds: Iterable[str] = ()) -> Person:
    """Return a filled-in form as the room of subscribers takes it."""
    return Person(
        filled.email,
        filled.name,
        filled.languages,
        filled.digests,
        filled.categories,
        filled.time_zone,
        tuple(kinds),
        filled.originals,
    )


def pause_of(visit: Visit, filled: Typed) -> datetime | None:
    """Return until when no mail is wanted: the beginning of that day where the reader is.

    Raises ChoiceError for what is no date.
    """
    if not filled.pause:
        return None
    name = filled.time_zone or visit.settings.site.time_zone
    try:
        day = date.fromisoformat(filled.pause)
        zone = ZoneInfo(name) if name in time_zones() else UTC
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ChoiceError("this is no date", what="pause") from error


def offered(visit: Visit, filled: Typed) -> dict[str, Any]:
    """Return what the templates of forms show: everything on offer, and what is chosen of it."""
    settings, site = visit.settings, visit.settings.site
    places = min(len(site.languages), max(MOST_LANGUAGES, len(filled.languages)))
    return {
        "typed": filled,
        "errors": filled.errors,
        "places": [filled.languages[n] if n < len(filled.languages) else "" for n in range(places)],
        "tongues": [
            {"tag": tag, "name": language_name(tag), "dir": direction(tag)}
            for tag in site.languages
        ],
        "digests": [
            {"name": name, "title": pick(digest.title, visit.language, site.languages) or name}
            for name, digest in settings.digests.items()
        ],
        "categories": [
            {"slug": slug, "name": pick(category.name, visit.language, site.languages) or slug}
            for slug, category in settings.categories.items()
        ],
        "zones": zones(),
        "site_zone": site.time_zone,
        "earliest": (visit.now + timedelta(days=1)).date().isoformat(),
    }


@lru_cache(maxsize=1)
def zones() -> Mapping[str, tuple[str, ...]]:
    """Return the time zones people know, by region."""
    found: dict[str, list[str]] = {}
    for name in sorted(time_zones()):
        region, _, place = name.partition("/")
        if place and region in _REGIONS:
            found.setdefault(region, []).append(name)
    return {region: tuple(names) for region, names in found.items()}


def guessed_zone(visit: Visit) -> str:
    """Return the zone of the country in the browser's first language, where it has but one; or ""."""
    tag = visit.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    country = next((part for part in tag.split("-")[1:] if len(part) == 2 and part.isalpha()), "")
    return _zone_of_country().get(country.upper(), "")


@lru_cache(maxsize=1)
def _zone_of_country() -> Mapping[str, str]:
    from babel.core import get_global

    known = {name for names in zones().values() for name in names}
    found: dict[str, set[str]] = {}
    for zone, country in get_global("zone_territories").items():
        if zone in known:
            found.setdefault(country, set()).add(zone)
    return {country: min(names) for country, names in found.items() if len(names) == 1}


def _given(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
