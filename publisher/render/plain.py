"""The text part of a message: wrapped for reading, links whole on lines of their own."""

import re
import unicodedata
from collections.abc import Iterator

from publisher.language import direction, first_strong, is_rtl
from publisher.render.splice import is_mark

WIDTH = 72  # columns; what mail readers of plain text show without a second wrap
_LINK = re.compile(r"(?:https?://|mailto:)\S+")
_INDENT = re.compile(r"\s*(?:(?:\d{1,3}|[٠-٩۰-۹]{1,3})[.)]\s+|[-–•]\s+)?")
_RLM, _LRM = "\u200f", "\u200e"
_LONGEST_LINE = 998  # bytes, RFC 5322 section 2.1.1
_CUT = _LONGEST_LINE // 4  # characters; none takes more than four bytes
# Chinese and Japanese are written without spaces, so any two of these signs may part. Korean,
# which has spaces, is not among them.
_SIGN = (
    "\u2e80-\u2fff\u3000-\u312f\u31a0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003ffff"
)
# But no line begins with what closes, with small kana or a sign of length, nor ends with what opens.
_CLOSING = (
    "、。，．：；？！）」』】〉》〕］｝〗〙〟”’…‥ー～・々〻ゝゞヽヾ％℃,.:;?!%)"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰ-ㇿ"
)
_OPENING = "（「『【〈《〔［｛〖〘〝“‘￥＄("
_HAS_SIGN = re.compile(f"[{_SIGN}]")
_RUN = re.compile(f"[{_OPENING}]*(?:[{_SIGN}]|[^{_SIGN}{_OPENING}]+)[{_CLOSING}]*|[{_OPENING}]+")


def wrap(text: str, width: int = WIDTH) -> str:
    """Return text wrapped line by line; links and words stay whole, blank lines stay.

    Continuation lines are indented as far as the first, so numbered items stay a list. A width
    is counted in columns: marks over and under letters take none, Han signs take two. Only a
    word that no line of a mail can hold is cut, which links never are.
    """
    lines: list[str] = []
    for line in text.splitlines():
        for part in _wrapped(line.rstrip(), width):
            lines.extend(_cut(part))
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


def directed_lines(plain: str, language: str) -> str:
    """Return lines of the text part, each reading in the language's direction; links stay bare."""
    turns = is_rtl(language)
    lines = plain.strip("\n").split("\n")
    return "\n".join(line if _is_link(line) else directed(line, turns) for line in lines)


def isolated(text: str, language: str) -> str:
    """Return text for plain lines: set apart where it reads in the other direction."""
    own = first_strong(text)
    is_foreign = own and own != direction(language)
    return f"\u2068{text}\u2069" if is_foreign else text


def columns(text: str) -> int:
    """Return how many columns a text takes on a screen of fixed width."""
    if text.isascii():
        return len(text)
    return sum(_width(sign) for sign in text)


def _is_link(line: str) -> bool:
    """Return whether a line is a link, or a mark that stands for one; an empty line is let be too."""
    return not line or is_mark(line) or "://" in line or line.startswith("mailto:")


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
    for gap, run in _runs(line[len(head) :]):
        if current.strip() and current != head and columns(current + gap + run) > width:
            lines.append(current)
            current = indent + run
        else:
            current += run if current in (head, indent) else gap + run
    return [*lines, current]


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """Yield what no line may break, each with the space before it on the same line.

    Only plain spaces part words: a no-break space keeps "9:00 am" together.
    """
    for word in re.split(r"[ \t]+", text.strip(" \t")):
        is_whole = _LINK.search(word) or not _HAS_SIGN.search(word)
        gap = " "
        for run in (word,) if is_whole else _RUN.findall(word):
            yield gap, run
            gap = ""


def _cut(line: str) -> Iterator[str]:
    if len(line.encode()) <= _LONGEST_LINE or _LINK.search(line):
        yield line
    else:
        yield from (line[at : at + _CUT] for at in range(0, len(line), _CUT))
