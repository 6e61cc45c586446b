"""The text part of a message: wrapped for reading, links whole on lines of their own."""

import re
import unicodedata

from publisher.language import first_strong

WIDTH = 72  # columns; what mail readers of plain text show without a second wrap
_LINK = re.compile(r"(?:https?://|mailto:)\S+")
_INDENT = re.compile(r"\s*(?:(?:\d{1,3}|[٠-٩۰-۹]{1,3})[.)]\s+|[-–•]\s+)?")
_RLM, _LRM = "\u200f", "\u200e"


def wrap(text: str, width: int = WIDTH) -> str:
    """Return text wrapped line by line; a line that is a link stays whole, blank lines stay.

    Continuation lines are indented as far as the first, so numbered items stay a list. A width
    is counted in columns: marks over and under letters take none, Han signs take two.
    """
    lines: list[str] = []
    for line in text.splitlines():
        lines.extend(_wrapped(line.rstrip(), width))
    tidy = "\n".join(lines).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", tidy) + "\n"


def directed(line: str, is_rtl: bool) -> str:
    """Return a line that begins with a mark where its first letter would turn it the wrong way.

    Plain text has no dir attribute: a reader's program takes the first letter's direction.
    """
    strong = first_strong(line)
    if is_rtl and strong != "rtl":
        return _RLM + line
    if not is_rtl and strong == "rtl":
        return _LRM + line
    return line


def columns(text: str) -> int:
    """Return how many columns a text takes on a screen of fixed width."""
    if text.isascii():
        return len(text)
    return sum(_width(sign) for sign in text)


def _width(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def _wrapped(line: str, width: int) -> list[str]:
    if columns(line) <= width or _LINK.fullmatch(line.strip()):
        return [line]
    found = _INDENT.match(line)
    head = found[0] if found else ""
    indent = " " * columns(head)
    lines, current = [], head
    for word in line[len(head) :].split():
        if current.strip() and current != head and columns(f"{current} {word}") > width:
            lines.append(current)
            current = indent + word
        else:
            current = f"{current}{'' if current in (head, '') else ' '}{word}"
    return [*lines, current]
