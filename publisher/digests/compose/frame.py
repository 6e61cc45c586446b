"""What a body says around its items: names, date, links, ways to share, why a reader gets it."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

from publisher import language as languages
from publisher.render import colours, format_date, mark, without_marks

if TYPE_CHECKING:
    from publisher.settings.model import Settings


def frame(
    settings: "Settings",
    name: str,
    slot: datetime,
    language: str,
    edition_id: int | None,
    is_test: bool,
) -> dict[str, Any]:
    """Return the values of a digest's templates that do not depend on what stands in it."""
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
