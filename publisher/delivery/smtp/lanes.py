"""Lanes for a transport whose calls block: the only one blocks the loop, several have threads."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from publisher.delivery.outcome import Message, Outcome
from publisher.delivery.smtp.servers import Health


class Blocking(Protocol):
    """A transport that carries one message at a time and blocks meanwhile."""

    @property
    def name(self) -> str:
        """The word in `[delivery] transport`."""

    def send(self, message: Message) -> Outcome:
        """Hand one message over; raises TransportDown."""

    def close(self) -> None:
        """Let go of connections politely; never raises."""


class Lanes:
    """Several blocking transports of one kind."""

    def __init__(self, make: Callable[[], Blocking], lanes: int) -> None:
        """Prepare lanes; each has a transport of its own."""
        self._make = make
        self._first: Blocking | None = make()  # at once, so that what it lacks is said at once
        self.lanes = lanes
        self.name = self._first.name

    def connect(self) -> "Lane":
        """Return one more lane."""
        first, self._first = self._first, None
        return Lane(first or self._make(), has_thread=self.lanes > 1)

    def recall(self, known: Mapping[str, Health]) -> None:
        """Nothing is learnt."""

    def learnt(self) -> dict[str, Health]:
        """Nothing is learnt."""
        return {}


class Lane:
    """One blocking transport."""

    is_ready = True

    def __init__(self, transport: Blocking, *, has_thread: bool) -> None:
        """Take a transport; without a thread its calls hold everything up, which one may."""
        self._transport = transport
        self._thread = ThreadPoolExecutor(1, "lane") if has_thread else None

    async def ready(self) -> None:
        """It always is."""

    async def send(self, message: Message) -> Outcome:
        """Hand one message over; raises TransportDown."""
        if self._thread is None:
            return self._transport.send(message)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._transport.send, message)

    def hurry(self, seconds: float) -> None:
        """A call that blocks has its own limits."""

    async def close(self) -> None:
        """Let go of connections."""
        if self._thread is not None:
            self._thread.shutdown(wait=True)
        self._transport.close()
