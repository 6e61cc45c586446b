"""One request as a page sees it, and the row in the table of routes that leads to the page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from starlette.responses import Response

from publisher.web.form import Form

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.settings import Settings


@dataclass(frozen=True, slots=True)
class Visit:
    """One request; everything about it that a page may go by."""

    app: "App"
    settings: "Settings"  # as they were when it came; the app's may change meanwhile
    now: datetime
    method: str  # GET (also for HEAD) or POST
    route: str  # the route's pattern, "/u/{token}": fit for logs, which no path is
    params: Mapping[str, str]  # what stands in the path for the pattern's names
    query: Form
    form: Form
    headers: Mapping[str, str]  # names in small letters
    language: str  # the interface's
    network: str  # who asks, as limits count: an IPv4 address or an IPv6 /64; never to be logged
    is_local: bool  # asked from this very machine, through no proxy

    def to(self, path: str) -> str:
        """Return the link to a path of ours: "/subscribe" -> "/news/subscribe" in a sub-path."""
        return base_path(self.settings) + path

    def url(self, path: str) -> str:
        """Return the whole address of a path of ours, from the settings."""
        return self.settings.web_url + path

    def in_language(self, tag: str) -> str:
        """Return the link to this same page in another language; no part of a token is in it.

        What is looked for stays; the number of a page does not: there another thing stands on it.
        """
        if "language" not in self.params:
            kept = [field for field in self.query.fields if field[0] == "q"]
            return "?" + urlencode([("lang", tag), *kept])
        path = self.route
        for name, value in {**self.params, "language": tag}.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=":"))
        return self.to(path)


Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Page:
    """A row in a table of routes.

    path       its pattern: "/u/{token}"; a part {language} decides the page's language, and is 404
               when the site has no such language
    is_public  nothing of a person is in it: caches may keep it, and no header changes it
    """

    path: str
    get: Handler | None = None
    post: Handler | None = None
    is_public: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        got = ("GET", "HEAD") if self.get else ()
        return (*got, "POST", "OPTIONS") if self.post else (*got, "OPTIONS")


def base_path(settings: "Settings") -> str:
    """Return the path under which the web is reached: "" or "/news"."""
    return urlsplit(settings.web_url).path.rstrip("/")
