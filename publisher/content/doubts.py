"""What is doubtful in a text though it can be published: told to editors, harmful to nobody else.

The renderer gives every block of an item its direction and sets links and code apart, so most of
what mixes scripts reads well without any care. Looked for here is only what still reads badly.
"""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import NamedTuple

from publisher.content.finish import LTR, RTL, Finished
from publisher.content.markdown import literal_marks
from publisher.language import is_rtl

MANY_WORDS = 8  # of the other direction, from which a block is a sentence in it
FEW_PART = 6  # so many times more than words in the item's own direction


class Doubt(NamedTuple):
    """One doubtful place: a text to find its line by, what is wrong, and what to do."""

    text: str
    message: str
    hint: str


# Set apart from the text around it, so that neither disturbs the other.
_APART = re.compile(r'<([a-z0-9]+)\b[^<>]* dir="(?:ltr|auto)"[^<>]*>.*?</\1>|<bdi>.*?</bdi>', re.S)
_BLOCK_ENDS = re.compile(
    r"</?(?:p|h[1-6]|li|t[dhr]|table|caption|figcaption|d[tdl]|summary|blockquote|div|ul|ol)\b[^<>]*>"
    r"|<br />"
)
_TAG = re.compile(r"<[^<>]*>")
_OBJECT = "\ufffc"  # stands for what is set apart; no letter of any direction
_SIGN_AFTER = re.compile(r"(?<!\w)[A-Za-z]+(?:\+\+?|#)(?![\w+#\u200e\u2066-\u2069])")
_SIGN_BEFORE = re.compile(r"(?<![\w.@#&/\\\u200e\u2066-\u2069])[.@#][A-Za-z][A-Za-z]\w*")
_PHONE = re.compile(r"(?<![\w\u200e\u2066-\u2069])\+\d[\d \u00a0()/.-]{6,}\d", re.ASCII)
_STRONG = re.compile("[^\\W_]|[\u200e\u200f]")
_LAST_STRONG = re.compile("(?:[^\\W\\d_]|[\u200e\u200f])(?=[^\\w\u200e\u200f]*\\Z)")
_DIGITS = re.compile(r"[\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ENDS = {"\u202a": "\u202c", "\u202b": "\u202c", "\u202d": "\u202c", "\u202e": "\u202c"}
_ENDS |= dict.fromkeys("\u2066\u2067\u2068", "\u2069")
_OVERRIDES = frozenset("\u202d\u202e")


def of_body(finished: Finished, language: str) -> Iterator[Doubt]:
    """Yield what is doubtful in an item's finished HTML."""
    for source in finished.pictures_without_alt:
        yield Doubt(
            source,
            f'the picture "{source[:120]}" has no alternative text',
            "write what it shows between the square brackets",
        )
    if marks := literal_marks(finished.html):
        yield Doubt(
            marks,
            f'"{marks[:80]}" shows its marks instead of being emphasised',
            "put the punctuation after the closing marks, or a space",
        )
    if _CONTROLS.search(finished.html):
        yield from _first_of(_of_controls, _blocks(finished.html))
    if is_rtl(language):
        yield from _first_of(_of_mixture, _blocks(_APART.sub(_OBJECT, finished.html)))


def of_line(text: str, language: str) -> Iterator[Doubt]:
    """Yield what is doubtful in a title, a summary or a correction."""
    yield from _first_of(_of_controls, [text])
    if is_rtl(language):
        yield from _first_of(_of_mixture, [text])


def _blocks(html: str) -> list[str]:
    """Return the text of every block."""
    return [unescape(_TAG.sub("", part)) for part in _BLOCK_ENDS.split(html) if part.strip()]


def _first_of(look: Callable[[str], Iterator[Doubt]], blocks: list[str]) -> Iterator[Doubt]:
    """Yield each kind of doubt once, at its first place."""
    seen: set[str] = set()
    for text in blocks:
        for doubt in look(text):
            if doubt.hint not in seen:
                seen.add(doubt.hint)
                yield doubt


def _of_mixture(text: str) -> Iterator[Doubt]:
    """Yield what is shown in disorder in a block that reads from right to left."""
    if not RTL.search(text) or (not LTR.search(text) and "+" not in text):
        return
    for found in _SIGN_AFTER.finditer(text):
        if not _is_ltr(_STRONG.search(text, found.end())):
            yield Doubt(
                _around(text, found),
                f'"{found[0][:80]}" is shown with its sign on the wrong side',
                "put U+200E (&lrm;) behind it, or write it as `code`",
            )
    for found in _SIGN_BEFORE.finditer(text):
        if not _is_ltr(_last_strong(text, found.start())):
            yield Doubt(
                _around(text, found),
                f'"{found[0][:80]}" is shown with its sign on the wrong side',
                "put U+200E (&lrm;) before it, or write it as `code`",
            )
    for found in _PHONE.finditer(text):
        if not _is_ltr(_last_strong(text, found.start())):
            yield Doubt(
                _around(text, found),
                f'the groups of the number "{found[0][:40]}" are shown in reverse',
                "put U+200E (&lrm;) before it, or make it a tel: link",
            )
    yield from _of_sentence(text)


def _of_sentence(text: str) -> Iterator[Doubt]:
    """Yield a doubt where a whole sentence of the other direction would be turned around."""
    words = _WORD.findall(text)
    own = sum(1 for word in words if RTL.match(word))
    others = len(words) - own
    if others >= max(MANY_WORDS, FEW_PART * own) and _is_ltr(_WORD.search(text)):
        start = " ".join(text.split())[:60]
        yield Doubt(
            start[:20],
            f'"{start}" is a sentence from left to right with other words in it, shown in disorder',
            'put it into <p dir="ltr">…</p>',
        )


def _of_controls(text: str) -> Iterator[Doubt]:
    """Yield a doubt for a sign of direction that is never ended, or that hides what a text says."""
    open_ends: list[str] = []
    for found in _CONTROLS.finditer(text):
        sign = found[0]
        if sign in _OVERRIDES:
            yield Doubt(
                sign,
                f"the character U+{ord(sign):04X} turns letters around, as no text needs it",
                "remove it",
            )
            return
        if sign in _ENDS:
            open_ends.append(_ENDS[sign])
        elif open_ends and open_ends[-1] == sign:
            open_ends.pop()
    if open_ends:
        sign = next(sign for sign in _CONTROLS.findall(text) if sign in _ENDS)
        yield Doubt(
            sign,
            f"the character U+{ord(sign):04X} sets a direction and nothing ends it",
            f"write U+{ord(open_ends[-1]):04X} where it should end",
        )


def _is_ltr(found: re.Match[str] | None) -> bool:
    """Return whether a strong sign reads from left to right; digits do beside such letters."""
    return found is not None and found[0] != "\u200f" and RTL.match(found[0]) is None


def _last_strong(text: str, end: int) -> re.Match[str] | None:
    """Return the last letter before a place, None when there is none."""
    return _LAST_STRONG.search(_DIGITS.sub(" ", text[:end]))


def _around(text: str, found: re.Match[str]) -> str:
    """Return a place with a little of what stands before it on its line, to find it again by."""
    before = text[max(0, found.start() - 12) : found.start()].rpartition("\n")[2]
    return before.rpartition(_OBJECT)[2] + found[0]
