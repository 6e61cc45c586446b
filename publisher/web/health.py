"""/healthz and /readyz: for what watches over processes. They tell strangers one word, no more."""

import threading
import time

from starlette.responses import PlainTextResponse, Response

from publisher.checks import Finding, Result, look_ready
from publisher.web.pages import PRIVATE
from publisher.web.visit import Page, Visit

KEPT_SECONDS = 2.0  # an answer counts for so long, however often it is asked for


def health_pages() -> tuple[Page, ...]:
    """Return the rows of /healthz and /readyz."""
    return Page("/healthz", get=_show_health), Page("/readyz", get=_Readiness().show)


def _show_health(visit: Visit) -> Response:
    """Say that requests are answered."""
    return _plain("ok\n")


class _Readiness:
    """Says whether this process can do its work; what is wrong stays on this machine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._wrong: tuple[Finding, ...] = ()

    def show(self, visit: Visit) -> Response:
        wrong = self._found(visit)
        lines = ["not ready" if wrong else "ready"]
        if visit.is_local:
            lines += [f"{finding.number} {finding.message}" for finding in wrong]
        return _plain("\n".join(lines) + "\n", 503 if wrong else 200)

    def _found(self, visit: Visit) -> tuple[Finding, ...]:
        with self._lock:
            if self._until < time.monotonic():
                found = look_ready(visit.app)
                self._wrong = tuple(one for one in found if one.result is Result.FAILED)
                self._until = time.monotonic() + KEPT_SECONDS
            return self._wrong


def _plain(text: str, status: int = 200) -> Response:
    return PlainTextResponse(text, status, {"cache-control": PRIVATE})
