"""Values that differ from recipient to recipient, set into a finished body at the last moment.

A template writes a mark: a word that is valid in text, in an attribute, in a header and in a
link, and that MJML passes through untouched. A body is cut at its marks once and joined once per
recipient, which costs about a microsecond.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

EDITORS_MARKS = ("approve_url", "hold_url", "cancel_url")  # only their mails have these
MARKS = (
    *("unsubscribe_url", "unsubscribe_token", "preferences_url", "address", "since"),
    *("confirm_url", "fresh_url"),  # of letters
    *EDITORS_MARKS,
)
LONGEST_VALUE = 300  # bytes that the size gate assumes for each value

# 64 bits of noise: nobody writes this by accident, and author text that holds it is broken up.
_NOISE = "q7d1f9c2e84b6a35"
_MARK = re.compile(f"zz(?P<name>[a-z]+){_NOISE}zz")
_NAMES = {name.replace("_", ""): name for name in MARKS}


def mark(name: str) -> str:
    """Return the splice mark of one of MARKS; raises KeyError for any other name."""
    if name not in MARKS:
        raise KeyError(name)
    return f"zz{name.replace('_', '')}{_NOISE}zz"


def is_mark(text: str) -> bool:
    """Return whether a text is a mark and nothing else."""
    return _MARK.fullmatch(text) is not None


def without_marks(text: str) -> str:
    """Return text in which nothing reads as a mark, for words that authors wrote."""
    return text.replace(_NOISE, _NOISE[:8] + "\u2060" + _NOISE[8:]) if _NOISE in text else text


@dataclass(frozen=True, slots=True)
class Parts:
    """A text cut at its marks: fixed pieces, and between them the names of values."""

    pieces: tuple[str, ...]  # one more than names
    names: tuple[str, ...]

    def join(self, values: Mapping[str, str], *, is_html: bool = False) -> str:
        """Return the text for one recipient; in HTML the values are escaped.

        Raises KeyError when a value that the text needs is missing.
        """
        if not self.names:
            return self.pieces[0]
        ready = {name: values[name] for name in self.names}
        if is_html:
            ready = {name: escape(value) for name, value in ready.items()}
        joined = [self.pieces[0]]
        for name, piece in zip(self.names, self.pieces[1:], strict=True):
            joined += (ready[name], piece)
        return "".join(joined)

    @property
    def longest(self) -> int:
        """The most bytes of UTF-8 the joined text can have, with values up to LONGEST_VALUE."""
        return sum(len(piece.encode()) for piece in self.pieces) + LONGEST_VALUE * len(self.names)


def compile_parts(text: str) -> Parts:
    """Cut a text at its marks, once, so that joining it per recipient is cheap."""
    found = _MARK.split(text)
    return Parts(tuple(found[::2]), tuple(_NAMES[name] for name in found[1::2]))
