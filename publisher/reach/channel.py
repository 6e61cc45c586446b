"""One address, asked again and again over one connection.

A connection of its own for each request costs a look-up, a handshake of TCP and one of TLS. Here
they are paid once, and again when the server has closed the connection. What cannot be known for
sure is told: an `Answer` says how much of the request had left.
"""

import time
from collections.abc import Mapping
from threading import Event
from typing import TYPE_CHECKING

from publisher.reach.answer import Answer, Sent
from publisher.reach.request import Request

if TYPE_CHECKING:
    from publisher.reach.ask import Reach
    from publisher.reach.line import Deadline, PinnedAdapter

# A server closes a connection that was idle, and a request that meets the closing half-way may or
# may not have been taken. Servers wait for ten seconds at least; who waits less never meets it.
IDLE_SECONDS = 5.0


class Channel:
    """Posts to one address; for one thread at a time, to be closed."""

    def __init__(
        self, reach: "Reach", url: str, *, stop: Event | None = None, stop_seconds: float = 0.0
    ) -> None:
        """Prepare a channel; it connects when first used.

        stop  once set, an answer is waited for stop_seconds longer, not for all of the limit
        """
        self.url = url
        self._reach, self._stop, self._stop_seconds = reach, stop, stop_seconds
        self._way: PinnedAdapter | None = None
        self._used_at = 0.0

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request and return what became of it, its body whatever the status; never raises.

        A redirect is an answer like any other. A request is sent a second time only when the first
        went to a connection that was older, and the server cannot have got all of it.
        """
        from publisher.reach.exchange import plain_url
        from publisher.reach.line import Deadline

        deadline = Deadline(self._reach.limits.seconds, self._stop, self._stop_seconds)
        url = plain_url(self.url) or self.url
        request = Request("POST", url, dict(headers), body, True, keeps_errors=True)
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self.close()
        is_older = self._way is not None
        answer = self._posted(request, deadline)
        if is_older and not answer.status and answer.sent is not Sent.WHOLE:
            answer = self._posted(request, deadline)
        return answer

    def close(self) -> None:
        """Close the connection, if there is one."""
        way, self._way = self._way, None
        if way is not None:
            way.close()

    def _posted(self, request: Request, deadline: "Deadline") -> Answer:
        from publisher.reach.exchange import exchange

        way = self._way or self._reach.way_to(request.url, deadline)
        if isinstance(way, Answer):
            return way
        self._way = way
        limit = self._reach.limits.size
        answer = exchange(request, way, self._reach.agent, limit, deadline, is_last=False)
        self._used_at = time.monotonic()
        if not answer.status:
            self.close()
        return answer
