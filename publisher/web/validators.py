"""What lets a cache ask whether a page is still the same, instead of fetching it again."""

import hashlib

from starlette.responses import Response

from publisher.web.conditions import matched_tag
from publisher.web.visit import Visit

_KEPT = ("cache-control", "content-language")  # what a 304 says again: RFC 9110, section 15.4.5


def validated(visit: Visit, response: Response) -> Response:
    """Return a public page with its tag, or 304 when whoever asks has it already."""
    tag = hashlib.sha256(response.body).hexdigest()[:32]
    response.headers["etag"] = f'"{tag}"'
    asked = visit.headers.get("if-none-match", "").encode("latin-1", "replace")
    if response.status_code != 200 or matched_tag(asked, (tag.encode(),)) is None:
        return response
    kept = {name: response.headers[name] for name in ("etag", *_KEPT) if name in response.headers}
    return Response(None, 304, kept)
