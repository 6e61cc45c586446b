"""Which encoding a list of people is in: what its first bytes or all of them say, or a careful guess.

A guess is made only among the code pages of the site's languages, and only where one of them gives
words that somebody may have written and no other gives different ones: a wrong letter in a
name is worse than a question.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from publisher import language
from publisher.errors import PublisherError

UTF8, UTF16 = "utf-8-sig", "utf-16"
MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MOST_WORDS = 20_000  # distinct ones that a guess looks at
_WESTERN = "windows-1252"
_PAGE_LANGUAGES = {
    "windows-1250": "cs hr hu pl ro sk sl sq",
    "windows-1251": "be bg kk mk ru sr tg uk",
    "windows-1253": "el",
    "windows-1254": "az tr",
    "windows-1255": "he yi",
    "windows-1256": "ar fa ps ur",
    "windows-1257": "et lt lv",
}
_PAGE_OF = {tag: page for page, tags in _PAGE_LANGUAGES.items() for tag in tags.split()}
# These write more than one byte a letter, or others need no guess: they have to be named.
_NOT_GUESSED = frozenset({"am", "hi", "ja", "ka", "ko", "ta", "th", "vi", "zh"})
_NAMED = re.compile(
    r"utf-(8|8-sig|16|16-le|16-be)|cp\d{3,4}|iso8859-\d{1,2}|iso2022_jp|koi8-[rut]|mac-\w+"
    r"|gbk|gb2312|gb18030|big5|big5hkscs|shift_jis|euc_jp|euc_kr|tis-620"
)
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_BETWEEN = frozenset({"Pd", "Pi", "Pf", "Po", "Ps", "Pe", "Zs", "Sc"})  # kinds of signs
_MOST_STRANGE = 0.02  # of the words: lists hold slips of the pen


def named(name: str) -> str:
    """Return an encoding by its name as Python spells it.

    Raises PublisherError for what is none that a list can be in.
    """
    try:
        found = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        found = ""
    if not _NAMED.fullmatch(found):
        raise PublisherError(
            f'"{name[:40]}" is no encoding of a list of people',
            hint="write for instance windows-1256, windows-1252, iso-8859-6, utf-16 or utf-8",
        )
    return {"utf-8": UTF8}.get(found, found)


def marked(head: bytes) -> str:
    """Return the encoding that a file's first bytes name, else UTF-8."""
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return UTF16 if is_utf16 else UTF8


def spelled(encoding: str) -> str:
    """Return the name of an encoding as people know it."""
    if encoding == UTF8:
        return "utf-8"
    return f"windows-{encoding[2:]}" if re.fullmatch(r"cp125\d", encoding) else encoding


def foreign_words(chunks: Iterable[bytes]) -> list[bytes]:
    """Return the distinct words of a file that hold more than ASCII, the first ones."""
    found: dict[bytes, None] = {}
    for chunk in chunks:
        found.update(dict.fromkeys(_WORD.findall(chunk)))
        if len(found) >= MOST_WORDS:
            break
    return list(found)[:MOST_WORDS]


def guess(words: Sequence[bytes], languages: Iterable[str]) -> str:
    """Return the code page that these words are in, "" when there is more than one answer.

    languages  of the site, whose readers are in the list
    """
    bases = {language.base(tag) for tag in languages}
    pages = {_PAGE_OF.get(base, _WESTERN) for base in bases - _NOT_GUESSED}
    readings = {page: found for page in sorted(pages) if (found := _reading(words, page))}
    return next(iter(readings)) if len(set(readings.values())) == 1 else ""


def _reading(words: Sequence[bytes], page: str) -> tuple[str, ...]:
    """Return the words in a code page; none when too many are no words in it."""
    try:
        read = tuple(word.decode(page) for word in words)
    except UnicodeDecodeError:
        return ()
    strange = sum(not _is_written(word) for word in read)
    return read if strange <= len(read) * _MOST_STRANGE else ()


def _is_written(text: str) -> bool:
    """Return whether somebody may have written this: one script, capitals where they belong."""
    parts: list[str] = [""]
    for sign in text:
        kind = unicodedata.category(sign)
        if kind[0] in "LM":
            parts[-1] += sign
        elif kind in _BETWEEN:
            parts.append("")
        else:
            return False
    return all(map(_is_word, filter(None, parts)))


def _is_word(word: str) -> bool:
    scripts = {_script(sign) for sign in word}
    if len(scripts) > 1 or not word[0].isalpha():  # a vowel sign stands on a letter
        return False
    if not word.isupper() and any(sign.isupper() and not sign.isascii() for sign in word[1:]):
        return False
    # No Latin language has words of accented letters alone; in a wrong code page most look so.
    return scripts != {"LATIN"} or len(word) == 1 or any(map(str.isascii, word))


@lru_cache(maxsize=1000)
def _script(sign: str) -> str:
    return unicodedata.name(sign, "").partition(" ")[0]
