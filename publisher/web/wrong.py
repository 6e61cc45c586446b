"""What is answered when a request cannot be: one table from error to status, and its page."""

from datetime import timedelta

from starlette.responses import Response

from publisher.errors import (
    AddressError,
    ChoiceError,
    LimitReached,
    NotAllowed,
    PublisherError,
    SiteHeld,
    StateError,
    StoreError,
    TokenError,
)
from publisher.ops import log
from publisher.web import pages
from publisher.web.refused import Refused
from publisher.web.visit import Visit

# The first that fits counts.
STATUSES: tuple[tuple[type[PublisherError], int], ...] = (
    (TokenError, 404),  # one answer to all that is forged, cut short or made for another purpose
    (AddressError, 400),
    (ChoiceError, 400),
    (LimitReached, 429),
    (SiteHeld, 503),
    (NotAllowed, 403),
    (StateError, 409),
    (StoreError, 503),
)
_log = log.get("web")


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error; what is not in the table is our own mistake, 500."""
    if isinstance(error, Refused):
        return error.status
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def answer_error(visit: Visit, error: Exception) -> Response:
    """Return the page that tells of an error; one that is our own mistake is logged."""
    status = status_of(error)
    if status >= 500:
        # A message may quote what somebody typed, so only the kind of a foreign error is logged.
        reason = error.message if isinstance(error, PublisherError) else ""
        _log.error(
            "page failed",
            route=visit.route,
            error=type(error).__name__,
            reason=reason,
            at=_at(error),
        )
    wait = getattr(error, "retry_after", timedelta(0))
    return error_page(visit, status, wait)


def error_page(visit: Visit, status: int, wait: timedelta = timedelta(0)) -> Response:
    """Return the page of a status, in the visitor's language.

    wait  how long until it is worth trying again; rounded up to whole minutes for people
    """
    minutes = max(-(-int(wait.total_seconds()) // 60), 1 if status == 429 else 0)
    response = pages.page(visit, "error", status=status, code=status, minutes=minutes)
    if wait:
        response.headers["retry-after"] = str(int(wait.total_seconds()))
    elif status in (429, 503):
        response.headers["retry-after"] = "60"
    return response


def _at(error: Exception) -> str:
    """Return where our own code failed: file and line, which name nobody."""
    trace, place = error.__traceback__, ""
    while trace:
        code = trace.tb_frame.f_code
        if "publisher" in code.co_filename:
            place = f"{code.co_filename.rpartition('publisher/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
