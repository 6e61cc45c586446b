"""Read a message that anybody may have sent: within bounds, in one pass, and never with an error.

Python's own parser follows nested parts as deep as they go and looks at each line once a level; a
few kilobytes can take it down. A report needs little of MIME: fields, parts, two encodings. What
lies beyond the bounds is not looked at.
"""

import binascii
import quopri
import re
from dataclasses import dataclass
from functools import cached_property

MOST_BYTES = 1_000_000  # of a message; a report's own words come before the copy of ours
MOST_PARTS = 40
DEEPEST = 6  # a report holds a message that holds two texts: three
_MOST_FIELDS = 300
_LONGEST_FIELD = 8_000  # characters
_LONGEST_TEXT = 64_000  # bytes of a part that are decoded

_FIELD = re.compile(rb"([!-9;-~]{1,80})[ \t]*:(.*)", re.DOTALL)
_TYPE = re.compile(r"\s*([\w.+-]{1,80})/([\w.+-]{1,80})", re.ASCII)
_PARAMETER = re.compile(r';\s*([\w-]{1,40})\s*=\s*(?:"([^"]{0,200})"|([^\s;"]{1,200}))', re.ASCII)
# Charsets with a decoder that takes time in proportion; Python has others, punycode for one.
_CHARSET = re.compile(
    r"utf-?8|(?:us-)?ascii|iso-?8859-\d{1,2}|(?:windows-|cp)\d{3,4}|koi8-[ru]|gb(?:k|2312|18030)|"
    r"big5|shift_jis|euc-(?:jp|kr)|iso-2022-jp",
    re.IGNORECASE,
)

Fields = tuple[tuple[str, str], ...]  # name in small letters, value on one line


@dataclass(frozen=True)  # no slots: what is asked for twice is kept
class Part:
    """A message, or a part of one."""

    fields: Fields
    body: bytes
    depth: int = 0
    is_quoted: bool = False  # a message inside the message, or a part of it

    def all(self, name: str) -> list[str]:
        """Return every value of a field, its name in small letters."""
        return [value for known, value in self.fields if known == name]

    def first(self, name: str) -> str:
        """Return the first value of a field, or ""."""
        return next(iter(self.all(name)), "")

    @cached_property
    def kind(self) -> str:
        """The type, as "text/plain"."""
        found = _TYPE.match(self.first("content-type"))
        return f"{found[1]}/{found[2]}".lower() if found else "text/plain"

    @cached_property
    def parameters(self) -> dict[str, str]:
        """What the type is told with: boundary, charset, report-type."""
        found = _PARAMETER.finditer(self.first("content-type"))
        return {one[1].lower(): one[2] or one[3] or "" for one in found}

    @cached_property
    def decoded(self) -> bytes:
        """The body without its transfer encoding, as far as it can be decoded."""
        how = self.first("content-transfer-encoding").strip().lower()
        try:
            if how == "base64":
                return binascii.a2b_base64(self.body)
            return quopri.decodestring(self.body) if how == "quoted-printable" else self.body
        except (binascii.Error, ValueError):
            return self.body

    @cached_property
    def text(self) -> str:
        """The body as text; what cannot be read in its charset is replaced."""
        charset = self.parameters.get("charset", "utf-8")
        known = charset if _CHARSET.fullmatch(charset) else "utf-8"
        try:
            return self.decoded[:_LONGEST_TEXT].decode(known, "replace")
        except LookupError:
            return self.decoded[:_LONGEST_TEXT].decode("utf-8", "replace")


def read_message(data: bytes) -> tuple[Part, ...]:
    """Return a message and all its parts, each before those inside it; at least the message."""
    data = data[:MOST_BYTES].replace(b"\r\n", b"\n")
    if data.startswith(b"From "):  # what a mail server writes before a message it pipes
        data = data.partition(b"\n")[2]
    found = [_part(data, 0)]
    for part in found:  # it grows while we walk
        room = MOST_PARTS - len(found)
        if part.depth < DEEPEST and room > 0:
            found += _inside(part, room)
    return tuple(found)


def read_fields(data: bytes) -> tuple[Fields, bytes]:
    """Return the fields at the head of a text and what follows the empty line after them."""
    head, _, body = (b"\n" + data).partition(b"\n\n")
    found: list[tuple[str, str]] = []
    for line in re.split(rb"\n(?![ \t])", head[1:], maxsplit=_MOST_FIELDS)[:_MOST_FIELDS]:
        field = _FIELD.fullmatch(line[: _LONGEST_FIELD + 80])
        if field:
            value = field[2].replace(b"\n", b" ").decode("utf-8", "replace").strip()
            found.append((field[1].decode("ascii").lower(), value[:_LONGEST_FIELD]))
    return tuple(found), body


def _part(data: bytes, depth: int, is_quoted: bool = False) -> Part:
    return Part(*read_fields(data), depth, is_quoted)


def _inside(part: Part, room: int) -> list[Part]:
    """Return the parts right inside a part."""
    if part.kind.startswith("multipart/"):
        boundary = part.parameters.get("boundary", "").encode()
        if not boundary:
            return []
        pieces = (b"\n" + part.body).split(b"\n--" + boundary, room + 1)[1 : room + 1]
        # "--" after it ends the parts; a longer boundary that begins the same is another one.
        pieces = [piece.partition(b"\n")[2] for piece in pieces if not piece[:1].strip(b"\n \t\r")]
        return [_part(piece, part.depth + 1, part.is_quoted) for piece in pieces]
    if part.kind in ("message/rfc822", "message/global"):
        return [_part(part.decoded, part.depth + 1, is_quoted=True)]
    return []
