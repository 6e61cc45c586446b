"""The browser's door: pages for people, feeds over HTTP, and what operations ask for.

`serving` serves a site beside whatever else the process does, `serve_until` serves it alone;
`make_web` is the same as an ASGI application. A page is a row in a table of routes (`visit.Page`)
and a plain function from a `visit.Visit` to an answer: all that is asynchronous lies at the edge, in
`app`, `feeds` and `wire`. Requests never decide an address: every link is made from the settings.
"""

from publisher.web.app import make_web
from publisher.web.serve import serve_until, serving

__all__ = ["make_web", "serve_until", "serving"]
