"""What the tests of deploy/ share: its files fitted to this machine, and the programs that read them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse

from publisher.web.visit import Page

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TOKEN = "a-secret-token"
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # Debian keeps servers out of users' PATH

# Pages as those that open somebody's choices, and one that says whom the limits count.
PAGES = (
    Page("/asker", get=lambda visit: PlainTextResponse(visit.network)),
    Page("/whole", post=lambda visit: PlainTextResponse(visit.network)),
)


def program(name: str) -> str:
    """Return where a program is; without it the test is skipped, which CI counts as failed."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.skip(f"{name} is not installed; .ci/run installs it")
    return found


def read(*commands: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that reads configuration and says what is wrong with it."""
    return subprocess.run(commands, capture_output=True, text=True, check=False, timeout=60)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def fitted(path: Path, changes: Sequence[tuple[str, str]]) -> str:
    """Return a file of deploy/ with what differs here; each change must have something to change."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"{path.name} has no {old}"
        text = text.replace(old, new)
    return text


@contextmanager
def at_work(command: Sequence[str | Path], port: int, folder: Path) -> Iterator[None]:
    """Run a server until the end of a block; it is ready when it listens on its port."""
    told = folder / "told"
    with told.open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, "HOME": str(folder)}
        )
    try:
        until = time.monotonic() + 60
        while not _listens(port):
            assert server.poll() is None, told.read_text()
            assert time.monotonic() < until, told.read_text()
            time.sleep(0.02)
        yield
    finally:
        server.terminate()
        server.wait(60)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
