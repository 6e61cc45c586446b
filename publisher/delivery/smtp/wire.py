"""One SMTP connection that never guesses: every reply is read whole, and belongs to its command.

A reply that nobody asked for, half a reply, or anything that is none, ends the connection: taken
for the answer to the next command it could turn a refused recipient into a sent one.
"""

import asyncio
import re
import ssl
from typing import Any, NamedTuple

from publisher import faults

LOOK_SECONDS = (
    0.2  # between two looks at the time; a timer for each reply costs as much as the reply
)
LONGEST_LINE = 4096  # bytes of one reply line; RFC 5321 allows 512
LONGEST_REPLY = 65_536  # bytes of all its lines

_REPLY_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class Reply(NamedTuple):
    """What a server answered to one command; three are made for every message."""

    code: int
    lines: tuple[str, ...]

    @property
    def words(self) -> str:
        """Its text on one line, without the code."""
        return " ".join(self.lines)

    def __str__(self) -> str:
        return f"{self.code} {self.words}"


class Lost(Exception):
    """The connection broke, or server and client are no longer in step; it is closed."""

    def __init__(self, why: str, replies: tuple[Reply, ...] = ()) -> None:
        super().__init__(why)
        self.replies = replies  # what came before, of those that were asked for


class Wire(asyncio.Protocol):
    """A connection to one server, whose replies are counted against what was asked."""

    def __init__(self) -> None:
        """Prepare a connection; the greeting is the first reply it owes."""
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._unread = b""
        self._lines: list[bytes] = []  # of a reply that is not whole yet
        self._size = 0
        self._owed = 1
        self._heard: list[Reply] = []
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._lost = ""
        self._is_in_step = True
        self._deadline = 0.0  # of what is waited for now; 0: nothing is
        self._ends_at = 0.0  # when waiting ends because somebody wants to stop
        self._look = self._loop.call_later(LOOK_SECONDS, self._look_at_the_time)

    @property
    def is_open(self) -> bool:
        """Whether nothing is known to be wrong with it."""
        return not self._lost

    @property
    def transport(self) -> asyncio.Transport:
        """What bytes go through."""
        return self._transport  # type: ignore[no-any-return] # uvloop's has no type

    async def secure(self, context: ssl.SSLContext, name: str) -> None:
        """Go on encrypted; raises Lost or OSError.

        What came in plain after the server's consent would be somebody else's words.
        """
        if self._unread or self._lines or self._heard:
            raise self._fail("the server spoke before the connection was encrypted")
        self._transport.set_write_buffer_limits()
        made = await self._loop.start_tls(self._transport, self, context, server_hostname=name)
        if made is None:
            raise self._fail("the connection ended while it was being encrypted")
        self._transport = made

    def write(self, data: bytes, answers: int) -> None:
        """Send bytes that ask for so many replies; raises Lost."""
        if self._heard or self._unread or self._lines:
            raise self._fail("the server spoke unasked")
        if self._lost:
            raise Lost(self._lost)
        self._owed += answers
        faults.point()
        self._transport.write(data)

    async def heard(self, count: int, seconds: float) -> tuple[Reply, ...]:
        """Return the replies to what was sent last; raises Lost when they do not come in time."""
        if len(self._heard) < count and not self._lost:
            self._wanted = count
            self._waiter = self._loop.create_future()
            await self._wait_for(self._waiter, seconds)
            self._waiter = None
        found, self._heard = tuple(self._heard[:count]), self._heard[count:]
        if not self._is_in_step:
            raise Lost(self._lost)  # what came before is not to be trusted either
        if len(found) < count:
            raise Lost(self._lost, found)
        return found

    async def written(self, seconds: float) -> None:
        """Wait until the system has taken all bytes and the server is still silent; raises Lost."""
        if self._room is not None and not self._lost:
            await self._wait_for(self._room, seconds)
        await asyncio.sleep(0)  # lets what has arrived meanwhile be read
        if self._lost:
            raise Lost(self._lost)

    def hurry(self, seconds: float) -> None:
        """Wait for nothing longer than this from now on."""
        if not self._ends_at:
            self._ends_at = self._loop.time() + seconds
            if self._deadline:
                self._deadline = min(self._deadline, self._ends_at)

    def close(self) -> None:
        """Close without a word."""
        self._fail("closed")

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; what it cannot send at once is to be known.

        Under TLS it cannot be: uvloop 0.23 never says that an encrypted buffer is empty again.
        """
        self._transport = transport
        if transport.get_extra_info("sslcontext") is None:
            self._transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        """Read replies."""
        if self._lost:
            return
        self._unread += data
        while b"\n" in self._unread:
            line, _, self._unread = self._unread.partition(b"\n")
            if not self._take(line.rstrip(b"\r")):
                return
        if len(self._unread) > LONGEST_LINE:
            self._out_of_step(f"a reply line longer than {LONGEST_LINE} bytes")

    def eof_received(self) -> None:
        """Close as the server did."""
        self._fail("the server closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self._fail(f"the connection broke: {exc}" if exc else "the server closed the connection")

    def pause_writing(self) -> None:
        """Note that the system takes no more for now."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """Note that all was taken."""
        self._wake(self._room)
        self._room = None

    def _take(self, line: bytes) -> bool:
        """Read one line of a reply; False when it cannot be one."""
        found = _REPLY_LINE.fullmatch(line)
        self._size += len(line)
        started = self._lines[0][:3] if self._lines else b""
        if not found or (started and started != found[1]) or self._size > LONGEST_REPLY:
            self._out_of_step(f"not an SMTP reply: {line[:200].decode('ascii', 'replace')}")
            return False
        self._lines.append(line)
        if found[2] == b"-":
            return True
        words = tuple([part[4:].decode("utf-8", "replace").strip() for part in self._lines])
        reply = Reply(int(found[1]), words)
        self._lines, self._size = [], 0
        if not self._owed:
            self._out_of_step(f"the server spoke unasked: {reply}")
            return False
        self._owed -= 1
        self._heard.append(reply)
        if self._waiter and len(self._heard) >= self._wanted:
            self._wake(self._waiter)
        return True

    def _out_of_step(self, why: str) -> None:
        self._is_in_step = bool(self._lost)
        self._fail(why)

    def _fail(self, why: str) -> Lost:
        if not self._lost:
            self._lost = why
            self._look.cancel()
            if self._transport is not None:
                self._transport.abort()
            self._wake(self._waiter)
            self._wake(self._room)
        return Lost(self._lost)

    async def _wait_for(self, something: "asyncio.Future[None]", seconds: float) -> None:
        at = self._loop.time() + seconds
        self._deadline = min(at, self._ends_at) if self._ends_at else at
        try:
            await something
        finally:
            self._deadline = 0.0

    def _look_at_the_time(self) -> None:
        if self._deadline and self._loop.time() >= self._deadline:
            self._fail("no reply in time")
        else:
            self._look = self._loop.call_later(LOOK_SECONDS, self._look_at_the_time)

    @staticmethod
    def _wake(waiter: "asyncio.Future[None] | None") -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
