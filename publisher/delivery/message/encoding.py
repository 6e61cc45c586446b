"""Encode the texts of a body once, so that a recipient's values can be set in without encoding anew.

What comes out is as it travels: CRLF, lines of at most 76 bytes, none beginning with a dot (so
nothing is stuffed later), no run of white space and none at a line's end (so the text is its own
relaxed canonical form, RFC 6376 section 3.4.4, and can be hashed for DKIM as it is).
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Protocol

from publisher.render import Parts

LONGEST = 76  # bytes of a line, RFC 2045 section 6.7 and 6.8
_SOFT = b"=\r\n"  # a line end of quoted-printable that is not one of the text

# A value that quoted-printable leaves as it is, and that needs no look at its lines' ends.
_PLAIN_VALUE = re.compile(r"[!-<>-~]+", re.ASCII)
# Lines that b2a_qp leaves in a state we do not want: a dot in front, white space in a row, and,
# since it forgets that an encoded space at a line's end is three bytes (Python 3.11), too long.
_BAD_LINE = re.compile(rb"^(?:\.[^\r]*|[^\r]*[ \t]{2}[^\r]*|[^\r]{77,})(?=\r\n|\Z)", re.MULTILINE)
_UNIT = re.compile(rb"=[0-9A-F]{2}|[^=]")


class Encoded(Protocol):
    """A text as one MIME part's content, with room for values."""

    @property
    def name(self) -> bytes:
        """The word of Content-Transfer-Encoding."""

    def pieces(self, values: Mapping[str, str]) -> list[bytes]:
        """Return the content for one recipient; raises KeyError for a value that is missing."""


def encode(parts: Parts, *, is_html: bool) -> Encoded:
    """Return a cut text in the encoding that makes it shorter."""
    fixed = [_wire_text(piece) for piece in parts.pieces]
    quoted = Quoted.of(fixed, parts.names, is_html)
    in_base64 = sum(map(len, fixed)) * 4 // 3 * 78 // 76
    if sum(map(len, quoted.fixed)) <= in_base64:
        return quoted
    return Base64.of(fixed, parts.names, is_html)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text in quoted-printable: each value begins and ends at a line's edge."""

    fixed: tuple[bytes, ...]
    names: tuple[str, ...]
    is_html: bool
    name = b"quoted-printable"

    @classmethod
    def of(cls, fixed: Sequence[bytes], names: Sequence[str], is_html: bool) -> "Quoted":
        """Encode what is fixed."""
        made = []
        for place, piece in enumerate(fixed):
            coded = _quoted(piece)
            if place and not piece.startswith(b"\r\n"):
                coded = _SOFT + coded  # ends the value's line
            if place < len(names) and not _is_at_line_start(piece, is_first=place == 0):
                coded = _soft_end(coded)
            made.append(coded)
        return cls(tuple(made), tuple(names), is_html)

    def pieces(self, values: Mapping[str, str]) -> list[bytes]:
        """Return the content for one recipient."""
        made = [self.fixed[0]]
        for name, piece in zip(self.names, self.fixed[1:], strict=True):
            value = values[name]
            made.append(_quoted_value(escape(value) if self.is_html else value))
            made.append(piece)
        return made


@dataclass(frozen=True, slots=True)
class Base64:
    """A text in base64: what is fixed is encoded for each of the three places it can begin at."""

    heads: tuple[tuple[bytes, bytes, bytes], ...]  # bytes that fill the group a value began
    middles: tuple[tuple[bytes, bytes, bytes], ...]  # whole groups, encoded, in lines
    tails: tuple[tuple[bytes, bytes, bytes], ...]  # bytes left over for the group that follows
    names: tuple[str, ...]
    is_html: bool
    name = b"base64"

    @classmethod
    def of(cls, fixed: Sequence[bytes], names: Sequence[str], is_html: bool) -> "Base64":
        """Encode what is fixed."""
        cut = [[_aligned(piece, begins_at) for begins_at in range(3)] for piece in fixed]
        heads, middles, tails = (
            tuple((one[0][place], one[1][place], one[2][place]) for one in cut)
            for place in range(3)
        )
        return cls(heads, middles, tails, tuple(names), is_html)

    def pieces(self, values: Mapping[str, str]) -> list[bytes]:
        """Return the content for one recipient."""
        made = [self.middles[0][0]]
        rest = self.tails[0][0]
        for place, name in enumerate(self.names, start=1):
            value = values[name]
            rest += _wire_text(escape(value) if self.is_html else value)
            begins_at = len(rest) % 3
            rest += self.heads[place][begins_at]
            end = len(rest) // 3 * 3
            made.append(_lines(rest[:end]))
            rest = rest[end:]
            if not rest:  # else the text between two values was too short to fill the group
                made.append(self.middles[place][begins_at])
                rest = self.tails[place][begins_at]
        made.append(_lines(rest))
        return made


def _wire_text(text: str) -> bytes:
    return "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).encode()


def _quoted(piece: bytes) -> bytes:
    # The first line end tells b2a_qp which kind its own soft line ends shall have.
    coded = b2a_qp(b"\r\n" + piece, istext=True).removeprefix(b"\r\n")
    return _BAD_LINE.sub(lambda found: _mended(found[0]), coded)


def _mended(line: bytes) -> bytes:
    """Write one line again, with what it must not hold encoded, in as many lines as it needs."""
    is_soft = line.endswith(b"=")
    units = _UNIT.findall(line[:-1] if is_soft else line)
    lines, made = [], b""
    for place, unit in enumerate(units):
        if unit in b" \t" and (place + 1 == len(units) or made.endswith((b" ", b"\t"))):
            unit = b"=%02X" % unit[0]
        if len(made) + len(unit) >= LONGEST:  # room for the "=" of a soft line end
            lines.append(made + b"=")
            made = b""
        made += b"=2E" if unit == b"." and not made else unit
    lines.append(made + b"=" if is_soft else made)
    return b"\r\n".join(lines)


def _soft_end(coded: bytes) -> bytes:
    """End a text in a soft line end, which must not make its last line too long."""
    last = coded[coded.rfind(b"\n") + 1 :]
    if len(last) < LONGEST:
        return coded + _SOFT
    unit = _UNIT.findall(last)[-1]
    moved = b"=2E" if unit == b"." else unit
    return coded[: -len(unit)] + _SOFT + moved + _SOFT


def _is_at_line_start(piece: bytes, *, is_first: bool) -> bool:
    return piece.endswith(b"\r\n") or (is_first and not piece)


def _quoted_value(value: str) -> bytes:
    if not _PLAIN_VALUE.fullmatch(value) or value[0] == ".":
        return _quoted_whole(value)
    if len(value) < LONGEST:
        return value.encode()
    step = LONGEST - 1
    lines = [value[at : at + step] for at in range(0, len(value), step)]
    if any(line[0] == "." for line in lines):
        return _quoted_whole(value)
    return "=\r\n".join(lines).encode()


@lru_cache(maxsize=1024)  # days in words, which many readers share
def _quoted_whole(value: str) -> bytes:
    coded = _quoted(_wire_text(value))
    # What follows may be a soft line end: without its own "=" the last line has to have room.
    return _soft_end(coded).removesuffix(_SOFT) if coded else coded


def _aligned(piece: bytes, begins_at: int) -> tuple[bytes, bytes, bytes]:
    """Part a text that begins in the middle of a group: what fills it, whole groups, what is left."""
    head = piece[: -begins_at % 3]
    body = piece[len(head) :]
    end = len(body) // 3 * 3
    return head, _lines(body[:end]), body[end:]


def _lines(data: bytes) -> bytes:
    coded = b64encode(data)
    return b"".join(coded[at : at + LONGEST] + b"\r\n" for at in range(0, len(coded), LONGEST))
