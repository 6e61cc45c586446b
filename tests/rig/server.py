"""The rig's SMTP server: a thread of its own, a port on loopback, a script and a journal."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from .conversation import Conversation
from .journal import Journal
from .script import Deed, Moment, Script, usual
from .strict import Offer


class Trap:
    """Springs at the n-th step that any conversation takes."""

    def __init__(self, steps: int) -> None:
        self._left = steps
        self.sprung = threading.Event()

    def count(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.sprung.set()


class Server:
    """A server that answers until it is closed."""

    def __init__(
        self,
        folder: Path,
        script: Script = usual,
        offer: Offer | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.script, self.offer, self.tls = script, offer or Offer(), tls
        self.journal = Journal(folder / "journal.jsonl")
        self.trap: Trap | None = None
        self._sessions = 0
        self._open: set[Conversation] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._listening = self._loop.run_until_complete(self._listen())
        self.port = self._listening.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering; what was journalled stays."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self.journal.close()

    # For conversations.

    def deed(self, moment: Moment) -> Deed | None:
        if self.trap:
            self.trap.count()
        return self.script(moment)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def forget(self, conversation: Conversation) -> None:
        self._open.discard(conversation)

    def _conversation(self) -> Conversation:
        self._sessions += 1
        made = Conversation(self, self._sessions)
        self._open.add(made)
        return made

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._conversation, "127.0.0.1", 0, backlog=128)

    async def _stop(self) -> None:
        self._listening.close()
        for task in list(self._tasks):
            task.cancel()
        for conversation in list(self._open):
            conversation.drop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.01)
