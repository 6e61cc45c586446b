"""Sign in threads, several messages at a time: what waits when a thread is free is its next share.

A key's work lets other threads run, but to give a single message away and get it back costs the loop
as much as composing it.
"""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from publisher.delivery.message.dkim import Signer
from publisher.delivery.message.message import Composed


@dataclass(frozen=True, slots=True)
class Wish:
    """A message that somebody waits to have signed."""

    composed: Composed
    signers: tuple[Signer, ...]
    at: int  # when it was queued, in unix seconds
    signed: "asyncio.Future[bytes]"


class Signing:
    """The threads of one loop."""

    def __init__(self) -> None:
        """Prepare as many threads as there are processors; they start when first needed."""
        self._free = os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(self._free, thread_name_prefix="sign")
        self._wishes: list[Wish] = []

    async def sign(self, composed: Composed, signers: tuple[Signer, ...], at: int) -> bytes:
        """Return the whole message, with the signature of each signer in front."""
        loop = asyncio.get_running_loop()
        signed: asyncio.Future[bytes] = loop.create_future()
        self._wishes.append(Wish(composed, signers, at, signed))
        if len(self._wishes) == 1:
            loop.call_soon(self._share, loop)  # after what else is composed in this turn
        return await signed

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _share(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._wishes and self._free:
            share = -(-len(self._wishes) // self._free)
            wishes, self._wishes = self._wishes[:share], self._wishes[share:]
            self._free -= 1
            self._threads.submit(self._work, loop, wishes)

    def _work(self, loop: asyncio.AbstractEventLoop, wishes: Sequence[Wish]) -> None:
        made = [_signed(wish) for wish in wishes]
        with suppress(RuntimeError):  # the loop was closed: nobody waits for them any more
            loop.call_soon_threadsafe(self._done, loop, wishes, made)

    def _done(
        self,
        loop: asyncio.AbstractEventLoop,
        wishes: Sequence[Wish],
        made: Sequence[bytes | Exception],
    ) -> None:
        self._free += 1
        for wish, result in zip(wishes, made, strict=True):
            if wish.signed.done():
                continue
            if isinstance(result, Exception):
                wish.signed.set_exception(result)
            else:
                wish.signed.set_result(result)
        self._share(loop)


def _signed(wish: Wish) -> bytes | Exception:
    try:
        body_hash = wish.composed.body_hash()
        made = [signer.sign(wish.composed.fields, body_hash, wish.at) for signer in wish.signers]
    except Exception as error:
        return error
    return wish.composed.data(b"".join(made))
