"""The browser's door: pages for people, feeds over HTTP, and what operations ask for.

`make_web` is a site as an ASGI application. A page is a row in a table of routes (`Page`) and a plain
function from a `Visit` to an answer: all that is asynchronous lies at the edge, in `app` and
`visit`. Requests never decide an address: every link is made from the settings.
"""

from publisher.web.app import make_web

__all__ = ["make_web"]
