"""The links of items: which of them another server has to answer for, and where they are written."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from publisher.content.item import Item
from publisher.errors import ContentError
from publisher.reach import is_reserved

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.settings import Settings

_NAMING = ("href", "src", "poster")  # attributes that name another place


@dataclass(frozen=True, slots=True)
class Link:
    """An address somewhere else, and the files that name it, newest item first."""

    url: str  # without its fragment
    host: str
    paths: tuple[str, ...]


def links_of(
    settings: "Settings",
    library: "Library",
    items: Sequence[Item],
    may_ask: Callable[[str], bool] = lambda _: False,
) -> tuple[Link, ...]:
    """Return what items link to elsewhere, in the order of the items.

    Left out are pages of items and files that this site itself publishes, since these may not be
    there before the edition is, and names that are kept for examples.

    may_ask  whether a URL may be asked though its host has such a name
    """
    pages = {item.link for item in library.items}
    own = (settings.files_url + "/", settings.feeds_url + "/")
    paths: dict[str, list[str]] = {}
    for item in items:
        for url in dict.fromkeys(_urls(library, item)):
            whole = url.partition("#")[0]
            if whole not in pages and not whole.startswith(own):
                paths.setdefault(whole, []).append(item.path)
    return tuple(
        Link(url, host, tuple(found))
        for url, found in paths.items()
        if (host := _host(url, may_ask))
    )


def line_of(source: str, url: str) -> int:
    """Return the line of a file on which a link stands, as near as it can be told; 0 when nowhere.

    Editors write links without percent-encoding, relative to their site, or without the last "/".
    """
    parts = urlsplit(url)
    rest = url.partition(parts.netloc)[2]
    for wanted in (url, unquote(url), rest, unquote(rest), parts.path, unquote(parts.path)):
        sought = wanted.rstrip("/")
        if len(sought) > 1 and (at := source.find(sought)) >= 0:
            return source.count("\n", 0, at) + 1
    return 0


def _urls(library: "Library", item: Item) -> Iterator[str]:
    if item.image and item.image.file is None:
        yield item.image.src
    if item.video:
        yield item.video
    yield from (download.url for download in item.downloads if download.file is None)
    if item.event and item.event.url:
        yield item.event.url
    try:
        html = library.body(item).html
    except ContentError:  # the file is just being written; the next look sees it
        return
    from selectolax.lexbor import LexborHTMLParser

    for node in LexborHTMLParser(html).css("[href], [src], [poster]"):
        yield from (url for name in _NAMING if (url := node.attributes.get(name)))


def _host(url: str, may_ask: Callable[[str], bool]) -> str:
    """Return the host that a link is to be asked of, "" when it is not to be asked."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    return "" if is_reserved(host) and not may_ask(url) else host
