"""One body: the parts of one reader's list put together, in as much room as a mail has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from publisher import language as languages
from publisher.digests.compose.block import Block
from publisher.digests.compose.frame import frame
from publisher.digests.compose.headers import Headers, headers
from publisher.digests.compose.notice import Notice
from publisher.digests.compose.subject import subject_line
from publisher.digests.compose.word import Opening, opening
from publisher.errors import RenderError
from publisher.render import Templates, compile_parts, format_date, format_number, isolated, wrap

if TYPE_CHECKING:
    from publisher.content.item import Word
    from publisher.settings.model import Settings

LARGEST = 102_000  # bytes of HTML after splicing; Gmail hides what comes after about 102 KB
_LISTED_FROM = 6  # items from which on a contents list helps
_SMALL_SHAPE = 1.3  # a small picture is at most this much higher than wide


@dataclass(frozen=True, slots=True)
class Choice:
    """One item of one reader's list: what it is, and why it stands where it stands."""

    block: Block
    is_pinned: bool = False
    is_fallback: bool = False  # not in a language of the reader's; a line says so
    is_return: bool = False  # an event told of before, in the last edition before it
    is_original: bool = False  # there is a machine translation, and the reader wants none


@dataclass(frozen=True, slots=True)
class Above:
    """What is said above an edition to who sees it before its readers, marked up and plain."""

    html: str = ""
    plain: str = ""


NOTHING = Above()


@dataclass(frozen=True, slots=True)
class Composed:
    """A body before it has an id: what every recipient of a segment gets, but for the marks."""

    subject: str
    html: str
    plain: str
    headers: Headers
    shown: int  # items in it
    more: int  # items and notices left out, because no mail may be larger than LARGEST
    notices: int = 0  # notices in it, the first of those given


@dataclass(frozen=True, slots=True)
class _Edition:
    """What is the same however much of it fits."""

    templates: Templates
    settings: "Settings"
    name: str
    slot: datetime
    language: str
    values: dict[str, Any]
    word: Opening
    notices: Sequence[Notice]
    choices: Sequence[Choice]

    @property
    def size(self) -> int:
        """How many pieces there are to fit in, notices before items."""
        return len(self.notices) + len(self.choices)

    def html(self, pieces: int) -> str:
        return self.templates.mail("email/digest", self.language, **self._with(pieces))

    def plain(self, pieces: int) -> str:
        return wrap(self.templates.plain("email/digest", self.language, **self._with(pieces)))

    def _with(self, pieces: int) -> dict[str, Any]:
        notices = self.notices[:pieces]
        items = [_item(choice) for choice in self.choices[: pieces - len(notices)]]
        return {
            **self.values,
            "word": self.word,
            "notices": [_told(notice) for notice in notices],
            "items": items,
            "contents": len(items) >= _LISTED_FROM,
            "preheader": self.word.preheader or self._first_titles,
            "more": self.size - pieces,
        }

    @property
    def _first_titles(self) -> str:
        titles = _titles(self.choices) or _titles(self.notices)
        return " · ".join(isolated(title, self.language) for title in titles[:2])


def compose(
    templates: Templates,
    settings: "Settings",
    *,
    name: str,
    slot: datetime,
    language: str,
    blocks: Sequence[Choice],
    edition_id: int | None,
    is_test: bool = False,
    word: "Word | None" = None,
    notices: Sequence[Notice] = (),
    above: Above = NOTHING,
) -> Composed:
    """Put notices and chosen items into one body for readers of a language, pinned items first.

    name     the digest's, as in settings
    slot     the edition's hour; one without a zone is local to the site
    blocks   may be none where there are notices; the last are left out, and counted, when the
             HTML would grow too large
    word     the editor's, for this edition in this language
    above    for who sees it before its readers; it takes room from the items

    Raises RenderError when there is nothing at all, not even one piece fits, or a template fails.
    """
    choices = sorted(blocks, key=lambda choice: not choice.is_pinned)
    if not choices and not notices:
        raise RenderError("email/digest.mjml.j2", 0, "an edition needs at least one item")
    values = frame(settings, name, slot, language, edition_id, is_test) | {"above": above}
    said = opening(word, language, values["light"].accent)
    edition = _Edition(
        templates, settings, name, slot, language, values, said, tuple(notices), tuple(choices)
    )
    html, pieces = _largest_that_fits(edition)
    told = min(pieces, len(notices))
    return Composed(
        subject=_subject(edition, is_test),
        html=html,
        plain=edition.plain(pieces),
        headers=headers(settings, name, language, edition_id),
        shown=pieces - told,
        more=edition.size - pieces,
        notices=told,
    )


def _largest_that_fits(edition: _Edition) -> tuple[str, int]:
    """Return the HTML with as many pieces as fit, and how many those are."""
    fits, too_many, best = 0, edition.size + 1, ""
    trial = edition.size
    while fits + 1 < too_many:
        html = edition.html(trial)
        if compile_parts(html).longest <= LARGEST:
            fits, best = trial, html
        else:
            too_many = trial
        trial = (fits + too_many) // 2
    if not best:
        key = edition.notices[0].key if edition.notices else edition.choices[0].block.key
        why = f"one item alone takes more than {LARGEST:,} bytes"
        raise RenderError("email/digest.mjml.j2", 0, why, item_key=key)
    return best, fits


def _item(choice: Choice) -> dict[str, Any]:
    block = choice.block
    image = block.facts.get("image")
    return {
        "title": block.title,
        "link": block.link,
        "html": block.html,
        "plain": block.plain,
        "language": block.language,
        "dir": languages.direction(block.language),
        "start": "right" if languages.is_rtl(block.language) else "left",
        "is_pinned": choice.is_pinned,
        "is_fallback": choice.is_fallback,
        "is_return": choice.is_return,
        "is_original": choice.is_original,
        "image": image,
        "has_small_image": image is not None and not _is_tall(image),
    }


def _is_tall(image: dict[str, Any]) -> bool:
    width, height = image.get("width") or 0, image.get("height") or 0
    return bool(width) and height > _SMALL_SHAPE * width


def _told(notice: Notice) -> dict[str, str]:
    return {
        "html": notice.html,
        "plain": notice.plain,
        "language": notice.language,
        "dir": languages.direction(notice.language),
    }


def _titles(told: Sequence[Choice] | Sequence[Notice]) -> list[str]:
    return [one.title if isinstance(one, Notice) else one.block.title for one in told]


def _subject(edition: _Edition, is_test: bool) -> str:
    language, site = edition.language, edition.settings.site
    values = {
        "name": edition.values["title"],
        "first": (_titles(edition.choices) or _titles(edition.notices))[0],
        "count": format_number(len(edition.choices), language, site),
        "date": format_date(edition.values["slot"], language, site),
    }
    line = subject_line(_words_of_subject(edition), values, language)
    if is_test:
        return str(edition.templates.words(language).t("Test: %(subject)s", subject=line))
    return line


def _words_of_subject(edition: _Edition) -> str:
    """Return the words to fill: the editor's, the digest's, or the name and what comes first."""
    if edition.word.subject:
        return edition.word.subject
    digest = edition.settings.digests.get(edition.name)
    languages_of_site = edition.settings.site.languages
    words = languages.pick(digest.subject, edition.language, languages_of_site) if digest else ""
    # A digest's own "{count} new pieces" is no subject for a mail that only tells of changes.
    if not edition.choices and "{first}" not in words:
        words = ""
    return words or "{name}: {first}"
