"""The map of the web: every route, and the edge where a request becomes a visit and an answer."""

import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router

from publisher.ops import log
from publisher.web import (
    archive,
    confirm,
    feeds,
    guard,
    pages,
    preferences,
    proof,
    signup,
    unsubscribe,
)
from publisher.web.counts import Counts
from publisher.web.form import Form, read_form, read_query
from publisher.web.health import health_pages
from publisher.web.metrics import metrics_page
from publisher.web.refused import Refused
from publisher.web.shelf import Reply
from publisher.web.tongue import choose
from publisher.web.visit import Handler, Page, Visit, base_path
from publisher.web.wrong import answer_error, error_page, status_of

if TYPE_CHECKING:
    from publisher.app import App

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_FEEDS = "/feeds/"
THREADS = 8  # pages made at once; each may hold a connection to the database

_KNOWN_METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
_log = log.get("web")

# A room of pages adds one line here.
PAGES: tuple[Page, ...] = (
    *pages.PAGES,
    *feeds.PAGES,
    *signup.PAGES,
    *confirm.PAGES,
    *preferences.PAGES,
    *unsubscribe.PAGES,
    *archive.PAGES,
    *proof.PAGES,
)


def make_web(app: "App", more: Iterable[Page] = ()) -> "Web":
    """Return a site's web as an ASGI application.

    more  further rows of the table of routes
    """
    return Web(app, (*PAGES, *more))


class Web:
    """A site's web: an ASGI application.

    table  every row of the table of routes; the first that fits a path counts
    """

    def __init__(self, app: "App", table: Iterable[Page]) -> None:
        self._app = app
        self._counts, self._feeds = Counts(), feeds.FeedFiles()
        self._limiter: CapacityLimiter | None = None
        self._based = app.settings, base_path(app.settings)
        self.table = (*table, *health_pages(), metrics_page(self._counts))
        routes = [Route(page.path, _Endpoint(self, page)) for page in self.table]
        # Starlette would make the addresses of its own redirects from the Host header.
        self._router = Router(routes, redirect_slashes=False, default=_Endpoint(self, _NOWHERE))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the edge of ASGI."""
        if scope["type"] != "http":
            await _lifespan(scope, receive, send)
            return
        settings, path = self._app.settings, self._inside(scope["path"])
        if path.startswith(_FEEDS):
            status = await self._feeds.answer(settings, _file(path), scope, receive, send)
            if status:
                self._counts.add(_FEEDS, status)
                return
        await self._router({**scope, "path": path, "root_path": ""}, receive, send)

    def at_hand(self, scope: Scope) -> Reply | None:
        """Return the answer to a request when it is one for a feed and nothing must be waited for.

        So the wire can give most answers at once, without a task of their own.
        """
        if scope["method"] != "GET":
            return None
        path = self._inside(scope["path"])
        if not path.startswith(_FEEDS):
            return None
        reply = self._feeds.at_hand(self._app.settings, _file(path), scope["headers"])
        if reply:
            self._counts.add(_FEEDS, reply.status)
        return reply

    def _inside(self, path: str) -> str:
        """Return a path below that of [web] url; proxies pass it on, or cut it off."""
        settings = self._app.settings
        if settings is not self._based[0]:
            self._based = settings, base_path(settings)
        base = self._based[1]
        if base and (path == base or path.startswith(base + "/")):
            return path[len(base) :] or "/"
        return path

    async def in_thread(self, work: Callable[[], Response]) -> Response:
        """Do what waits for disk or database beside the event loop."""
        if self._limiter is None:
            self._limiter = CapacityLimiter(THREADS)
        return await to_thread.run_sync(work, limiter=self._limiter)

    async def answer(self, page: Page, request: Request) -> Response:
        """Return the answer to a request that was led to a page, counted and logged."""
        began = time.perf_counter()
        response = await self._answer(page, request)
        for name, value in guard.SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        seconds = time.perf_counter() - began
        self._counts.add(page.path, response.status_code, seconds)
        _log.info(
            "answered",
            method=request.method if request.method in _KNOWN_METHODS else "other",
            route=page.path,
            status=response.status_code,
            milliseconds=round(seconds * 1000),
        )
        return response

    async def _answer(self, page: Page, request: Request) -> Response:
        visit = self._visit(page, request)
        try:
            handler = _handler(page, request.method)
            if handler is None:
                return await self.in_thread(lambda: _other_method(visit, page, request.method))
            if request.method == "POST":
                body = await guard.read_body(request)
                form = read_form(request.headers.get("content-type", ""), body)
                visit = self._visit(page, request, form)
            _check_language(visit)
            response = await self.in_thread(lambda: handler(visit))
            if request.method == "POST":  # nothing else queues a letter
                self._app.on_mail()
            return response
        except Exception as error:
            wrong = error
        try:
            return await self.in_thread(lambda: answer_error(visit, wrong))
        except Exception as error:  # the site's own template of this page, for one
            _log.error("error page failed", error=type(error).__name__, reason=str(error))
            return PlainTextResponse("Something went wrong here.\n", status_of(wrong))

    def _visit(self, page: Page, request: Request, form: Form | None = None) -> Visit:
        settings, query = self._app.settings, read_query(request.scope["query_string"])
        peer = request.client.host if request.client else ""
        asked = request.path_params.get("language", "") or query.get("lang")
        accept = "" if page.is_public else request.headers.get("accept-language", "")
        forwarded = request.headers.getlist("x-forwarded-for")
        client = guard.client_address(peer, forwarded, settings.web.proxies)
        return Visit(
            self._app,
            settings,
            self._app.now(),
            "POST" if request.method == "POST" else "GET",
            page.path,
            request.path_params,
            query,
            form or Form(),
            request.headers,
            choose(settings, asked, accept),
            guard.network_of(client),
            guard.is_local(peer, request.headers),
        )


def _file(path: str) -> str:
    """Return which file of feeds/ a path means; that of a folder is its page."""
    name = path.removeprefix(_FEEDS)
    return f"{name}index.html" if not name or name.endswith("/") else name


class _Endpoint:
    """Where the router leads: one page, whatever the method."""

    def __init__(self, web: Web, page: Page) -> None:
        self._web, self._page = web, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._web.answer(self._page, request)
        await response(scope, receive, send)


def _show_nothing(visit: Visit) -> Response:
    return error_page(visit, 404)


_NOWHERE = Page("nowhere", get=_show_nothing, post=_show_nothing)


def _handler(page: Page, method: str) -> Handler | None:
    return {"GET": page.get, "HEAD": page.get, "POST": page.post}.get(method)


def _other_method(visit: Visit, page: Page, method: str) -> Response:
    """Answer a method that a page does not know; OPTIONS is told which it does."""
    allow = {"allow": ", ".join(page.methods)}
    if method == "OPTIONS":
        return Response(None, 204, allow)
    response = error_page(visit, 405)
    response.headers.update(allow)
    return response


def _check_language(visit: Visit) -> None:
    """Refuse a path in a language that the site does not have; no page stands at two addresses."""
    asked = visit.params.get("language")
    if asked is not None and asked not in visit.settings.site.languages:
        raise Refused(404, "the site has no such language")


async def _lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Agree to begin and to end; what needs either has its own way."""
    while scope["type"] == "lifespan":
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
