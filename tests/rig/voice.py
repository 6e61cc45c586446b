"""What the rig's server says on one connection, how it keeps silent, and how it hangs up."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .journal import Copy
from .script import Deed, End

if TYPE_CHECKING:
    from .server import Server

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_MOST_UNREAD = 65_536  # bytes of endless talk that may wait for the client


class Voice:
    """The writing half of a connection; it alone knows whether the other half may read on."""

    def __init__(self, server: "Server", read_on: Callable[[], None]) -> None:
        self._server, self._journal, self._read_on = server, server.journal, read_on
        self.transport: Any = None
        self.is_waiting = True  # nothing is read on before the server has spoken
        self.is_over = False  # QUIT was answered, or the connection is being cut
        self._unheard: Copy | None = None  # answered, and the client has not said a word since

    def do(
        self, deed: Deed, usual: bytes, then: Callable[[], None], copy: Copy | None = None
    ) -> None:
        """Say the usual or what the deed has in its place, and go on or not."""
        if deed.delay:
            self.is_waiting = True
            later = replace(deed, delay=0.0)
            asyncio.get_running_loop().call_later(deed.delay, self.do, later, usual, then, copy)
            return
        if self.is_over:
            return
        if deed.end is not End.GO_ON:
            usual = b""  # to cut is to cut in place of the answer
        self.say((usual if deed.say is None else deed.say) + deed.more, copy)
        match deed.end:
            case End.GO_ON:
                then()
            case End.FIN:
                self.hang_up()
            case End.RST:
                self._reset()
            case End.HANG:
                self.is_waiting = True
            case End.ENDLESS:
                self.is_waiting = True
                self._server.spawn(self._talk_on(deed.say or b"x"))

    def say(self, words: bytes, copy: Copy | None = None) -> None:
        """Write an answer; note of a message whether the kernel has all of it."""
        if not words or self.transport.is_closing():
            return
        self.transport.write(words)
        is_whole = words.endswith(b"\r\n") and not self.transport.get_write_buffer_size()
        if copy is not None and is_whole and not self.transport.is_closing():
            self._journal.answered(copy)
            self._unheard = copy

    def heard(self) -> None:
        """The client said something, so it knows what was said before."""
        if self._unheard is not None:
            self._journal.taken(self._unheard)
            self._unheard = None

    def left(self, how: str) -> None:
        """The client is gone."""
        if self._unheard is not None:
            self._journal.gone(self._unheard, how)
            self._unheard = None

    def go_on(self) -> None:
        if self.is_waiting:
            self.is_waiting = False
            asyncio.get_running_loop().call_soon(self._read_on)

    def hang_up(self, seconds: float = 0.0) -> None:
        """Close the connection, now or a little later; nothing that comes is read any more."""
        self.is_over = True
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self.transport.close)
        else:
            self.transport.close()

    def _reset(self) -> None:
        self.is_over = True
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()

    async def _talk_on(self, chunk: bytes) -> None:
        """Talk without an end, no faster than it is taken."""
        while not self.is_over and not self.transport.is_closing():
            if self.transport.get_write_buffer_size() < _MOST_UNREAD:
                self.transport.write(chunk)
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(0.005)
