"""One connection to one address, for one request, that is cut when its time is over.

The socket is opened here, to an address that was checked, and handed to `requests`: urllib3 looks
up no name of its own and cannot come out anywhere else. Host, SNI and certificate are those of the
name in the URL. Needs `requests`, so it is imported when the first request is made.
"""

import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Timer
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

_TRIED = 4  # addresses of one name


class Deadline:
    """A moment of the machine's own clock that nothing may outlast."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then, at least a hundredth: a timeout of 0 means "do not block"."""
        return max(self._at - time.monotonic(), 0.01)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._at


class Line:
    """An open connection; use it as a context, so that it is closed and its watch ended."""

    def __init__(self, addresses: Sequence[str], port: int, deadline: Deadline) -> None:
        """Connect to the first address that answers; raises OSError."""
        self._socket: socket.socket | None = _connected(addresses[:_TRIED], port, deadline)
        # A timeout of the socket holds for one read, so a server that drips could go on for ever.
        # The copy stays ours when TLS takes the socket over; shutting it ends every read at once.
        self._copy = self._socket.dup()
        self.was_cut = False  # then what was read is not all, though it may look whole
        self._watch = Timer(deadline.left, self._cut)
        self._watch.daemon = True
        self._watch.start()

    def take(self) -> socket.socket:
        """Return the socket, once; raises OSError when a retry asks for another."""
        taken, self._socket = self._socket, None
        if taken is None:
            raise OSError("one request has one connection")
        return taken

    def _cut(self) -> None:
        self.was_cut = True
        with suppress(OSError):
            self._copy.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.cancel()
        self._copy.close()
        if self._socket is not None:
            self._socket.close()


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


class _Secure(HTTPSConnection):
    def __init__(self, *args: Any, line: Line, **named: Any) -> None:
        super().__init__(*args, **named)
        self._line = line

    def _new_conn(self) -> socket.socket:
        return self._line.take()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class PinnedAdapter(HTTPAdapter):
    """Carries one request over one line, whatever host its URL names."""

    def __init__(self, line: Line, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """Make an adapter; context, when given, means TLS with the certificate of this host."""
        super().__init__(pool_connections=1, pool_maxsize=1)
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
