"""Feeds over HTTP, on a path of their own below every framework: what most requests ask for.

Answered from bytes in memory; only a file that is new, changed or large costs a thread. A GET is
never counted against a limit: readers that are refused once stay away from the whole host.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter, to_thread

from publisher.feeds import is_retired_path
from publisher.web.conditions import (
    best_coding,
    is_same,
    is_unchanged_since,
    matched_tag,
    wanted_range,
)
from publisher.web.pages import moved
from publisher.web.shelf import Coded, Headers, Kept, Reply, Shelf
from publisher.web.visit import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

    from publisher.settings import Settings

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

FRESH_SECONDS = 1.0  # how long a file is taken to be as it was when last looked at
_READERS = 4  # threads that read files
_MOST_FRESH = 4096
_ALLOW = (b"allow", b"GET, HEAD, OPTIONS")
_OPTIONS = Reply(
    204,
    [
        _ALLOW,
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, HEAD"),
        (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since, Range, If-Range"),
        (b"access-control-max-age", b"86400"),
        (b"x-content-type-options", b"nosniff"),
    ],
)
_WORDS = b"Feeds are read with GET or HEAD.\n"
_OTHER_METHOD = Reply(
    405,
    [
        _ALLOW,
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(_WORDS)),
        (b"access-control-allow-origin", b"*"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ],
    _WORDS,
)


class FeedFiles:
    """Answers requests for what lies under feeds/."""

    def __init__(self) -> None:
        self._shelf = Shelf()
        self._settings: Settings | None = None
        self._fresh: dict[str, float] = {}  # path -> until when what is kept of it counts
        self._limiter: CapacityLimiter | None = None

    def at_hand(self, settings: "Settings", path: str, headers: Headers) -> Reply | None:
        """Return the answer to a GET when nothing needs to be read for it, else None."""
        if settings is not self._settings or self._fresh.get(path, 0.0) < time.monotonic():
            return None
        kept = self._shelf.kept(path)
        if kept is None:
            return None
        reply = _reply(kept, headers)
        return None if reply.part else reply

    async def answer(
        self,
        settings: "Settings",
        path: str,
        scope: MutableMapping[str, Any],
        receive: Receive,
        send: Send,
    ) -> int:
        """Answer a request for a path under feeds/; return the status, or 0: there is no such file.

        With 0 nothing was sent. A feed that the site has retired is 410.
        """
        if settings is not self._settings:
            self._settings = settings
            self._fresh.clear()
            self._shelf.clear()
        method, headers = scope["method"], scope["headers"]
        if method not in ("GET", "HEAD"):
            return await _send(send, _OPTIONS if method == "OPTIONS" else _OTHER_METHOD)
        reply = self.at_hand(settings, path, headers) if method == "GET" else None
        if reply:
            return await _send(send, reply)
        kept = await self._look(settings, path)
        if kept is None:
            if not is_retired_path(path, settings.feeds.retired):
                return 0
            gone = _gone(settings)
            return await _send(send, gone if method == "GET" else Reply(410, gone.headers))
        reply = _reply(kept, headers)
        if method == "HEAD":
            return await _send(send, Reply(reply.status, reply.headers))
        if not reply.part:
            return await _send(send, reply)
        left = asyncio.ensure_future(_until_gone(receive))
        try:
            return await self._send_blocks(kept, reply, left, send)
        finally:
            left.cancel()

    async def _look(self, settings: "Settings", path: str) -> Kept | None:
        kept: Kept | None = await self._in_thread(self._shelf.look, settings, path)
        if kept is None:
            self._fresh.pop(path, None)
        else:
            if len(self._fresh) >= _MOST_FRESH:
                self._fresh.clear()
            self._fresh[path] = time.monotonic() + FRESH_SECONDS
        return kept

    async def _send_blocks(
        self, kept: Kept, reply: Reply, gone: "asyncio.Future[None]", send: Send
    ) -> int:
        """Send of a large file what a reply says; nothing, and 0, when it is another by now."""
        blocks = kept.blocks(*(reply.part or (0, 0)))
        try:
            block = await self._in_thread(next, blocks, b"")
        except OSError:
            return 0
        await _begin(send, reply)
        while block and not gone.done():
            await send({"type": "http.response.body", "body": block, "more_body": True})
            block = await self._in_thread(next, blocks, b"")
        if not gone.done():
            await send({"type": "http.response.body", "body": b""})
        return reply.status

    async def _in_thread(self, work: Callable[..., Any], *given: Any) -> Any:
        if self._limiter is None:
            self._limiter = CapacityLimiter(_READERS)
        return await to_thread.run_sync(work, *given, limiter=self._limiter)


def _gone(settings: "Settings") -> Reply:
    """Return the answer about a feed that the site has retired."""
    words = f"This feed was retired. Those that there are: {settings.feeds_url}/\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(words)),
        (b"cache-control", b"public, max-age=3600"),
        (b"access-control-allow-origin", b"*"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Reply(410, headers, words)


_HEADERS = frozenset(
    (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range", b"if-range")
)


def _reply(kept: Kept, headers: Headers) -> Reply:
    """Return the answer to a GET for a file."""
    asked: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _HEADERS:  # several of one name are one list
            asked[name] = asked[name] + b"," + value if name in asked else value
    coded = _chosen(kept, asked.get(b"accept-encoding"))
    none_match = asked.get(b"if-none-match")
    if none_match is not None:
        tag = matched_tag(none_match, kept.by_tag)
        if tag is not None:
            return kept.by_tag[tag].unchanged
    elif is_unchanged_since(asked.get(b"if-modified-since", b""), kept.modified):
        return coded.unchanged
    part = _part(kept, asked) if b"range" in asked else None
    return coded.whole if part is None else _of_part(kept, part)


def _chosen(kept: Kept, accept: bytes | None) -> Coded:
    if accept is None or len(kept.coded) == 1:
        return kept.coded["identity"]
    return kept.coded.get(best_coding(accept)) or kept.coded["identity"]


def _part(kept: Kept, asked: dict[bytes, bytes]) -> tuple[int, int] | None:
    """Return the part of the file, as it is, that a request wants; None: the whole."""
    tag = kept.coded["identity"].tag
    if b"if-range" in asked and not is_same(asked[b"if-range"], tag, kept.modified):
        return None
    return wanted_range(asked[b"range"], kept.size)


def _of_part(kept: Kept, part: tuple[int, int]) -> Reply:
    whole, (first, end) = kept.coded["identity"].whole, part
    headers = [pair for pair in whole.headers if pair[0] != b"content-length"]
    headers.append((b"content-length", b"%d" % (end - first)))
    if first == end:
        return Reply(416, [*headers, (b"content-range", b"bytes */%d" % kept.size)])
    headers.append((b"content-range", b"bytes %d-%d/%d" % (first, end - 1, kept.size)))
    return Reply(206, headers, whole.body[first:end], part if whole.part else None)


async def _until_gone(receive: Receive) -> None:
    """Wait until whoever asked is no longer there."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _begin(send: Send, reply: Reply) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})


async def _send(send: Send, reply: Reply) -> int:
    await _begin(send, reply)
    await send({"type": "http.response.body", "body": reply.body})
    return reply.status


def _to_folder(visit: Visit) -> "Response":
    """Lead to the page of a folder: its links begin where the slash at its end says."""
    language = visit.params.get("language", "")
    return moved(visit, f"/feeds/{language}/" if language else "/feeds/")


PAGES = (
    Page("/feeds", get=_to_folder, is_public=True),
    Page("/feeds/{language}", get=_to_folder, is_public=True),
)
