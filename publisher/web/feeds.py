"""Feeds over HTTP, on a path of their own below every framework: what most requests ask for.

Answered from bytes in memory; only a file that is new, changed or large costs a thread. A GET is
never counted against a limit: readers that are refused once stay away from the whole host.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter, to_thread

from publisher.web.conditions import (
    best_coding,
    is_same,
    is_unchanged_since,
    matched_tag,
    wanted_range,
)
from publisher.web.pages import moved
from publisher.web.shelf import Coded, Headers, Kept, Shelf
from publisher.web.visit import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

    from publisher.settings import Settings

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

FRESH_SECONDS = 1.0  # how long a file is taken to be as it was when last looked at
_READERS = 4  # threads that read files
_MOST_FRESH = 4096
_ALLOW = (b"allow", b"GET, HEAD, OPTIONS")
_OPTIONS: Headers = [
    _ALLOW,
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since, Range, If-Range"),
    (b"access-control-max-age", b"86400"),
    (b"x-content-type-options", b"nosniff"),
]


class FeedFiles:
    """Answers requests for what lies under feeds/."""

    def __init__(self) -> None:
        self._shelf = Shelf()
        self._settings: Settings | None = None
        self._fresh: dict[str, tuple[float, Kept]] = {}  # path -> until when, what
        self._limiter: CapacityLimiter | None = None

    async def answer(
        self, settings: "Settings", path: str, scope: MutableMapping[str, Any], send: Send
    ) -> int:
        """Answer a request for a path under feeds/; return the status, or 0: there is no such file.

        With 0 nothing was sent.
        """
        if settings is not self._settings:
            self._settings = settings
            self._fresh.clear()
            self._shelf.clear()
        method = scope["method"]
        if method not in ("GET", "HEAD"):
            return await _other_method(method, send)
        known = self._fresh.get(path)
        if known is not None and known[0] > time.monotonic():
            kept: Kept | None = known[1]
        else:
            kept = await self._look(settings, path)
        if kept is None:
            return 0
        try:
            return await _send_file(kept, scope, send, self._in_thread)
        except OSError:  # a large file changed between the look at it and its first block
            kept = await self._look(settings, path)
            return await _send_file(kept, scope, send, self._in_thread) if kept else 0

    async def _look(self, settings: "Settings", path: str) -> Kept | None:
        kept: Kept | None = await self._in_thread(self._shelf.look, settings, path)
        if kept is None:
            self._fresh.pop(path, None)
        else:
            if len(self._fresh) >= _MOST_FRESH:
                self._fresh.clear()
            self._fresh[path] = time.monotonic() + FRESH_SECONDS, kept
        return kept

    async def _in_thread(self, work: Callable[..., Any], *given: Any) -> Any:
        if self._limiter is None:
            self._limiter = CapacityLimiter(_READERS)
        return await to_thread.run_sync(work, *given, limiter=self._limiter)


async def _send_file(
    kept: Kept, scope: MutableMapping[str, Any], send: Send, in_thread: Callable[..., Any]
) -> int:
    asked = _asked(scope["headers"])
    if asked:
        none_match = asked.get(b"if-none-match")
        if none_match is not None:
            tag = matched_tag(none_match, kept.by_tag)
            if tag is not None:
                return await _send(send, 304, kept.by_tag[tag].unchanged)
        elif is_unchanged_since(asked.get(b"if-modified-since", b""), kept.modified):
            return await _send(send, 304, _chosen(kept, asked).unchanged)
        if b"range" in asked:
            part = _part(kept, asked)
            if part is not None:
                return await _send_part(kept, part, scope, send, in_thread)
    coded = _chosen(kept, asked)
    if scope["method"] == "HEAD":
        return await _send(send, 200, coded.headers)
    if kept.is_held:
        return await _send(send, 200, coded.headers, coded.body)
    return await _send_blocks(kept, 200, coded.headers, (0, kept.size), send, in_thread)


_HEADERS = frozenset(
    (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range", b"if-range")
)


def _asked(headers: Headers) -> dict[bytes, bytes]:
    """Return the headers that matter to a file; several of one name are one list."""
    asked: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _HEADERS:
            asked[name] = asked[name] + b"," + value if name in asked else value
    return asked


def _chosen(kept: Kept, asked: dict[bytes, bytes]) -> Coded:
    accept = asked.get(b"accept-encoding")
    if accept is None or len(kept.coded) == 1:
        return kept.coded["identity"]
    return kept.coded.get(best_coding(accept)) or kept.coded["identity"]


def _part(kept: Kept, asked: dict[bytes, bytes]) -> tuple[int, int] | None:
    """Return the part of the file, as it is, that a request wants; None: the whole."""
    tag = kept.coded["identity"].tag
    if b"if-range" in asked and not is_same(asked[b"if-range"], tag, kept.modified):
        return None
    return wanted_range(asked[b"range"], kept.size)


async def _send_part(
    kept: Kept,
    part: tuple[int, int],
    scope: MutableMapping[str, Any],
    send: Send,
    in_thread: Callable[..., Any],
) -> int:
    coded, (first, end) = kept.coded["identity"], part
    common = [pair for pair in coded.headers if pair[0] != b"content-length"]
    if first == end:
        nowhere = (b"content-range", b"bytes */%d" % kept.size)
        return await _send(send, 416, [*common, nowhere, (b"content-length", b"0")])
    place = (b"content-range", b"bytes %d-%d/%d" % (first, end - 1, kept.size))
    headers = [*common, place, (b"content-length", b"%d" % (end - first))]
    if scope["method"] == "HEAD":
        return await _send(send, 206, headers)
    if kept.is_held:
        return await _send(send, 206, headers, coded.body[first:end])
    return await _send_blocks(kept, 206, headers, part, send, in_thread)


async def _send_blocks(
    kept: Kept,
    status: int,
    headers: Headers,
    part: tuple[int, int],
    send: Send,
    in_thread: Callable[..., Any],
) -> int:
    """Send a part of a large file as it is read; one that changed under way breaks off."""
    blocks = kept.blocks(*part)
    block = await in_thread(next, blocks, b"")
    await send({"type": "http.response.start", "status": status, "headers": headers})
    while block:
        await send({"type": "http.response.body", "body": block, "more_body": True})
        block = await in_thread(next, blocks, b"")
    await send({"type": "http.response.body", "body": b""})
    return status


async def _send(send: Send, status: int, headers: Headers, body: bytes = b"") -> int:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return status


async def _other_method(method: str, send: Send) -> int:
    if method == "OPTIONS":
        return await _send(send, 204, _OPTIONS)
    text = b"Feeds are read with GET or HEAD.\n"
    headers = [
        _ALLOW,
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"access-control-allow-origin", b"*"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return await _send(send, 405, headers, text)


def _to_folder(visit: Visit) -> "Response":
    """Lead to the page of a folder: its links begin where the slash at its end says."""
    language = visit.params.get("language", "")
    return moved(visit, f"/feeds/{language}/" if language else "/feeds/")


PAGES = (
    Page("/feeds", get=_to_folder, is_public=True),
    Page("/feeds/{language}", get=_to_folder, is_public=True),
)
