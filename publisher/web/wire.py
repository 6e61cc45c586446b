"""The wire: uvicorn's protocol, with an end to patience.

uvicorn waits for ever for a request that never becomes whole, and for a client that never takes its
answer. A few hundred such connections would keep everybody else out.
"""

from asyncio import TimerHandle, Transport
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 64 * 1024  # bytes of request line and headers
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_ASCII = "".join(map(chr, range(32, 127)))


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take, in seconds."""

    request: float = (
        30.0  # from a request's first byte to its last, or from connecting to the first
    )
    stall: float = 30.0  # to take anything of what waits for it


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, that cuts off who is too slow or says too much."""

    def __init__(self, *given: Any, patience: Patience, **named: Any) -> None:
        super().__init__(*given, **named)
        self._patience = patience

    _deadline: TimerHandle | None = None  # for the request under way
    _stalled: TimerHandle | None = None  # for the client to take what waits
    _head = 0  # bytes of the present request's head so far
    _is_in_head = True

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
        if self._head == 0 and self._is_in_head and not data.isascii():
            data = _encoded(data)
        self._head += len(data)
        super().data_received(data)
        if self._is_in_head and self._head > MOST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin with a request; it may begin in what arrived with the one before."""
        if self._deadline is None:
            self._expect_request()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: a body has its own measure."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Be content: the request is whole."""
        self._cancel()
        self._is_in_head, self._head = True, 0
        super().on_message_complete()

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
