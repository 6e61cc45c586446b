"""SMTP servers on loopback: real ones that keep what they take, and bare ones that misbehave."""

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import Engine

from publisher.store import open_engine

from .world import Sink


class _Serving:
    def __init__(self, factory, **options) -> None:
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(
            self.loop.create_server(factory, "127.0.0.1", 0, **options)
        )
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        async def end() -> None:
            self.server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture
def small_db(tmp_path: Path, sqlite_template: Path) -> Iterator[Engine]:
    """An empty SQLite database, for what has nothing to do with the kind of database."""
    shutil.copyfile(sqlite_template, tmp_path / "publisher.sqlite3")
    engine = open_engine("sqlite:///publisher.sqlite3", tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def serve() -> Iterator[Callable[..., Sink]]:
    """Start real SMTP servers; each is a Sink that keeps what it takes."""
    running = []

    def start(answer=None, *, listen=None, **options) -> Sink:
        sink = Sink() if answer is None else Sink(answer)
        server = _Serving(
            lambda: SMTP(sink, hostname="sink.test", loop=asyncio.get_running_loop(), **options),
            **(listen or {}),
        )
        running.append(server)
        sink.port = server.port
        return sink

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def scripted() -> Iterator[Callable[[dict[str, bytes]], int]]:
    """Start a bare TCP server that answers each command by its first word, with any bytes at all.

    The words are the commands', "banner", and "." for the final dot. An empty answer hangs up, one
    that ends in "!" is sent (without it) and followed by hanging up; what stands after "|" is said
    a moment later.
    """
    sockets, threads = [], []

    def start(script: dict[str, bytes]) -> int:
        usual = {b"banner": b"220 hi\r\n", b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n!"}
        answers = {**usual, **{word.encode(): reply for word, reply in script.items()}}
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)

        def run() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                with closing(client):
                    _converse(client, answers)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        threads.append(thread)
        return listening.getsockname()[1]

    yield start
    for listening in sockets:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
    for thread in threads:
        thread.join(10)


def _converse(client: socket.socket, answers: dict[bytes, bytes]) -> None:
    def say(word: bytes) -> bool:
        reply = answers.get(word, b"250 ok\r\n")
        first, _, later = reply.removesuffix(b"!").partition(b"|")
        client.sendall(first)
        if later:
            time.sleep(0.05)
            client.sendall(later)
        return bool(reply) and not reply.endswith(b"!")

    try:
        going = say(b"banner")
        lines = client.makefile("rb")
        with lines:
            is_content = False
            while going and (line := lines.readline()):
                if is_content:
                    if line != b".\r\n":
                        continue
                    is_content, word = False, b"."
                else:
                    word = line.split()[0].upper() if line.strip() else b""
                going = say(word)
                is_content = word == b"DATA" and answers[b"DATA"].startswith(b"354")
    except OSError:
        return


@pytest.fixture
def free_port() -> int:
    """A port on loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
