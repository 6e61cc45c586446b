"""The list of all feeds as OPML 2.0, for readers that subscribe to many at once."""

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from publisher.feeds.channel import Channel, site_name
from publisher.render import language_name

if TYPE_CHECKING:
    from publisher.settings.model import Settings


def render(channels: Sequence[Channel], settings: "Settings") -> bytes:
    """Return the list, one folder a language; Atom of each, which every reader knows."""
    title = escape(site_name(settings.site.languages[0], settings), quote=False)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"<head><title>{title}</title></head>",
        "<body>",
    ]
    for language, group in groupby(channels, key=lambda channel: channel.language):
        rows = [_row(channel) for channel in group]
        if language:
            rows = [f"<outline text={_quoted(language_name(language))}>", *rows]
            rows.append("</outline>")
        lines += rows
    return "\n".join([*lines, "</body>", "</opml>", ""]).encode()


def _row(channel: Channel) -> str:
    facts = {
        "type": "rss",
        "text": channel.title,
        "title": channel.title,
        "description": channel.description,
        "language": channel.language,
        "xmlUrl": channel.file_url("atom"),
        "htmlUrl": channel.home,
    }
    told = " ".join(f"{name}={_quoted(value)}" for name, value in facts.items() if value)
    return f"<outline {told}/>"


def _quoted(value: str) -> str:
    # Not by xml.sax.saxutils, which brings in urllib.request and ssl: 50 ms of a build.
    if '"' in value and "'" not in value:
        return f"'{escape(value, quote=False)}'"
    return f'"{escape(value, quote=False).replace(chr(34), "&quot;")}"'
