"""What one file says, by itself: the form in which the cache keeps it.

Only texts, numbers, tuples and dicts, so that `marshal` can write it; None means "not said",
which a translation may take from its original. Moments are whole seconds since 1970, UTC.
"""

from typing import NamedTuple

PlainProblem = tuple[int, str, str, bool]  # line, message, hint, is an error
PlainAuthor = tuple[str, str, str]  # name, email, url
PlainMoment = tuple[int, bool]  # seconds; True: a date was written, this is its local midnight


class PlainImage(NamedTuple):
    src: str
    alt: str
    width: int
    height: int


class PlainDownload(NamedTuple):
    file: str  # path under content/, or ""
    url: str
    title: str
    type: str
    size: int
    line: int


class PlainEvent(NamedTuple):
    start: PlainMoment | None
    end: PlainMoment | None
    place: str | None
    city: str | None
    country: str | None
    url: str | None
    state: str | None
    offset: int | None  # minutes east of UTC that the start was written with


class Facts(NamedTuple):
    """One readable file."""

    path: str  # under content/
    whole: str
    key: str
    language: str
    hash: str  # of the file's bytes
    about: str  # of title and date as written: what an edit leaves alone
    title: str
    date: PlainMoment | None
    updated: PlainMoment | None
    kind: str | None
    summary: str
    slug: str
    is_slug_written: bool
    folder: str
    link: str
    id: str
    categories: tuple[str, ...] | None  # words as written
    authors: tuple[PlainAuthor, ...] | None
    image: PlainImage | None
    video: str | None
    downloads: tuple[PlainDownload, ...] | None
    event: PlainEvent | None
    translation: tuple[str, bool, str] | None  # of, is machine, by
    correction: str
    status: str | None
    digest: str | None
    unknown: tuple[tuple[str, int], ...]  # keys nobody knows, with their lines
    lines: dict[str, int]  # field -> line, for problems that show only beside other files
    problems: tuple[PlainProblem, ...]  # warnings only


class Unreadable(NamedTuple):
    """One file that is left out."""

    path: str
    hash: str
    problems: tuple[PlainProblem, ...]
    needs: tuple[tuple[str, int], ...] = ()  # files it names, with their lines


Plain = tuple[object, ...]  # either of the two as a bare tuple, as `marshal` wants it


def pack(facts: Facts | Unreadable) -> Plain:
    """Return the bare tuple that `marshal` can write."""
    if isinstance(facts, Unreadable):
        return tuple(facts)
    if facts.image is None and facts.event is None and not facts.downloads:
        return tuple(facts)
    bare: list[object] = [tuple(value) if isinstance(value, _NESTED) else value for value in facts]
    if facts.downloads:
        bare[_DOWNLOADS] = tuple(tuple(one) for one in facts.downloads)
    return tuple(bare)


def unpack(plain: Plain) -> Facts | Unreadable:
    """Return what `pack` packed."""
    if len(plain) == len(Unreadable._fields):
        return Unreadable._make(plain)
    if plain[_IMAGE] is None and plain[_EVENT] is None and not plain[_DOWNLOADS]:
        return Facts._make(plain)
    bare: list[object] = list(plain)
    if (image := bare[_IMAGE]) is not None:
        bare[_IMAGE] = PlainImage._make(image)  # type: ignore[arg-type]
    if (event := bare[_EVENT]) is not None:
        bare[_EVENT] = PlainEvent._make(event)  # type: ignore[arg-type]
    if downloads := bare[_DOWNLOADS]:
        bare[_DOWNLOADS] = tuple(map(PlainDownload._make, downloads))  # type: ignore[call-overload]
    return Facts._make(bare)


_NESTED = (PlainImage, PlainEvent)
_IMAGE = Facts._fields.index("image")
_EVENT = Facts._fields.index("event")
_DOWNLOADS = Facts._fields.index("downloads")
