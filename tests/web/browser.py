"""A site's web on a real socket, and a browser without a screen that talks to it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.parse import urlencode

from publisher.app import App
from publisher.web import serving
from publisher.web.visit import Page

SECONDS = 60  # how long a busy machine may take for an answer


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Browser:
    """Talks to one web; follows nothing and keeps nothing by itself."""

    app: App
    port: int

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request just as it is given."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """Follow a link; a header's name is written with _ for -."""
        return self.ask("GET", path, headers=_named(headers))

    def post(
        self, path: str, fields: Mapping[str, str] | Iterable[tuple[str, str]] = (), **headers: str
    ) -> Answer:
        """Send a form as browsers do."""
        pairs = fields.items() if isinstance(fields, Mapping) else list(fields)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(list(pairs)).encode()
        return self.ask("POST", path, body, kind | _named(headers))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def browsing(app: App, more: Iterable[Page] = (), **given: Any) -> Iterator[Browser]:
    """Serve a site on a free port of the loopback for a block; the rest goes to `serving`."""
    with serving(app, host="127.0.0.1", port=0, more=more, **given) as server:
        yield Browser(app, server.port)
    app.close()
