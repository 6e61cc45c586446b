"""Words as they are looked for: without what writers leave out or write in more than one way.

What is indexed and what somebody types go through the same door, so that a search finds a word
whoever wrote it: without vowel signs and accents, with one form of each letter that several
keyboards write differently, with Western digits. Chinese and Japanese have no spaces, so there
every two neighbouring signs are a word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import decimal, normalize

FORM = 1  # raised when `fold` changes, so that indexes are filled anew
LONGEST = 64  # characters of a word; no language has longer ones

# Marks that writers leave out: accents, Arabic vowels and hamza seats, Hebrew points, tatweel.
_LEFT_OUT = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u08d3-\u08ff\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff"
)
# What stands inside a word and is no letter: soft hyphen, joiners, marks of direction, gershayim.
_INSIDE = "\u00ad\u061c\u200c-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u05f3\u05f4"
# Scripts whose vowel signs are marks, which `\w` does not know.
_SIGNS = "\u0900-\u0963\u0966-\u0dff\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u109f\u1780-\u17d3"
_WORD = re.compile(f"[\\w{_LEFT_OUT}{_INSIDE}{_SIGNS}]+")
_MARKS = re.compile(f"[{_LEFT_OUT}{_INSIDE}\u0621]")  # U+0621 is a bare hamza
_NO_LETTER = re.compile(f"(?![{_SIGNS}])[\\W_]")
_UNSPACED = re.compile(
    "[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+"
)
# "The", and what is written in front of it: medina and al-medina are one word to whoever looks.
_ARTICLE = re.compile(
    "(?:[\u0628\u0641\u0643\u0648]?\u0627\u0644|\u0644\u0644)(?=[\u0620-\u064a]{3})"
)
_SAME = str.maketrans(
    {
        "\u0671": "\u0627",  # alef wasla: alef
        "\u0629": "\u0647",  # ta marbuta: ha, as Persian's and Urdu's
        "\u06c1": "\u0647",
        "\u06be": "\u0647",
        "\u06c3": "\u0647",
        "\u06d5": "\u0647",
        "\u0649": "\u064a",  # alef maqsura: ya, as Persian's and Urdu's
        "\u06cc": "\u064a",
        "\u06d2": "\u064a",
        "\u06a9": "\u0643",  # Persian kaf: kaf
        "\u06aa": "\u0643",
        "\u0131": "i",  # Turkish
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u00f0": "d",
        "\u00fe": "th",
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """A word where it stands in a text."""

    start: int
    end: int
    word: str  # folded


@lru_cache(maxsize=65_536)  # texts say most of their words more than once
def fold(text: str) -> str:
    """Return one word as it is looked for, "" when nothing of it is left."""
    if text.isascii():
        return text.lower().replace("_", "")[:LONGEST]
    parted = normalize("NFKD", normalize("NFKC", text).casefold())
    folded = normalize("NFC", _MARKS.sub("", parted).translate(_SAME))
    folded = "".join(map(_western, _NO_LETTER.sub("", folded)))
    article = _ARTICLE.match(folded)
    return folded[article.end() if article else 0 :][:LONGEST]


def find_words(text: str) -> Iterator[Found]:
    """Yield the words of a text in order, folded; where signs have no spaces, each two of them.

    The last sign of such a run comes alone as well, so that every sign begins a word.
    """
    for match in _WORD.finditer(_parted(text)):
        at = match.start()
        for run in _runs(match[0]):
            if _UNSPACED.match(run):
                for place in range(len(run)):
                    pair = run[place : place + 2]
                    yield Found(at + place, at + place + len(pair), fold(pair))
            elif word := fold(run):
                yield Found(at, at + len(run), word)
            at += len(run)


def words(text: str) -> list[str]:
    """Return the words of a text in order, folded."""
    if _UNSPACED.search(text):
        return [found.word for found in find_words(text)]
    # Measured: a fifth of the time, and an index is filled with millions of words.
    return [word for word in map(fold, _WORD.findall(_parted(text))) if word]


def is_unspaced(word: str) -> bool:
    """Return whether a folded word is of a script that writes no spaces."""
    return bool(_UNSPACED.match(word))


def _parted(text: str) -> str:
    """Return a text of the same length in which an underscore parts words; `\\w` has it as a letter."""
    return text.replace("_", " ")


def _runs(text: str) -> Iterator[str]:
    """Yield a text parted where signs without spaces begin or end."""
    at = 0
    for match in _UNSPACED.finditer(text):
        if match.start() > at:
            yield text[at : match.start()]
        yield match[0]
        at = match.end()
    if at < len(text):
        yield text[at:]


def _western(sign: str) -> str:
    return str(decimal(sign)) if sign.isdecimal() else sign
