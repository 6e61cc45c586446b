"""The mail server of `publisher demo --kill`: on loopback, takes everything, delivers nothing.

A message is written down before its 250 leaves, so what the sender lost by its end can be told from
what it never handed over.
"""

import re
import socketserver
import threading
import time
from collections import defaultdict
from types import TracebackType

ANSWER_SECONDS = 0.01  # what a server takes to put a message on its disk
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_USUAL = {
    b"EHLO": b"250-demo.internal\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"MAIL": b"250 2.1.0 ok\r\n",
    b"RCPT": b"250 2.1.5 ok\r\n",
    b"DATA": b"354 go ahead\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
}


class Sink:
    """What has been taken: for each Message-ID the recipient and the bytes of every copy."""

    def __init__(self) -> None:
        self.taken: dict[bytes, list[tuple[str, bytes]]] = defaultdict(list)
        self._count = 0
        self._changed = threading.Condition()

    def __enter__(self) -> "Sink":
        self._server = _Server(("127.0.0.1", 0), self)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def messages(self) -> int:
        return self._count

    def take(self, recipient: str, data: bytes) -> None:
        """Write a message down."""
        found = _MESSAGE_ID.search(data)
        with self._changed:
            self.taken[found[1] if found else b""].append((recipient, data))
            self._count += 1
            self._changed.notify_all()

    def wait_for(self, messages: int, seconds: float) -> bool:
        """Wait until so many messages have been taken; False when they do not come in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count >= messages, seconds)

    def repeated(self) -> list[str]:
        """Return who was given a message more than once, in the order of their addresses."""
        return sorted(copies[0][0] for copies in self.taken.values() if len(copies) > 1)

    def all_equal(self) -> bool:
        """Whether every repeat has the bytes and the recipient of the first copy."""
        return all(copy == copies[0] for copies in self.taken.values() for copy in copies)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], sink: Sink) -> None:
        self.sink = sink
        super().__init__(address, _Conversation)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed in mid-sentence is what this server is for."""


class _Conversation(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        recipient = ""
        self.wfile.write(b"220 demo.internal\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipient = line.partition(b"<")[2].partition(b">")[0].decode("utf-8", "replace")
            self.wfile.write(_USUAL.get(verb, b"250 2.0.0 ok\r\n"))
            if verb == b"QUIT":
                return
            if verb == b"DATA":
                data = self._content()
                if data is None:
                    return
                self.server.sink.take(recipient, data)
                time.sleep(ANSWER_SECONDS)
                self.wfile.write(b"250 2.0.0 taken\r\n")

    def _content(self) -> bytes | None:
        """Read up to the dot; None when the client ended before it."""
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                return None
            lines.append(line)
        return b"".join(lines)
