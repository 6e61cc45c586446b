"""How long a text takes to read, in whole minutes."""

import re

from publisher.content.values import odd_bytes

WORDS_PER_MINUTE = 200
SIGNS_PER_MINUTE = 500  # Han and Kana are written without spaces, so signs are counted
LETTERS_PER_MINUTE = 1000  # of Thai, Lao, Burmese and Khmer: no spaces between words, but letters

_SIGN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
# The first bytes, in UTF-8, of all these.
_LEADS = frozenset((0xE0, 0xE1, *range(0xE3, 0xEA), 0xEF, 0xF0))
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


def reading_minutes(text: str) -> int:
    """Return the reading time of plain text, rounded up, never below one minute.

    Words are runs between spaces, which holds for Arabic as for English; a regular expression of
    ASCII letters would call every Arabic report a zero-minute read.
    """
    minutes = 0.0
    if not odd_bytes(text).isdisjoint(_LEADS):
        text, signs = _SIGN.subn(" ", text)
        text, letters = _UNSPACED.subn(" ", text)
        minutes = signs / SIGNS_PER_MINUTE + letters / LETTERS_PER_MINUTE
    minutes += len(text.split()) / WORDS_PER_MINUTE
    return max(1, -int(-minutes // 1))
