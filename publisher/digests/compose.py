"""Compose: frozen items become the subject, HTML, text and headers of one body.

Nothing is read here but the arguments, so a body composed tomorrow from an edition's frozen
facts is the body that would have been composed today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

from publisher import language as languages
from publisher.digests.compose_block import Block, render_block
from publisher.digests.compose_headers import Headers, headers
from publisher.digests.compose_subject import isolated, subject_line
from publisher.errors import RenderError
from publisher.render import (
    Templates,
    colours,
    compile_parts,
    format_date,
    format_number,
    mark,
    without_marks,
    wrap,
)

if TYPE_CHECKING:
    from publisher.settings.model import Settings

__all__ = ["LARGEST", "Block", "Choice", "Composed", "compose", "render_block"]

LARGEST = 102_000  # bytes of HTML after splicing; Gmail hides what comes after about 102 KB
_LISTED_FROM = 6  # items from which on a contents list helps
_SMALL_SHAPE = 1.3  # a small picture is at most this much higher than wide


@dataclass(frozen=True, slots=True)
class Choice:
    """One item of one reader's list: what it is, and why it stands where it stands."""

    block: Block
    is_pinned: bool = False
    is_fallback: bool = False  # not in a language of the reader's; a line says so


@dataclass(frozen=True, slots=True)
class Composed:
    """A body before it has an id: what every recipient of a segment gets, but for the marks."""

    subject: str
    html: str
    plain: str
    headers: Headers
    shown: int  # items in it
    more: int  # items left out, because no mail may be larger than LARGEST


@dataclass(frozen=True, slots=True)
class _Edition:
    """What is the same however many items fit."""

    templates: Templates
    settings: "Settings"
    name: str
    slot: datetime
    language: str
    values: dict[str, Any]

    def html(self, choices: Sequence[Choice], more: int) -> str:
        return self.templates.mail("email/digest", self.language, **self._with(choices, more))

    def plain(self, choices: Sequence[Choice], more: int) -> str:
        given = self._with(choices, more)
        return wrap(self.templates.plain("email/digest", self.language, **given))

    def _with(self, choices: Sequence[Choice], more: int) -> dict[str, Any]:
        items = [_item(choice) for choice in choices]
        return {
            **self.values,
            "items": items,
            "contents": len(items) >= _LISTED_FROM,
            "preheader": " · ".join(isolated(item["title"], self.language) for item in items[:2]),
            "more": more,
        }


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
) -> Composed:
    """Put chosen items into one body for readers of a language, pinned ones first.

    name    the digest's, as in settings
    slot    the edition's hour; one without a zone is local to the site
    blocks  at least one; the last are left out, and counted, when the HTML would grow too large

    Raises RenderError when not even one item fits, or a template fails.
    """
    choices = sorted(blocks, key=lambda choice: not choice.is_pinned)
    if not choices:
        raise RenderError("email/digest.mjml.j2", 0, "an edition needs at least one item")
    values = _values(settings, name, slot, language, edition_id, is_test)
    edition = _Edition(templates, settings, name, slot, language, values)
    html, shown = _largest_that_fits(edition, choices)
    more = len(choices) - shown
    return Composed(
        subject=_subject(edition, choices, is_test),
        html=html,
        plain=edition.plain(choices[:shown], more),
        headers=headers(settings, name, language, edition_id),
        shown=shown,
        more=more,
    )


def _largest_that_fits(edition: _Edition, choices: Sequence[Choice]) -> tuple[str, int]:
    """Return the HTML with as many items as fit, and how many those are."""
    fits, too_many, best = 0, len(choices) + 1, ""
    trial = len(choices)
    while fits + 1 < too_many:
        html = edition.html(choices[:trial], len(choices) - trial)
        if compile_parts(html).longest <= LARGEST:
            fits, best = trial, html
        else:
            too_many = trial
        trial = (fits + too_many) // 2
    if not best:
        key = choices[0].block.key
        why = f"one item alone takes more than {LARGEST:,} bytes"
        raise RenderError("email/digest.mjml.j2", 0, why, item_key=key)
    return best, fits


def _values(
    settings: "Settings",
    name: str,
    slot: datetime,
    language: str,
    edition_id: int | None,
    is_test: bool,
) -> dict[str, Any]:
    site, look = settings.site, settings.look
    local = slot.astimezone(site.zone) if slot.tzinfo else slot
    site_name = without_marks(languages.pick(site.name, language, site.languages))
    title = _title(settings, name, language)
    links = _links(settings, name, local, language, edition_id)
    postal = languages.pick(settings.sender.postal_address, language, site.languages)
    return {
        "site": site,
        "look": look,
        "light": colours.light(look),
        "dark": colours.dark(look),
        "name": site_name,
        "title": title,
        "logo": urljoin(f"{site.url}/", look.logo) if look.logo else "",
        "slot": local.date(),
        "document_title": f"{title} · {format_date(local.date(), language, site)}",
        "links": links,
        "shares": _shares(settings, title, links),
        "address": mark("address"),
        "since": mark("since"),
        "postal_address": without_marks(postal),
        "is_test": is_test,
    }


def _title(settings: "Settings", name: str, language: str) -> str:
    digest = settings.digests.get(name)
    words = digest.title if digest and digest.title else settings.site.name
    return without_marks(languages.pick(words, language, settings.site.languages)) or name


def _links(
    settings: "Settings", name: str, local: datetime, language: str, edition_id: int | None
) -> dict[str, str]:
    web = settings.web_url
    archive = f"{web}/archive/{quote(name)}/{local:%Y-%m-%dT%H:%M}/{language}"
    return {
        "site": settings.site.url,
        "archive": archive,
        "share": archive if edition_id is not None else settings.site.url,
        "subscribe": f"{web}/subscribe",
        "preferences": mark("preferences_url"),
        "unsubscribe": mark("unsubscribe_url"),
    }


def _shares(settings: "Settings", title: str, links: dict[str, str]) -> list[dict[str, str]]:
    link, text = quote(links["share"], safe=""), quote(title)
    ways = {
        "whatsapp": ("WhatsApp", f"https://wa.me/?text={text}%20{link}"),
        "facebook": ("Facebook", f"https://www.facebook.com/sharer/sharer.php?u={link}"),
        "linkedin": ("LinkedIn", f"https://www.linkedin.com/sharing/share-offsite/?url={link}"),
        "x": ("X", f"https://x.com/intent/post?text={text}&url={link}"),
        "email": ("", f"mailto:?subject={text}&body={link}"),
    }
    return [
        {"name": ways[way][0], "href": ways[way][1]} for way in dict.fromkeys(settings.look.share)
    ]


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
        "image": image,
        "has_small_image": image is not None and not _is_tall(image),
    }


def _is_tall(image: dict[str, Any]) -> bool:
    width, height = image.get("width") or 0, image.get("height") or 0
    return bool(width) and height > _SMALL_SHAPE * width


def _subject(edition: _Edition, choices: Sequence[Choice], is_test: bool) -> str:
    settings, language, site = edition.settings, edition.language, edition.settings.site
    digest = settings.digests.get(edition.name)
    words = languages.pick(digest.subject, language, site.languages) if digest else ""
    values = {
        "name": edition.values["title"],
        "first": choices[0].block.title,
        "count": format_number(len(choices), language, site),
        "date": format_date(edition.values["slot"], language, site),
    }
    line = subject_line(words or "{name}: {first}", values, language)
    if is_test:
        return str(edition.templates.words(language).t("Test: %(subject)s", subject=line))
    return line
