"""What a request for a file asks beside the file: a coding, only if it changed, only a part.

Pure, and forgiving: feed readers send the oddest headers, and none of them is worth an error.
Source: RFC 9110, sections 8.8.3 (tags), 12.5.3 (codings), 13 (conditions), 14 (ranges).
"""

import re
from collections.abc import Collection
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

_LONGEST = 1024  # bytes of a header that are looked at; what was read of some is remembered
_LONGEST_DATE = 64
_TAG = re.compile(rb'(?:W/)?"([^"]*)"|([^\s,"]+)')
_RANGE = re.compile(rb"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.IGNORECASE)
CODINGS = ("br", "gzip", "identity")  # the dearest to us first


def best_coding(accept: bytes) -> str:
    """Return the coding an Accept-Encoding header likes best, of equals ours; "identity" at last.

    A header that forbids everything gets the file as it is: a feed is better than an error.
    """
    return _best(accept[:_LONGEST])


@lru_cache(maxsize=1024)
def _best(accept: bytes) -> str:
    weights: dict[str, float] = {}
    for part in accept.decode("latin-1").lower().split(","):
        name, _, rest = part.partition(";")
        weights.setdefault(name.strip(), _weight(rest))
    if "x-gzip" in weights:
        weights.setdefault("gzip", weights["x-gzip"])
    others = weights.get("*", 0.0)
    wished = {coding: weights.get(coding, others) for coding in CODINGS[:-1]}
    # Nobody need name identity to have it; it counts for less than whatever is named.
    wished["identity"] = weights.get("identity", weights.get("*", 0.0001))
    best = max(CODINGS, key=lambda coding: wished[coding])
    return best if wished[best] > 0 else "identity"


def matched_tag(header: bytes, tags: Collection[bytes]) -> bytes | None:
    """Return the tag of ours that an If-None-Match header holds, or None.

    header  a list of tags, weak or not, quoted or not, or "*", which holds every tag
    tags    without quotes; for "*" the first is returned

    Compared weakly. What a proxy hung on a tag ("-gzip", ";br") is passed over.
    """
    for quoted, bare in _TAG.findall(header[:_LONGEST]):
        if bare == b"*":
            return next(iter(tags))
        found = quoted or bare.removeprefix(b"W/")
        for one in (found, found.removesuffix(b"-gzip"), found.partition(b";")[0]):
            if one in tags:
                return bytes(one)
    return None


def is_unchanged_since(header: bytes, modified: int) -> bool:
    """Return whether a file of this time (unix seconds) is no newer than an HTTP date.

    A date that cannot be read is as good as none.
    """
    moment = _moment(header[:_LONGEST_DATE])
    return moment is not None and modified <= moment


def wanted_range(header: bytes, size: int) -> tuple[int, int] | None:
    """Return the first byte wanted and the one after the last; None: send the whole.

    Several ranges at once, and what is no range, get the whole. An empty result (0, 0) means that
    no byte of the file is in the range.
    """
    found = _RANGE.fullmatch(header.strip()[:_LONGEST])
    if not found or found.groups() == (b"", b""):
        return None
    first, last = found.groups()
    if not first:
        count = min(int(last), size)
        return (size - count, size) if count else (0, 0)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        return 0, 0
    return int(first), min(int(last) + 1, size) if last else size


def is_same(if_range: bytes, tag: bytes, modified: int) -> bool:
    """Return whether an If-Range header names just this file; a weak tag names none."""
    if if_range.strip().startswith((b'"', b"W/")):
        return if_range.strip() == b'"%s"' % tag
    return _moment(if_range[:_LONGEST_DATE]) == modified


def _weight(text: str) -> float:
    name, _, number = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(number), 0.0), 1.0)
    except ValueError:
        return 0.0


@lru_cache(maxsize=1024)
def _moment(header: bytes) -> int | None:
    try:
        found = parsedate_to_datetime(header.decode("ascii"))
        # HTTP knows no zone but GMT; Python takes a date without one for the machine's own.
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
