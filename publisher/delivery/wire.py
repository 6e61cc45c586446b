"""One SMTP connection that never guesses: every reply is read whole, and belongs to its command.

smtplib's commands, EHLO and AUTH are used; connecting, sending and reading replies are ours. Its
own reader takes a second reply that nobody asked for as the answer to the next command, which
can turn a refused recipient into a sent one.
"""

import re
import select
import smtplib
import socket
import ssl
import time
from threading import Event
from typing import Any

from publisher import faults

CONNECT_SECONDS = 30.0
LOOK_SECONDS = 0.5  # between two looks whether somebody wants to stop
LONGEST_LINE = 4096  # bytes of one reply line; RFC 5321 allows 512
LONGEST_REPLY = 65_536  # bytes of all its lines

_REPLY_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class Lost(smtplib.SMTPServerDisconnected):
    """The connection broke, or server and client are no longer in step; it must be closed."""


class Wire(smtplib.SMTP):
    """A connection to one server."""

    def __init__(
        self, reply_seconds: float, stop: Event | None = None, stop_seconds: float = 0.0
    ) -> None:
        """Prepare a connection; once stop is set, replies are waited for stop_seconds longer."""
        # A name is given so that smtplib does not ask the DNS for ours, which can take seconds.
        super().__init__(local_hostname="localhost")
        self.reply_seconds = reply_seconds
        self._unread = b""
        self._stop = stop or Event()
        self._stop_seconds = stop_seconds
        self._stops_at = 0.0  # when waiting ends because of stop

    def dial(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """Connect, encrypted from the start with a context, and greet.

        Raises OSError, SMTPConnectError, SMTPHeloError or Lost.
        """
        plain = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
        # The dot is sent alone; Nagle's algorithm would let it wait for the answer to the rest.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = plain
        name = socket.gethostname()
        self.local_hostname = name if "." in name else f"[{plain.getsockname()[0]}]"
        if context is not None:
            self.sock = context.wrap_socket(plain, server_hostname=host)
        code, words = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        self._greet()

    def secure(self, host: str, context: ssl.SSLContext) -> None:
        """Go on encrypted (STARTTLS), the certificate verified; never without.

        Raises OSError, SMTPNotSupportedError, SMTPResponseException or Lost.
        """
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("the server does not offer STARTTLS")
        code, words = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)
        self.sock = context.wrap_socket(self._socket, server_hostname=host)
        self._greet()

    def command(self, line: str) -> tuple[int, str]:
        """Send one command and return its reply; raises Lost."""
        self.command_encoding = "ascii" if line.isascii() else "utf-8"
        code, words = self.docmd(line)
        return code, words.decode("utf-8", "replace").replace("\n", " ")

    def reply_within(self, seconds: float) -> tuple[int, str]:
        """Return the reply to what was sent last; raises Lost when none comes in time."""
        usual, self.reply_seconds = self.reply_seconds, seconds
        try:
            code, words = self.getreply()
        finally:
            self.reply_seconds = usual
        return code, words.decode("utf-8", "replace").replace("\n", " ")

    def expect_silence(self) -> None:
        """See that the server has said nothing unasked, nor closed; raises Lost."""
        sock = self._socket
        # Under TLS bytes also arrive that are no reply: tickets for a later session.
        is_tls = isinstance(sock, ssl.SSLSocket)
        if self._unread or (not is_tls and _is_readable(sock)):
            heard = self._unread or self._receive(time.monotonic() + 1)
            raise Lost(f"the server spoke unasked: {heard[:200].decode('ascii', 'replace')}")

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Send a command, unless the server is already saying something else."""
        self.expect_silence()
        super().putcmd(cmd, args)

    def send(self, s: Any) -> None:
        """Send bytes or text whole; raises Lost."""
        data = s.encode(self.command_encoding) if isinstance(s, str) else s
        faults.point()
        try:
            self._socket.settimeout(self.reply_seconds)
            self._socket.sendall(data)
        except OSError as error:
            raise Lost(f"the connection broke: {error}") from error

    def getreply(self) -> tuple[int, bytes]:
        """Read one whole reply; raises Lost for silence, garbage, and more than one reply."""
        deadline = time.monotonic() + self.reply_seconds
        code, lines, size = b"", [], 0
        while True:
            line = self._line(deadline)
            found = _REPLY_LINE.fullmatch(line)
            size += len(line)
            if not found or (code and code != found[1]) or size > LONGEST_REPLY:
                raise Lost(f"not an SMTP reply: {line[:200].decode('ascii', 'replace')}")
            code = found[1]
            lines.append((found[3] or b"").strip())
            if found[2] != b"-":
                break
        if self._unread:
            raise Lost("two replies to one command")
        return int(code), b"\n".join(lines)

    def _greet(self) -> None:
        # Nothing the server said before counts for what follows; over TLS it asks anew.
        self.esmtp_features = {}
        self.ehlo_resp = self.helo_resp = None
        code, words = self.ehlo()
        if code != 250:
            raise smtplib.SMTPHeloError(code, words)

    @property
    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise Lost("the connection is closed")
        return self.sock

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._unread:
            if len(self._unread) > LONGEST_LINE:
                raise Lost(f"a reply line longer than {LONGEST_LINE} bytes")
            more = self._receive(deadline)
            if not more:
                raise Lost("the server closed the connection")
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line.rstrip(b"\r")

    def _receive(self, deadline: float) -> bytes:
        while (left := self._until(deadline) - time.monotonic()) > 0:
            try:
                self._socket.settimeout(min(left, LOOK_SECONDS))
                return self._socket.recv(LONGEST_LINE)
            except TimeoutError:
                continue
            except OSError as error:
                raise Lost(f"the connection broke: {error}") from error
        raise Lost("no reply in time")

    def _until(self, deadline: float) -> float:
        """Return how long a reply may take, which a wish to stop makes shorter."""
        if not self._stop.is_set():
            return deadline
        self._stops_at = self._stops_at or time.monotonic() + self._stop_seconds
        return min(deadline, self._stops_at)


def _is_readable(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
