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
    "lists": "lists list listname listnames mailinglists",
    "attributes": "attributes attribs",  # JSON
    "left": "unsubtime unsubscribedat unsubscribetime",  # filled: gone since then
    "cleaned": "cleantime",  # filled: the address does not work
    "paused_until": "pauseduntil",
    "kinds": "kinds kind",
}
# Times that prove what somebody agreed to, kept with their consent under the list's own name.
_PROOF_NAMES = (
    "optintime optinat confirmtime confirmedat consenttime consentedat signuptime subscribedat "
    "unsubtime unsubscribedat unsubscribetime cleantime"
)
_PROOFS = frozenset(_PROOF_NAMES.split())
_PRODUCTS = {"Mailchimp": {"leid", "euid"}, "listmonk": {"uuid", "attributes", "status"}}
_BY_NAME = {name: meaning for meaning, names in _MEANINGS.items() for name in names.split()}
_NOT_LETTERS = re.compile(r"[\W_]+")
_QUOTED = re.compile(r'"[^"]*"')
SEPARATORS = (",", ";", "\t", "|")


class NoAddress(ValueError):
    """No column is the address: this is no list of people."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row each meaning stands; -1 for one the list does not have."""

    width: int
    places: Mapping[str, int]
    ignored: tuple[str, ...]  # headers that mean nothing to us
    proofs: tuple[tuple[str, int], ...] = ()  # names and places of times to keep
    product: str = ""  # whose export it is, when its columns tell

    def place(self, meaning: str) -> int:
        return self.places.get(meaning, -1)


def read_header(cells: Sequence[str]) -> Columns:
    """Return what the columns mean.

    Raises ValueError when two columns mean the same, NoAddress when none is the address.
    """
    if not any(cell.strip() for cell in cells):
        raise NoAddress("there is no email column, as the line is empty")
    places: dict[str, int] = {}
    ignored: list[str] = []
    bare = [_NOT_LETTERS.sub("", cell).casefold() for cell in cells]
    for at, cell in enumerate(cells):
        meaning = meaning_of(cell)
        if meaning is None:
            if bare[at] not in _PROOFS:
                ignored.append(cell)
        elif meaning in places:
            raise ValueError(_doubled(cells[places[meaning]], cell, meaning))
        else:
            places[meaning] = at
    if "email" not in places:
        some = ", ".join(one_line(cell[:30]) for cell in cells[:6])
        more = f" and {len(cells) - 6} more" if len(cells) > 6 else ""
        raise NoAddress(f"there is no email column; the columns are: {some}{more}")
    proofs = tuple((cells[at].strip()[:40], at) for at, name in enumerate(bare) if name in _PROOFS)
    product = next((name for name, own in _PRODUCTS.items() if own <= set(bare)), "")
    return Columns(len(cells), places, tuple(ignored), proofs, product)


def meaning_of(name: str) -> str | None:
    """Return what a column of this name means to us."""
    return _BY_NAME.get(_NOT_LETTERS.sub("", name).casefold())


def guess_separator(line: str) -> str:
    """Return which of comma, semicolon, tab and bar parts the header's columns."""
    return max(SEPARATORS, key=_QUOTED.sub("", line).count)


def _doubled(one: str, other: str, meaning: str) -> str:
    if one == other:
        return f'the column "{one_line(one)}" is there twice'
    return f'the columns "{one_line(one)}" and "{one_line(other)}" both mean {meaning}'
