"""Which column of somebody's list means what: our own names, and those of other products."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from publisher.errors import one_line

# Compared without case, spaces and signs: "E-Mail Address" is "emailaddress".
_MEANINGS = {
    "email": "email emailaddress mail mailaddress subscriberemail",
    "name": "name fullname displayname subscribername",
    "first": "firstname fname givenname",
    "last": "lastname lname surname familyname",
    "languages": "language languages lang locale preferredlanguage",
    "digests": "digest digests",
    "categories": "category categories topic topics",
    "time_zone": "timezone tz",
    "originals": "originals original originalsonly",
    "state": "state status subscriberstatus subscriptionstatus emailstatus",
    "left": "unsubtime unsubscribedat unsubscribetime cleantime",  # filled: gone since then
}
_BY_NAME = {name: meaning for meaning, names in _MEANINGS.items() for name in names.split()}
_NOT_LETTERS = re.compile(r"[\W_]+")
SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row each meaning stands; -1 for one the list does not have."""

    width: int
    places: Mapping[str, int]
    ignored: tuple[str, ...]  # headers that mean nothing to us

    def place(self, meaning: str) -> int:
        return self.places.get(meaning, -1)


def read_header(cells: Sequence[str]) -> Columns:
    """Return what the columns mean.

    Raises ValueError when two columns mean the same or none is the address.
    """
    places: dict[str, int] = {}
    ignored: list[str] = []
    for at, cell in enumerate(cells):
        meaning = _BY_NAME.get(_NOT_LETTERS.sub("", cell).casefold())
        if meaning is None:
            ignored.append(cell)
        elif meaning in places:
            raise ValueError(_doubled(cells[places[meaning]], cell, meaning))
        else:
            places[meaning] = at
    if "email" not in places:
        some = ", ".join(one_line(cell[:30]) for cell in cells[:6])
        more = f" and {len(cells) - 6} more" if len(cells) > 6 else ""
        raise ValueError(f"there is no email column; the columns are: {some}{more}")
    return Columns(len(cells), places, tuple(ignored))


def guess_separator(line: str) -> str:
    """Return which of comma, semicolon and tab parts the header's columns."""
    return max(SEPARATORS, key=line.count)


def _doubled(one: str, other: str, meaning: str) -> str:
    if one == other:
        return f'the column "{one_line(one)}" is there twice'
    return f'the columns "{one_line(one)}" and "{one_line(other)}" both mean {meaning}'
