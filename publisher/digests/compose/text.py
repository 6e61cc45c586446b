"""What authors wrote, made fit for a message: shorter, without marks, turning nothing around."""

import re

from publisher.render import without_marks

# Embeddings and overrides reach beyond the text that opens them, even into the next sentence; an
# isolate ends with it. An override also hides what a text really says, so it becomes one as well.
_TAMED = {0x202A: 0x2066, 0x202B: 0x2067, 0x202C: 0x2069, 0x202D: 0x2066, 0x202E: 0x2067}
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_END = "\u2069"
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Return text with no control character, no splice mark, and every isolate closed."""
    return _closed(without_marks(_CONTROLS.sub(" ", text)))


def shorten(text: str, most: int) -> str:
    """Return text of at most this many characters, cut between words, with "…" where cut."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    between = cut.rfind(" ")
    return (cut[:between] if between > most // 2 else cut).rstrip(" ,;:.،؛-–—") + "…"


def sentence(text: str, most: int) -> str:
    """Return one line of an author's, clean and at most this many characters long."""
    return clean(shorten(_CONTROLS.sub(" ", text), most))


def _closed(text: str) -> str:
    """Return text whose isolates all end within it, and which ends none that it did not begin."""
    if not _TURNING.search(text):
        return text
    signs, depth = [], 0
    for sign in text.translate(_TAMED):
        if sign == _END:
            if not depth:
                continue
            depth -= 1
        elif "\u2066" <= sign < _END:
            depth += 1
        signs.append(sign)
    return "".join(signs) + _END * depth
