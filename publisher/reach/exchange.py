"""One request and its answer, over a line that is open.

The adapter is called without a `requests.Session`: a session reads the whole body of a redirect
even when it was told not to follow any (requests 2.34), and it would bring along cookies, .netrc
and the proxies of the environment.
"""

import ssl
from dataclasses import replace
from http.client import HTTPException
from typing import TYPE_CHECKING

from requests import PreparedRequest, Response
from requests import Request as Wanted
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from publisher.errors import one_line
from publisher.reach.answer import Answer, Kind
from publisher.reach.line import Deadline, Line, PinnedAdapter
from publisher.reach.reading import CodingError, TooLargeError, read_body

if TYPE_CHECKING:
    from publisher.reach.request import Request
    from publisher.reach.target import Target

_MISSING = (404, 410)
_NOT_MODIFIED = 304
_LONGEST_REASON = 60  # characters


def plain_url(url: str) -> str:
    """Return a URL as it is sent: host in ASCII, all else percent-encoded; "" when it is none."""
    prepared = PreparedRequest()
    try:
        prepared.prepare_url(url, None)
    except (RequestException, ValueError):
        return ""
    return prepared.url or ""


def connect(
    url: str, target: "Target", context: ssl.SSLContext | None, deadline: Deadline
) -> PinnedAdapter | Answer:
    """Return an open connection to a place that was checked, to be closed; or why there is none.

    context  for TLS; None when the URL says http
    """
    try:
        line = Line(target.addresses, target.port, deadline)
    except OSError as error:
        return _no_way(url, error, deadline)
    return PinnedAdapter(line, target.host, target.port, context)


def exchange(
    request: "Request",
    adapter: PinnedAdapter,
    agent: str,
    limit: int,
    deadline: Deadline,
    *,
    is_last: bool = True,
) -> Answer:
    """Send a request over a connection, and return what became of it.

    limit    bytes of the body
    is_last  whether the server is told that nothing follows
    """
    line = adapter.line
    with line.watched(deadline):
        try:
            answer = _answer(request, _sent(request, adapter, agent, deadline, is_last), limit)
        except TooLargeError:
            answer = Answer(Kind.TOO_LARGE, request.url, 0, f"it is longer than {limit:,} bytes")
        except (
            CodingError,
            RequestException,
            HTTPError,
            HTTPException,
            OSError,
            ValueError,
        ) as why:
            answer = Answer(Kind.BROKEN, request.url, 0, _said(why))
            if deadline.is_over:
                answer = _too_slow(request.url)
    return replace(_too_slow(request.url) if line.was_cut else answer, sent=line.sent)


def _sent(
    request: "Request", adapter: PinnedAdapter, agent: str, deadline: Deadline, is_last: bool
) -> Response:
    headers = {
        "Accept": "*/*",
        **request.headers,
        "User-Agent": agent,
        "Accept-Encoding": "gzip",
        "Connection": "close" if is_last else "keep-alive",
    }
    prepared = Wanted(request.method, request.url, headers, data=request.body or None).prepare()
    return adapter.send(prepared, stream=True, timeout=deadline.left)


def _answer(request: "Request", response: Response, limit: int) -> Answer:
    status = response.status_code
    headers = {name.lower(): _text(value) for name, value in response.headers.items()}
    body = b""
    wanted = request.keeps_errors or (request.keeps_body and status < 300)
    if wanted and request.method != "HEAD":
        if headers.get("content-length", "").isdecimal() and int(headers["content-length"]) > limit:
            raise TooLargeError
        # Not urllib3's own stream(): it reads the length of a chunk without any limit.
        raw = response.raw
        body = read_body(
            lambda size: raw.read(size, decode_content=False),
            headers.get("content-encoding", ""),
            limit,
        )
    kind = Kind.FAILED
    if 200 <= status < 300 or status == _NOT_MODIFIED:
        kind = Kind.OK
    elif status in _MISSING:
        kind = Kind.MISSING
    reason = one_line(_text(response.reason or ""))[:_LONGEST_REASON]
    return Answer(kind, request.url, status, f"{status} {reason}".strip(), headers, body)


def _text(value: str) -> str:
    """Return a header's text: most servers write UTF-8 where http.client reads Latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _no_way(url: str, error: OSError, deadline: Deadline) -> Answer:
    if isinstance(error, ConnectionRefusedError):
        return Answer(Kind.CLOSED, url, 0, "nobody listens there")
    if isinstance(error, TimeoutError) or deadline.is_over:
        return _too_slow(url)
    return Answer(Kind.UNREACHABLE, url, 0, (error.strerror or str(error)).lower())


def _too_slow(url: str) -> Answer:
    return Answer(Kind.SLOW, url, 0, "it did not answer in time")


def _said(error: BaseException) -> str:
    """Return a few words for an error that requests and urllib3 wrapped several times."""
    if isinstance(error, CodingError):
        return str(error)
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"its certificate is not good: {one_line(seen.verify_message)}"
        if isinstance(seen, ssl.SSLError):
            return "its TLS does not work"
        seen = seen.__cause__ or seen.__context__
    return "what it says is no HTTP"
