"""The files of feeds/ as they are served: small ones in memory, in each coding, with their headers.

A file is looked at again at most a second after it was last; one that changed is read anew, one that
is gone is forgotten. Nothing is watched, so it does not matter who built: this process or another.

A file is packed here, once for each change of it, and not taken from its twins on the disk: between
two renames, or after somebody's hand, those are of other bytes. To know that they are not would take
two more files to read and unpack; packing a feed of 60 kB takes four milliseconds, in a thread.
"""

import hashlib
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from functools import cached_property
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from publisher.feeds import packed

if TYPE_CHECKING:
    from publisher.settings import Settings

Headers = list[tuple[bytes, bytes]]

LARGEST_KEPT = (
    1 << 20
)  # bytes of a file that is held in memory; larger ones are read when asked for
MOST_KEPT = 64 << 20  # bytes of all that is held
BLOCK = 256 << 10  # bytes of a large file read at once

_TYPES = {
    ".rss": "application/rss+xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".json": "application/feed+json; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
_PACKED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
_BYTES = "application/octet-stream"
_FEEDS = (".rss", ".atom", ".json")
# Of what authors let people download, these would run in our name if a browser showed them.
_LIVELY = (".html", ".htm", ".xhtml", ".svg", ".xml", ".mhtml", ".shtml")
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Reply:
    """An answer about a file, whole but for the date."""

    status: int
    headers: Headers
    body: bytes = b""
    part: tuple[int, int] | None = None  # first byte and end of a large file, sent as it is read

    @cached_property
    def head(self) -> bytes:
        """The headers as they go over the wire, to the empty line before the body."""
        return b"".join(b"%s: %s\r\n" % pair for pair in self.headers) + b"\r\n"


@dataclass(frozen=True, slots=True)
class Coded:
    """One file in one coding."""

    tag: bytes  # strong, without quotes
    whole: Reply
    unchanged: Reply


@dataclass(frozen=True)
class Kept:
    """One file of feeds/ as it was when it was read."""

    path: Path
    mark: tuple[int, ...]  # what tells that it is still the same
    size: int
    modified: int  # unix seconds
    coded: dict[str, Coded]  # "identity" is always there

    @cached_property
    def by_tag(self) -> dict[bytes, Coded]:
        """Each coding by its tag."""
        return {one.tag: one for one in self.coded.values()}

    @property
    def weight(self) -> int:
        return 2000 + sum(len(one.whole.body) for one in self.coded.values())

    def blocks(self, first: int, end: int) -> Iterator[bytes]:
        """Yield a part of a large file; raises OSError when it changed since it was looked at."""
        with self.path.open("rb") as file:
            if _mark(os.fstat(file.fileno())) != self.mark:
                raise OSError(f"{self.path.name} changed while it was sent")
            file.seek(first)
            while first < end and (block := file.read(min(BLOCK, end - first))):
                first += len(block)
                yield block


class Shelf:
    """What was read of feeds/, the least lately asked for dropped first; threads may share it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def kept(self, path: str) -> Kept | None:
        """Return what is kept of a file, without a look at the disk."""
        return self._kept.get(path)

    def look(self, settings: "Settings", path: str) -> Kept | None:
        """Return a file by its path under feeds/, read anew if it changed; None: there is none."""
        place = _inside(settings.feeds_dir, path)
        try:
            found = place.lstat() if place else None
        except (OSError, ValueError):
            found = None
        if place is None or found is None or not stat.S_ISREG(found.st_mode):
            self._put(path, None)
            return None
        known = self._kept.get(path)
        if known and known.mark == _mark(found) and known.path == place:
            with self._lock:
                if path in self._kept:
                    self._kept.move_to_end(path)
            return known
        kept = _read(settings, place, path)
        self._put(path, kept)
        return kept

    def clear(self) -> None:
        """Forget everything: the settings, which headers are made of, are others now."""
        with self._lock:
            self._kept.clear()
            self._weight = 0

    def _put(self, path: str, kept: Kept | None) -> None:
        with self._lock:
            old = self._kept.pop(path, None)
            self._weight -= old.weight if old else 0
            if kept is None:
                return
            self._kept[path] = kept
            self._weight += kept.weight
            while self._weight > MOST_KEPT and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._weight -= dropped.weight


def _inside(folder: Path, path: str) -> Path | None:
    """Return where a path leads; None when it is hidden, no plain path, or leads out through a link."""
    parts = path.split("/")
    if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    try:
        place = folder.joinpath(*parts)
        if place.parent.resolve() != folder.resolve().joinpath(*parts[:-1]):
            return None
    except (OSError, ValueError):
        return None
    return place


def _mark(found: os.stat_result) -> tuple[int, ...]:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(settings: "Settings", place: Path, path: str) -> Kept | None:
    try:
        with place.open("rb") as file:
            found = os.fstat(file.fileno())
            data = file.read() if found.st_size <= LARGEST_KEPT else b""
    except OSError:
        return None
    # Of a large file it is not worth while to read all, only to know whether it is the same.
    large = f"{found.st_mtime_ns:x}-{found.st_size:x}"
    digest = large if found.st_size > LARGEST_KEPT else hashlib.sha256(data).hexdigest()[:20]
    modified = int(found.st_mtime)
    headers = _headers(settings, path, modified)
    size = len(data) or found.st_size
    coded = {"identity": _coded(digest, headers, data, size)}
    if data and _is_text(path):
        for coding, small in packed(data).items():
            coded[coding] = _coded(digest, headers, small, len(small), coding)
    return Kept(place, _mark(found), size, modified, coded)


def _coded(digest: str, common: Headers, body: bytes, size: int, coding: str = "") -> Coded:
    tag = f"{digest}-{coding}".encode() if coding else digest.encode()
    of_tag = (b"etag", b'"%s"' % tag)
    headers = [of_tag, *common, (b"content-length", b"%d" % size)]
    if coding:
        headers.append((b"content-encoding", coding.encode()))
    unchanged = [of_tag, *(pair for pair in common if pair[0] in _OF_304)]
    # A file that is not held has no bytes here, but an empty one is held and has none either.
    part = (0, size) if size and not body else None
    return Coded(tag, Reply(200, headers, body, part), Reply(304, unchanged))


_OF_304 = frozenset(
    (
        b"last-modified",
        b"cache-control",
        b"vary",
        b"link",
        b"access-control-allow-origin",
        b"access-control-expose-headers",
    )
)


def _headers(settings: "Settings", path: str, modified: int) -> Headers:
    is_download = path.startswith("files/")
    ending = path[path.rfind(".") :].lower()
    told = {
        "content-type": _type(path, ending),
        "last-modified": formatdate(modified, usegmt=True),
        # An address of a download names its bytes, but what is withdrawn must be gone some day.
        "cache-control": f"public, max-age={86_400 if is_download else 300}",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "ETag, Last-Modified, Link, Content-Range",
        "x-content-type-options": "nosniff",
        "content-security-policy": _POLICY,
    }
    if _is_text(path):
        told["vary"] = "Accept-Encoding"
    if is_download:
        told["accept-ranges"] = "bytes"
    if is_download and ending in _LIVELY:
        told["content-security-policy"] = f"{_POLICY}; sandbox"
        told["content-disposition"] = "attachment"
    elif not is_download and ending in _FEEDS and path != "manifest.json":
        told["link"] = _links(settings, path)
    return [(name.encode(), value.encode("latin-1")) for name, value in told.items()]


def _links(settings: "Settings", path: str) -> str:
    """Return what WebSub looks for: the feed's own address, and its hub if there is one."""
    own = f'<{settings.feeds_url}/{quote(path)}>; rel="self"'
    hub = quote(settings.feeds.hub, safe=":/?&=#%~+,;@!$'()*")
    return f'<{hub}>; rel="hub", {own}' if hub else own


def _type(path: str, ending: str) -> str:
    if path == "manifest.json":
        return "application/json; charset=utf-8"
    if ending in _TYPES and not path.startswith("files/"):
        return _TYPES[ending]
    found, packing = guess_type(path)
    if packing:  # who asks for x.rss.gz wants that file, not what is in it
        return _PACKED.get(packing, _BYTES)
    found = found or _BYTES
    return f"{found}; charset=utf-8" if found.startswith("text/") else found


def _is_text(path: str) -> bool:
    kind = _type(path, path[path.rfind(".") :].lower())
    return kind.startswith("text/") or "charset=utf-8" in kind or kind == "image/svg+xml"
