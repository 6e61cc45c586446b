"""What a reader may choose, as fields of a form: offered, remembered as typed, and read back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from publisher.errors import AddressError, ChoiceError
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


def chosen(visit: Visit, who: Subscriber) -> Typed:
    """Return what a subscriber chose, to be changed."""
    pause, zone = who.paused_until, _zone(visit, who.time_zone)
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
    try:
        day = date.fromisoformat(filled.pause)
        return datetime.combine(day, time(), _zone(visit, filled.time_zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ChoiceError("this is no date", what="pause") from error


def offered(visit: Visit, filled: Typed) -> dict[str, Any]:
    """Return what the templates of forms show: everything on offer, and what is chosen of it."""
    settings, site = visit.settings, visit.settings.site
    languages = [tag for tag in filled.languages if tag in site.languages]
    places = min(len(site.languages), max(MOST_LANGUAGES, len(languages)))
    return {
        "typed": filled,
        "errors": filled.errors,
        "places": [*languages, *("" for _ in range(places - len(languages)))],
        "tongues": [
            {"tag": tag, "name": language_name(tag), "dir": direction(tag)}
            for tag in site.languages
        ],
        "digests": [{"name": name, "title": title_of(visit, name)} for name in settings.digests],
        "categories": [
            {"slug": slug, "name": pick(category.name, visit.language, site.languages) or slug}
            for slug, category in settings.categories.items()
        ],
        "zones": zones(),
        "other_zone": _unlisted(filled.time_zone),
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


def title_of(visit: Visit, digest: str) -> str:
    """Return a digest's title in the page's language; its name, when the site has it no more."""
    known = visit.settings.digests.get(digest)
    titles = known.title if known else {}
    return pick(titles, visit.language, visit.settings.site.languages) or digest


def field_of(error: AddressError | ChoiceError) -> str:
    """Return the field that an error is about."""
    if isinstance(error, AddressError):
        return "email"
    return "time_zone" if error.what == "zone" else error.what


def _unlisted(zone: str) -> str:
    """Return a zone that somebody has all the same: lists that are imported name such."""
    return zone if zone in time_zones() and zone not in _listed() else ""


@lru_cache(maxsize=1)
def _listed() -> frozenset[str]:
    return frozenset(name for names in zones().values() for name in names)


def guessed_zone(visit: Visit) -> str:
    """Return the zone of the country in the browser's first language, where it has but one; or ""."""
    tag = visit.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    country = next((part for part in tag.split("-")[1:] if len(part) == 2 and part.isalpha()), "")
    return _zone_of_country().get(country.upper(), "")


@lru_cache(maxsize=1)
def _zone_of_country() -> Mapping[str, str]:
    from babel.core import get_global

    found: dict[str, set[str]] = {}
    for zone, country in get_global("zone_territories").items():
        if zone in _listed():
            found.setdefault(country, set()).add(zone)
    return {country: min(names) for country, names in found.items() if len(names) == 1}


def _zone(visit: Visit, name: str) -> tzinfo:
    """Return the zone of who chose this one; the tz database may have dropped it since."""
    name = name or visit.settings.site.time_zone
    return ZoneInfo(name) if name in time_zones() else UTC


def _given(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
