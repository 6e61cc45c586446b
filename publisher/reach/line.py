"""One connection to one address, cut when the time of the request under way is over.

The socket is opened here, to an address that was checked, and handed to `requests`: urllib3 looks
up no name of its own and cannot come out anywhere else. Host, SNI and certificate are those of the
name in the URL. Needs `requests`, so it is imported when the first request is made.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from publisher import faults
from publisher.reach.answer import Sent

LOOK_SECONDS = 0.5  # between two looks whether somebody wants to stop
_TRIED = 4  # addresses of one name


class Deadline:
    """A moment of the machine's own clock that nothing may outlast."""

    def __init__(
        self, seconds: float, stop: Event | None = None, stop_seconds: float = 0.0
    ) -> None:
        """Begin to count; once stop is set, there are stop_seconds left at most."""
        self._at = time.monotonic() + seconds
        self._stop, self._stop_seconds = stop, stop_seconds

    @property
    def left(self) -> float:
        """Seconds until then, at least a hundredth: a timeout of 0 means "do not block"."""
        return max(self._until() - time.monotonic(), 0.01)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._until()

    def _until(self) -> float:
        if self._stop is not None and self._stop.is_set():
            self._stop = None
            self._at = min(self._at, time.monotonic() + self._stop_seconds)
        return self._at


class Line:
    """An open connection, for one request after the other."""

    def __init__(self, addresses: Sequence[str], port: int, deadline: Deadline) -> None:
        """Connect to the first address that answers; raises OSError."""
        self._socket: socket.socket | None = _connected(addresses[:_TRIED], port, deadline)
        # A timeout of the socket holds for one read, so a server that drips could go on for ever.
        # The copy stays ours when TLS takes the socket over; shutting it ends every read at once.
        self._copy = self._socket.dup()
        self.was_cut = False  # then what was read is not all, though it may look whole
        self.sent = Sent.NOTHING  # of the request under way

    @contextmanager
    def watched(self, deadline: Deadline) -> Iterator[None]:
        """Cut the connection when what is done in this context outlasts a deadline."""
        self.sent = Sent.NOTHING
        done = Event()
        Thread(target=self._watch, args=(deadline, done), daemon=True).start()
        try:
            yield
        finally:
            done.set()

    def take(self) -> socket.socket:
        """Return the socket, once; raises OSError when somebody wants to connect again."""
        taken, self._socket = self._socket, None
        if taken is None:
            raise OSError("the connection is over")
        return taken

    def close(self) -> None:
        """Let go of what is left of the connection here; whoever took the socket closes that."""
        self._copy.close()
        if self._socket is not None:
            self._socket.close()

    def _watch(self, deadline: Deadline, done: Event) -> None:
        while not done.wait(min(deadline.left, LOOK_SECONDS)):
            if deadline.is_over:
                self.was_cut = True
                with suppress(OSError):
                    self._copy.shutdown(socket.SHUT_RDWR)
                return


def _connected(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    last: OSError = OSError("it has no address")
    for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            made = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # this machine has no IPv6 at all
            last = error
            continue
        try:
            made.settimeout(deadline.left / left)
            made.connect((address, port))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            made.close()
            last = error
            continue
        return made
    raise last


class _Plain(HTTPConnection):
    def __init__(self, *args: Any, line: Line, **named: Any) -> None:
        super().__init__(*args, **named)
        self._line = line

    def _new_conn(self) -> socket.socket:
        return self._line.take()

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        faults.point()
        self._line.sent = Sent.PART
        super().send(data)

    def request(self, *args: Any, **named: Any) -> None:
        """Send a request; when this raises, its last byte has not left: TLS and all."""
        super().request(*args, **named)
        self._line.sent = Sent.WHOLE


class _Secure(_Plain, HTTPSConnection):
    """The same over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class PinnedAdapter(HTTPAdapter):
    """Carries requests over one line, whatever host their URLs name."""

    def __init__(self, line: Line, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """Make an adapter; context, when given, means TLS with the certificate of this host."""
        super().__init__(pool_connections=1, pool_maxsize=1)
        self.line = line
        self._pool: HTTPConnectionPool = (
            _SecurePool(host, port, maxsize=1, ssl_context=context, line=line)
            if context
            else _PlainPool(host, port, maxsize=1, line=line)
        )

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: object,
        proxies: Mapping[str, str] | None = None,
        cert: object = None,
    ) -> HTTPConnectionPool:
        """Return the one pool there is; proxies do not come into it."""
        return self._pool

    def cert_verify(self, conn: object, url: str, verify: object, cert: object) -> None:
        """Leave the certificates to the context, which is made once for all requests."""

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()
        super().close()
        self.line.close()
