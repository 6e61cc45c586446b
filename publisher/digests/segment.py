"""Group the readers of an edition whose item lists came out the same.

Many signatures (languages, kinds, categories) end in few lists. Equal lists in the same interface
language are one segment: one body, made once, whoever reads it.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from publisher.digests.rule import Chosen, How, Preferences, Rule, Story, Window
from publisher.digests.select import for_mover, offers, spoken, wanted

_FALLBACK, _RETURN, _ORIGINAL = "fallback", "return", "original"  # words of the database
Told = tuple[str, str, str]  # a notice: key, language, id


@dataclass(frozen=True, slots=True)
class Part:
    """One place in a segment's list: which version stands there, and why it is not the usual."""

    key: str
    language: str
    is_fallback: bool = False
    is_return: bool = False
    is_original: bool = False

    def to_json(self) -> list[str]:
        """Return key and language, and a word for each thing that is unusual."""
        words = {_FALLBACK: self.is_fallback, _RETURN: self.is_return, _ORIGINAL: self.is_original}
        return [self.key, self.language, *(word for word, is_so in words.items() if is_so)]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> "Part":
        """Return the part that `to_json` gave; true stood for a fallback once."""
        words = kept[2:]
        is_fallback = _FALLBACK in words or True in words
        return cls(kept[0], kept[1], is_fallback, _RETURN in words, _ORIGINAL in words)

    @classmethod
    def of(cls, chosen: Chosen) -> "Part":
        """Return the part of a choice."""
        return cls(
            chosen.key,
            chosen.version.language,
            chosen.is_fallback,
            chosen.is_return,
            chosen.how is How.ORIGINAL,
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """A language for the words around the items, the items in order, and what changed."""

    language: str
    parts: tuple[Part, ...]
    notices: tuple[Told, ...] = ()

    def to_json(self) -> list[Any]:
        """Return the items as the database keeps them: [key, language] in order."""
        return [part.to_json() for part in self.parts]

    @classmethod
    def from_json(
        cls, language: str, items: Iterable[Sequence[Any]], notices: Iterable[Sequence[str]] = ()
    ) -> "Segment":
        """Return the segment that `to_json` gave, and its notices."""
        told = tuple((notice[0], notice[1], notice[2]) for notice in notices)
        return cls(language, tuple(map(Part.from_json, items)), told)


class Segmenter:
    """Finds the segment of one signature after another; equal ones share their work.

    Sites have few orders of languages and many sets of categories, so what depends on languages
    alone is found once. Measured: 35,000 signatures of 12 stories in 0.3 s.
    """

    def __init__(
        self,
        stories: Sequence[Story],
        rule: Rule,
        window: Window,
        site_languages: Sequence[str],
    ) -> None:
        self._stories, self._rule, self._window = stories, rule, window
        self._site_languages = tuple(site_languages)
        self._offers: dict[tuple[tuple[str, ...], bool], _Offered] = {}
        self._made: dict[tuple[str, tuple[int, ...], tuple[Told, ...]], Segment] = {}
        self._known: dict[Segment, Segment] = {}
        self._parts: dict[Part, Part] = {}

    def chosen(self, reader: Preferences) -> tuple[Chosen, ...]:
        """Return what a reader with these preferences gets, in order."""
        return wanted(self._offered(reader).chosen, reader)

    def segment(self, reader: Preferences, notices: tuple[Told, ...] = ()) -> Segment | None:
        """Return the segment of a reader with these preferences, None when nothing is new.

        Equal segments are one object.
        """
        offered = self._offered(reader)
        wish = offered.wish(reader)
        if not wish and not self._is_enough(notices):
            return None
        # Most signatures wish for the very same items, so comparing numbers comes first.
        found = offered.made.get((wish, notices))
        if found is None:
            found = self._shared(offered.words, offered.picked(wish), notices)
            offered.made[wish, notices] = found
        return found

    def mover_segment(
        self, reader: Preferences, had: Container[str], notices: tuple[Told, ...] = ()
    ) -> Segment | None:
        """Return the segment of one reader who chose otherwise a while ago, by what they had."""
        served = Preferences(
            spoken(reader.languages, self._site_languages),
            reader.kinds,
            reader.categories,
            reader.originals,
        )
        chosen = for_mover(self._stories, served, self._rule, self._window, had)
        if not chosen and not self._is_enough(notices):
            return None
        words = words_language(reader.languages, self._site_languages)
        return self._shared(words, tuple(map(self._part, chosen)), notices)

    def same(self, segment: Segment) -> Segment:
        """Return the one object among those made here that equals a segment, or itself."""
        return self._known.setdefault(segment, segment)

    def _is_enough(self, notices: tuple[Told, ...]) -> bool:
        """Return whether notices alone make a mail: only where an editor asked for it."""
        return bool(notices) and self._rule.is_extra

    def _shared(self, words: str, parts: tuple[Part, ...], notices: tuple[Told, ...]) -> Segment:
        # Equal parts are one object as well: comparing them as such is several times as fast.
        place = (words, tuple(map(id, parts)), notices)
        found = self._made.get(place)
        if found is None:
            here = {part.key for part in parts}  # one that comes anyway says itself what changed
            left = tuple(told for told in notices if told[0] not in here)
            found = self._made[place] = self.same(Segment(words, parts, left))
        return found

    def _part(self, chosen: Chosen) -> Part:
        part = Part.of(chosen)
        return self._parts.setdefault(part, part)

    def _offered(self, reader: Preferences) -> "_Offered":
        place = (reader.languages, reader.originals)
        if place not in self._offers:
            served = spoken(reader.languages, self._site_languages)
            self._offers[place] = _Offered(
                words_language(reader.languages, self._site_languages),
                chosen := offers(self._stories, served, self._rule, self._window, reader.originals),
                tuple(map(self._part, chosen)),
            )
        return self._offers[place]


class _Offered:
    """What readers of some languages can get; which of it one wishes for is a bit an item."""

    def __init__(self, words: str, chosen: tuple[Chosen, ...], parts: tuple[Part, ...]) -> None:
        self.words, self.chosen, self._parts = words, chosen, parts
        self.made: dict[tuple[int, tuple[Told, ...]], Segment] = {}
        self._all = (1 << len(chosen)) - 1
        self._of_kind: dict[str, int] = defaultdict(int)
        self._of_category: dict[str, int] = defaultdict(int)
        for place, one in enumerate(chosen):
            self._of_kind[one.version.kind] |= 1 << place
            for category in one.version.categories:
                self._of_category[category] |= 1 << place

    def wish(self, reader: Preferences) -> int:
        """Return which of it a reader asked for: what `wanted` would leave, in bits."""
        return self._bits(self._of_kind, reader.kinds) & self._bits(
            self._of_category, reader.categories
        )

    def picked(self, wish: int) -> tuple[Part, ...]:
        """Return the parts that the bits stand for."""
        return tuple(part for place, part in enumerate(self._parts) if wish >> place & 1)

    def _bits(self, of: Mapping[str, int], words: tuple[str, ...]) -> int:
        if not words:
            return self._all
        found = 0
        for word in words:
            found |= of.get(word, 0)
        return found


def words_language(languages: Sequence[str], site_languages: Sequence[str]) -> str:
    """Return the language of the words around the items: the reader's first.

    One of the site's stands in for a close relative, so that ar and ar-JO share a body.
    """
    if not languages:
        return site_languages[0]
    served = spoken(languages[:1], site_languages)
    return served[0] if served else languages[0]
