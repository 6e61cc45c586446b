"""Bare HTTP servers on loopback that say whatever bytes a test wants, in pieces if need be."""

import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress

import pytest

Answering = Callable[[str, str], bytes | Iterable[bytes]]
"""Given method and path, returns the bytes of the answer, or its pieces."""

HUSH = b"nothing more, until the test is over"
"""The piece of an answer after which a server is silent; these words are not sent."""

# What a test allows for giving up: many times what its limit asks for, since machines are busy, and
# less than what happens to a request that keeps no limit of its own.
SOON = 8.0
_LONGEST_HUSH = 60.0  # seconds, lest a client that waits for ever makes the test do so too


def page(body: bytes = b"hello", status: str = "200 OK", *headers: str) -> bytes:
    """Return a whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(to: str, status: str = "302 Found") -> bytes:
    """Return an answer that leads elsewhere."""
    return page(b"", status, f"Location: {to}")


class Server:
    """Listens until it is closed; keeps the head and body of every request it got."""

    def __init__(
        self,
        answer: Answering,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        keeps: bool = False,
    ) -> None:
        """Start to listen.

        keeps  whether connections stay open for further requests; an empty answer ends one
        """
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = self.closed = 0
        self._keeps = keeps
        self.busy = self.most_busy = 0
        self._answer, self._tls = answer, tls
        self._lock = threading.Lock()
        self._over = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listening = socket.create_server((host, 0), family=family, backlog=64)
        self.port: int = self._listening.getsockname()[1]
        self.place = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.place}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def asked(self) -> list[str]:
        """Method and path of every request."""
        return [head.split(" HTTP/")[0] for head in self.heads]

    def close(self) -> None:
        self._over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._speak, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _speak(self, client: socket.socket) -> None:
        with closing(client), suppress(OSError):
            if self._tls:
                client = self._tls.wrap_socket(client, server_side=True)
            with closing(client):
                self.connections += 1
                while self._converse(client) and self._keeps:
                    pass
        self.closed += 1

    def _converse(self, client: socket.socket) -> bool:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(4096)
            if not piece:
                return False
            head += piece
        head, _, body = head.partition(b"\r\n\r\n")
        head += b"\r\n"
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        while length and len(body) < int(length[1]):
            piece = client.recv(65_536)
            if not piece:
                return False
            body += piece
        with self._lock:
            self.heads.append(head.decode("latin-1"))
            self.bodies.append(body)
            self.busy += 1
            self.most_busy = max(self.busy, self.most_busy)
        method, path, _ = head.decode("latin-1").split(" ", 2)
        try:
            said = self._answer(method, path)
        finally:
            # Before the answer leaves: whoever has it may ask again at once.
            with self._lock:
                self.busy -= 1
        for piece in (said,) if isinstance(said, bytes) else said:
            if piece is HUSH:
                self._over.wait(_LONGEST_HUSH)
                return False
            client.sendall(piece)
        return said != b""


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers; they are closed at the end."""
    running: list[Server] = []

    def start(answer: Answering | bytes, **options) -> Server:
        said = (lambda method, path: answer) if isinstance(answer, bytes) else answer
        running.append(Server(said, **options))
        return running[-1]

    yield start
    for server in running:
        server.close()


class Resetting:
    """A server that answers the first `served` requests and cuts the next in mid-body."""

    def __init__(self, served: int = 0) -> None:
        self.accepted = 0
        self._served = served
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.url = f"http://{self.place}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self.accepted += 1
            with client:
                for _ in range(self._served if self.accepted == 1 else 0):
                    while not client.recv(65_536).endswith(b"small"):
                        pass
                    client.sendall(page(b"{}"))
                client.recv(1000)
                time.sleep(0.05)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.fixture
def resetting() -> Iterator[Callable[..., Resetting]]:
    """Start servers that cut a connection in the middle of a request."""
    made: list[Resetting] = []

    def start(served: int = 0) -> Resetting:
        made.append(Resetting(served))
        return made[-1]

    yield start
    for server in made:
        server.close()
