"""The wire: uvicorn's protocol, with an end to patience.

uvicorn waits for ever for a request that never becomes whole, and for a client that never takes its
answer. A few hundred such connections would keep everybody else out.
"""

import re
from asyncio import TimerHandle, Transport
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

if TYPE_CHECKING:
    from publisher.web.app import Web

MOST_HEAD = 64 * 1024  # bytes of request line and headers
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_COMMON = (b"GET ", b"HEAD ", b"POST ", b"OPTIONS ", b"PUT ", b"PATCH ", b"DELETE ", b"TRACE ")
_STRANGE = re.compile(rb"\A[A-Za-z-]{1,32}(?= /)")  # where a request begins: a method, a path
_ASCII = "".join(map(chr, range(32, 127)))


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take, in seconds."""

    request: float = 30.0  # from a request's first byte, or from connecting, to its last byte
    stall: float = 30.0  # to take anything of what waits for it


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, that cuts off who is too slow or says too much.

    What the web has at hand is answered at once: a task, an event and twenty checked headers a
    request would take three times as long as the answer itself.
    """

    _deadline: TimerHandle | None = None  # for the request under way
    _stalled: TimerHandle | None = None  # for the client to take what waits
    _head = 0  # bytes of the present request's head so far
    _is_in_head = True
    _is_whole = False  # whether what arrived last ended a request

    def __init__(self, *given: Any, web: "Web", patience: Patience, **named: Any) -> None:
        super().__init__(*given, **named)
        self._web, self._patience = web, patience

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was waited for."""
        self._cancel()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived, unless a head grows beyond all measure."""
        if self._head == 0 and self._is_in_head:
            if not data.isascii():
                data = _encoded(data)
            if not data.startswith(_COMMON):
                # The parser refuses methods it never heard of; no page takes one, nor TRACE.
                data = _STRANGE.sub(b"TRACE", data, count=1)
        self._head += len(data)
        self._is_whole = False
        super().data_received(data)
        if self._is_whole:
            self._cancel()
        elif self._deadline is None:
            self._expect_request()
        if self._is_in_head and self._head > MOST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Stop counting: a body has its own measure."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Be content: the request is whole."""
        self._is_in_head, self._head, self._is_whole = True, 0, True
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Answer from what is at hand, else by the web's own task, as uvicorn does."""
        is_usual = app is self.app and cycle.keep_alive and not self.flow.write_paused
        reply = self._web.at_hand(cast(Any, cycle.scope)) if is_usual else None
        if reply is None:
            super()._start_asgi_task(cycle, app)
            return
        dated = (b"%s: %s\r\n" % pair for pair in self.server_state.default_headers)
        head = (STATUS_LINE[reply.status], *dated, reply.head)
        self.transport.writelines([b"".join(head), reply.body] if reply.body else head)
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()

    def pause_writing(self) -> None:
        """Begin to wait for the client to take what is ready."""
        super().pause_writing()
        self._watch_stall(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Go on: the client took enough."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing is asked; do not wait for ever for it to be drained."""
        super().timeout_keep_alive_handler()
        self._watch_stall(self.transport.get_write_buffer_size())

    def _expect_request(self) -> None:
        self._deadline = self.loop.call_later(self._patience.request, self._abort)

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _watch_stall(self, waiting: int) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
        self._stalled = self.loop.call_later(self._patience.stall, self._end_stall, waiting)

    def _end_stall(self, waited: int) -> None:
        self._stalled = None
        left = self.transport.get_write_buffer_size()
        if left >= waited:
            self._abort()
        elif left:
            self._watch_stall(left)

    def _abort(self, *_: Any) -> None:
        self._deadline = None
        self.transport.abort()


def _encoded(data: bytes) -> bytes:
    """Return a request whose path was raw UTF-8 with the path as it should be.

    Browsers encode it, some feed readers do not, and the parser refuses it.
    """
    line, end, rest = data.partition(b"\r\n")
    return quote(line, safe=_ASCII).encode() + end + rest
