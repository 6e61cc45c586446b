"""Asking another server: each address judged, each redirect judged again."""

import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from publisher.reach.answer import Answer, Kind
from publisher.reach.channel import Channel
from publisher.reach.places import Resolver, look_up
from publisher.reach.request import HARMLESS, Request
from publisher.reach.target import Refusal, Target, place_of, target_of

if TYPE_CHECKING:
    from publisher.reach.line import Deadline, PinnedAdapter
    from publisher.settings import Settings

_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost, all its redirects taken together."""

    seconds: float = 10.0
    size: int = 5_000_000  # bytes of the body, packed and unpacked
    redirects: int = 5


class Reach:
    """Asks other servers; safe to share among threads, since nothing is kept between requests."""

    def __init__(
        self,
        site_url: str,
        allowed: frozenset[str] = frozenset(),
        *,
        limits: Limits = Limits(),
        resolver: Resolver = look_up,
        ca_file: str = "",
    ) -> None:
        """Make a way out.

        site_url  said to every server, so that its people know whom to ask
        allowed   "host:port" as in PUBLISHER_REACH: if any are given, these alone may be asked,
                  wherever they lie
        ca_file   certificates to trust instead of those that come with requests
        """
        self.site_url, self.limits = site_url, limits
        self.allowed = frozenset(each.lower() for each in allowed)
        self._resolver, self._ca_file = resolver, ca_file

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        keep_body: bool = True,
        seconds: float | None = None,
    ) -> Answer:
        """Send a request, follow where it leads, and return what became of it; never raises.

        headers    further ones; those that may hold secrets stay with the first host
        keep_body  False: do not even read the body of the answer
        seconds    for all of it, redirects too, if fewer than the limit
        """
        from publisher.reach.line import Deadline

        allowed = self.limits.seconds
        deadline = Deadline(allowed if seconds is None else min(seconds, allowed))
        request = Request(method.upper(), url, dict(headers or {}), body, keep_body)
        for _ in range(self.limits.redirects + 1):
            answer = self._asked_once(request, deadline)
            leads_to = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not leads_to:
                return answer
            following = _following(request, answer.status, leads_to)
            if isinstance(following, Answer):
                return following
            request = following
        said = f"it redirects more than {self.limits.redirects} times"
        return Answer(Kind.BROKEN, request.url, answer.status, said)

    def lists(self, url: str) -> bool:
        """Return whether PUBLISHER_REACH names the host and port that a URL leads to."""
        return place_of(url) in self.allowed

    def _asked_once(self, request: Request, deadline: "Deadline") -> Answer:
        from publisher.reach.exchange import exchange, plain_url

        url = plain_url(request.url)
        way = self.way_to(url, deadline)
        if isinstance(way, Answer):
            return replace(way, url=url or request.url)
        with closing(way):
            request = replace(request, url=url)
            return exchange(request, way, self.agent, self.limits.size, deadline)

    def way_to(self, url: str, deadline: "Deadline") -> "PinnedAdapter | Answer":
        """Return an open connection to where a URL leads, once that was judged; or why not."""
        from publisher.reach.exchange import connect

        target = target_of(url, self.allowed, self._resolver, deadline.left)
        if isinstance(target, Refusal):
            return Answer(target.kind, url, 0, target.detail)
        return connect(url, target, self._context if target.is_secure else None, deadline)

    def channel(self, url: str, *, stop: Event | None = None, stop_seconds: float = 0.0) -> Channel:
        """Return a way to post to one address again and again; see `Channel`."""
        return Channel(self, url, stop=stop, stop_seconds=stop_seconds)

    @property
    def agent(self) -> str:
        """How we introduce ourselves."""
        from publisher import __version__

        return f"publisher/{__version__} (+{self.site_url})"

    @cached_property
    def _context(self) -> ssl.SSLContext:
        from requests.adapters import DEFAULT_CA_BUNDLE_PATH

        context = ssl.create_default_context(cafile=self._ca_file or DEFAULT_CA_BUNDLE_PATH)
        context.set_alpn_protocols(["http/1.1"])
        return context


def open_reach(
    settings: "Settings", *, only: frozenset[str] = frozenset(), limits: Limits = Limits()
) -> Reach:
    """Return a site's way out, with what a test allows this process.

    only  "host:port" of a server that the operator has named: it alone may be asked, wherever it
          lies; a test's own list comes first
    """
    from publisher.settings import testing

    return Reach(settings.site.url, testing().reach or only, limits=limits)


def _following(request: Request, status: int, leads_to: str) -> Request | Answer:
    """Return the request that a redirect asks for, or why it is not made."""
    try:
        url = urljoin(request.url, leads_to)
    except ValueError:
        return Answer(Kind.BROKEN, request.url, status, "it redirects to what is no web address")
    method, body = request.method, request.body
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", b""
    before, after = Target.origin_of(request.url), Target.origin_of(url)
    if before[0] == "https" and after[0] == "http" and request.carries_secrets:
        said = "it redirects from https to http, and the request holds more than an address"
        return Answer(Kind.REFUSED, url, status, said)
    headers = {
        name: value
        for name, value in request.headers.items()
        if before == after or name.lower() in HARMLESS
    }
    if not body:
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return Request(method, url, headers, body, request.keeps_body)
