"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/), written with the standard library."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from publisher.content.item import Author
from publisher.feeds.channel import Channel
from publisher.feeds.entry import Enclosure, Entry

VERSION = "https://jsonfeed.org/version/1.1"


def render(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """Return a feed as JSON Feed 1.1.

    "<" is written as an escape: no program that guesses at a file's type, and no page that the
    text is pasted into, takes it for HTML.
    """
    feed = _present(
        version=VERSION,
        title=channel.title,
        home_page_url=channel.home,
        feed_url=channel.file_url("json"),
        description=channel.description,
        authors=[{"name": channel.site_name, "url": channel.home}],
        language=channel.language,
        hubs=[{"type": "WebSub", "url": channel.hub}] if channel.hub else None,
    )
    # One line an entry: an indented text would be written by Python's slow encoder.
    head = ",\n".join(f"{_text(name)}: {_text(value)}" for name, value in feed.items())
    items = ",\n".join(map(_entry_text, entries))
    return f'{{\n{head},\n"items": [\n{items}\n]\n}}\n'.encode()


@lru_cache(maxsize=512)  # an entry stands in two or three feeds of its language
def _entry_text(entry: Entry) -> str:
    return _text(_item(entry))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _item(entry: Entry) -> dict[str, Any]:
    return _present(
        id=entry.id,
        url=entry.url,
        title=entry.title,
        content_html=entry.html,
        summary=entry.summary,
        image=entry.picture.url if entry.picture else None,
        date_published=entry.published.isoformat(),
        date_modified=entry.updated.isoformat(),
        authors=[_author(author) for author in entry.authors],
        tags=[name for _, name in entry.categories],
        language=entry.language,
        attachments=[_attachment(enclosure) for enclosure in entry.enclosures],
        # The standard has no place for translations; names that begin with "_" are free.
        _translations=[
            {"language": other.language, "url": other.url, "title": other.title}
            for other in entry.translations
        ],
    )


def _author(author: Author) -> dict[str, Any]:
    mail = f"mailto:{author.email}" if author.email else None
    return _present(name=author.name, url=author.url or mail)


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _present(
        url=enclosure.url,
        mime_type=enclosure.type,
        title=enclosure.title,
        size_in_bytes=enclosure.size,
    )


def _present(**members: Any) -> dict[str, Any]:
    """Return only the members that say something; the standard wants no nulls."""
    return {name: value for name, value in members.items() if value}
