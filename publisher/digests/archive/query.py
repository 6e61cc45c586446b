"""What somebody types into the archive's search, and the piece of a text that answers it.

All words must occur; the last may be a beginning, for people search while they write; words in
quotes must stand together. There are no operators, so nothing anybody types is wrong.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from publisher.findable import Found, find_words, is_unspaced, words

LONGEST_QUERY = 500  # characters that are read of what was typed
_MOST_TERMS = 16
_QUOTED = re.compile('"([^"]*)"|“([^“”]*)”|„([^„“”]*)[“”]|«([^«»]*)»|「([^「」]*)」')
_LOOKED_AT = 20_000  # characters in which an excerpt is looked for
_AROUND = 90  # characters of an excerpt on either side of what was found
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand together."""

    words: tuple[str, ...]  # folded
    is_beginning: bool = False  # the last of them may go on


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an excerpt, and whether it is what was looked for."""

    text: str
    is_found: bool = False


def read_query(typed: str) -> tuple[Term, ...]:
    """Return what was typed as terms, all of which must occur; none when it holds no word."""
    typed, terms, at = typed[:LONGEST_QUERY], [], 0
    for match in _QUOTED.finditer(typed):
        terms += _loose(typed[at : match.start()])
        terms += _together(next(filter(None, match.groups()), ""))
        at = match.end()
    rest = _loose(typed[at:])
    if rest and not typed[-1].isspace():
        rest[-1] = Term(rest[-1].words, is_beginning=True)
    return tuple(dict.fromkeys((*terms, *rest)))[:_MOST_TERMS]


def excerpt(text: str, terms: Sequence[Term]) -> tuple[Piece, ...]:
    """Return the first piece of a text in which a term occurs, else its beginning."""
    text = text[:_LOOKED_AT]
    hits = list(_hits(list(find_words(text)), terms))
    middle = hits[0] if hits else (0, 0)
    start, end = _cut(text, middle[0] - _AROUND, middle[1] + _AROUND + (0 if hits else _AROUND))
    pieces, at = [Piece("…")] if start else [], start
    for found, until in hits:
        if at <= found and until <= end:
            pieces += [Piece(_line(text[at:found])), Piece(_line(text[found:until]), True)]
            at = until
    pieces.append(Piece(_line(text[at:end]) + ("…" if end < len(text) else "")))
    return tuple(piece for piece in pieces if piece.text)


def _loose(text: str) -> list[Term]:
    """Return each word of a text as a term; signs without spaces must stand as they were typed."""
    return [term for part in text.split() for term in _parted(part)]


def _parted(part: str) -> Iterator[Term]:
    run: list[str] = []
    for word in words(part):
        if is_unspaced(word):
            run.append(word)
        else:
            yield from _run(run)
            run = []
            yield Term((word,))
    yield from _run(run)


def _together(text: str) -> list[Term]:
    found = words(text)
    # The lone sign at the end of a run stands nowhere else than at the end of a run.
    kept = [word for place, word in enumerate(found) if not _ends_run(found, place)]
    return [Term(tuple(kept), is_beginning=_is_sign(kept[-1]))] if kept else []


def _run(signs: list[str]) -> Iterator[Term]:
    if signs:
        kept = signs[:-1] or signs
        yield Term(tuple(kept), is_beginning=_is_sign(kept[-1]))


def _ends_run(found: list[str], place: int) -> bool:
    before = found[place - 1] if place else ""
    return _is_sign(found[place]) and is_unspaced(before) and before.endswith(found[place])


def _is_sign(word: str) -> bool:
    return len(word) == 1 and is_unspaced(word)


def _hits(found: Sequence[Found], terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    """Yield from where to where terms occur, in order, none over another."""
    until = 0
    for place, one in enumerate(found):
        for term in terms:
            here = found[place : place + len(term.words)]
            if one.start >= until and _is_there(here, term):
                until = here[-1].end
                yield one.start, until


def _is_there(here: Sequence[Found], term: Term) -> bool:
    if len(here) < len(term.words):
        return False
    *first, last = (one.word for one in here)
    *wanted, end = term.words
    return first == wanted and (last.startswith(end) if term.is_beginning else last == end)


def _cut(text: str, start: int, end: int) -> tuple[int, int]:
    """Return these bounds moved inwards to where a word begins and ends."""
    start, end = max(0, start), min(len(text), end)
    space = _SPACE.search(text, start, start + 30) if start else None
    start = space.end() if space else start
    gap = text.rfind(" ", end - 30, end) if end < len(text) else -1
    return start, gap if gap > start else end


def _line(text: str) -> str:
    return _SPACE.sub(" ", text)
