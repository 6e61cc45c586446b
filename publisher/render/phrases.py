"""The words of the interface, per language, from gettext catalogues (`locale/<tag>.po`).

English sentences are the keys. A site may put its own `templates/locale/<tag>.po` beside ours:
its words win, ours fill the rest. A word that a language lacks is borrowed from English and says
so, because a borrowed word needs its own lang and direction; it is never an empty string.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from gettext import c2py
from pathlib import Path

from publisher.errors import RenderError
from publisher.language import base

# A missing word in these is our error.
COMPLETE = (
    *("en", "ar", "fr", "es", "he", "fa", "de", "pt", "ru", "zh", "ja", "uk", "tr", "it"),
    "zh-Hant",
)
_TRADITIONAL = {"Hant", "HK", "MO", "TW"}  # subtags of Chinese in traditional characters
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_Words = Mapping[str, tuple[str, ...]]  # msgid -> its text, or its plural forms


class Word(str):
    """A sentence of the interface, and whether it was borrowed from English."""

    __slots__ = ("is_borrowed",)
    is_borrowed: bool

    def __new__(cls, text: str, is_borrowed: bool = False) -> "Word":
        word = super().__new__(cls, text)
        word.is_borrowed = is_borrowed
        return word


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language's words as its translators left them, and its rule for plurals."""

    words: _Words
    plural: Callable[[int], int]
    forms: int

    def find(self, key: str, n: int) -> str:
        """Return the text of a key in the form that n asks for, or ""."""
        forms = self.words.get(key, ("",))
        place = self.plural(n) if len(forms) > 1 else 0
        return forms[place] if place < len(forms) else ""


@dataclass(frozen=True, slots=True)
class Phrases:
    """What the interface says in one language."""

    language: str
    is_borrowed: bool  # no catalogue at all: every word is English
    catalogues: tuple[Catalogue, ...]  # the site's, ours
    english: tuple[Catalogue, ...]

    def t(self, message: str, /, **values: object) -> Word:
        """Return a sentence in this language, its %(names)s filled."""
        return self._say(message, 1, values)

    def tn(self, one: str, many: str, n: int, /, **values: object) -> Word:
        """Return the plural form that n asks for; %(n)s is n unless a written form is given."""
        return self._say(one, n, {"n": n, **values}, many)

    def _say(self, key: str, n: int, values: Mapping[str, object], many: str = "") -> Word:
        text, is_borrowed = self._find(key, n)
        if not text:
            text = many if many and n != 1 else key
        return Word(text % values if values else text.replace("%%", "%"), is_borrowed)

    def _find(self, key: str, n: int) -> tuple[str, bool]:
        for catalogue in self.catalogues:
            if text := catalogue.find(key, n):
                return text, False
        for catalogue in self.english:
            if text := catalogue.find(key, n):
                return text, base(self.language) != "en"
        return "", base(self.language) != "en"


@lru_cache(maxsize=64)
def phrases(language: str, folders: tuple[Path, ...] = ()) -> Phrases:
    """Return the words of a language; folders hold `<tag>.po` files, the first one wins.

    Without folders the packaged catalogues are read. A tag with a region takes what its own
    catalogue says differently, and all else from its language's; zh-TW, zh-HK and zh-MO read
    zh-Hant. Raises RenderError when a catalogue cannot be read.
    """
    places = folders or (_packaged(),)
    own = _catalogues(_served_by(language), places)
    english = _catalogues(("en",), places)
    if base(language) == "en":
        return Phrases(language, False, own or english, english)
    if not own:
        _warn(language)
    return Phrases(language, not own, own, english)


def missing(language: str, folders: tuple[Path, ...] = ()) -> list[str]:
    """Return what is wrong with a language's catalogue: words it lacks, forms, placeholders.

    An empty list means: every English sentence is there, in every plural form of the language,
    with the same names to fill in.
    """
    places = folders or (_packaged(),)
    asked = _merged(_catalogues(("en",), places))
    own = _catalogues((language,), places)
    if not own:
        return [f"{language}.po is missing"]
    found = {key: one for one in reversed(own) for key in one.words}
    return [
        f"{language}.po: {key!r} {wrong}"
        for key, english in asked.items()
        if (wrong := _wrong(key, english, *_answer(found.get(key), key)))
    ]


def _served_by(language: str) -> tuple[str, ...]:
    """Return the tags whose catalogues serve a language, the nearest first."""
    is_traditional = base(language) == "zh" and not _TRADITIONAL.isdisjoint(language.split("-"))
    middle = ("zh-Hant",) if is_traditional else ()
    return tuple(dict.fromkeys((language, *middle, base(language))))


def _answer(catalogue: Catalogue | None, key: str) -> tuple[tuple[str, ...], int]:
    return (catalogue.words[key], catalogue.forms) if catalogue else ((), 0)


def _wrong(key: str, english: tuple[str, ...], found: tuple[str, ...], forms: int) -> str:
    if not found or not all(found):
        return "is not translated"
    if len(english) > 1 and len(found) != forms:
        return f"has {len(found)} plural forms, the language has {forms}"
    allowed = {name for text in (key, *english) for name in _PLACEHOLDER.findall(text)}
    needed = allowed - {"n"} if len(english) > 1 else allowed
    for text in found:
        names = set(_PLACEHOLDER.findall(text))
        if not needed <= names <= allowed:
            return f"must hold %({')s, %('.join(sorted(allowed))})s, and says {text!r}"
    return ""


def _merged(catalogues: tuple[Catalogue, ...]) -> dict[str, tuple[str, ...]]:
    return {key: forms for one in reversed(catalogues) for key, forms in one.words.items()}


def _catalogues(tags: Iterable[str], places: tuple[Path, ...]) -> tuple[Catalogue, ...]:
    paths = (place / f"{tag}.po" for place in places for tag in tags)
    return tuple(_read(path) for path in paths if path.is_file())


@lru_cache(maxsize=64)
def _read(path: Path) -> Catalogue:
    # Imported here: it costs 40 ms, and most commands say nothing in a template.
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
        words = {
            str(message.id[0] if message.pluralizable else message.id): _forms(message.string)
            for message in catalogue
            if message.id and not message.fuzzy and any(_forms(message.string))
        }
        return Catalogue(words, c2py(catalogue.plural_expr), catalogue.num_plurals)
    except (PoFileError, ValueError, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", 0) or 0
        raise RenderError(str(path), line, f"this catalogue cannot be read: {error}") from error


def _forms(string: object) -> tuple[str, ...]:
    return tuple(map(str, string)) if isinstance(string, (tuple, list)) else (str(string),)


@lru_cache(maxsize=64)  # once a language, wherever its words are looked for
def _warn(language: str) -> None:
    from publisher.ops import log

    log.get("render").warning(
        "no words in this language, English is borrowed",
        language=language,
        hint=f"add templates/locale/{language}.po",
    )


def _packaged() -> Path:
    from publisher.settings import packaged

    return packaged("templates") / "locale"
