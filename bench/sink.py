"""Postfix's two test programs: smtp-sink takes mail and throws it away, smtp-source makes some.

Neither reads a Postfix configuration or needs a running Postfix. How long a client was at work is
seen from outside, in the same way for every client: from the moment the sink has a connection open
to the moment it has none.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATH = os.environ.get("PATH", "") + ":/usr/sbin"  # where Debian puts them, out of users' PATH
_BACKLOG = "1024"
_LOOK_SECONDS = 0.005
_SOURCE_HEADERS = 120  # bytes that smtp-source adds to the length it is told
_ENVELOPE = re.compile(rb"\A(?:(?:X-[^\n]*|Received: from [^\n]*)\n(?:[ \t][^\n]*\n)*)+")


@dataclass(frozen=True, slots=True)
class Done:
    """A client that has ended well."""

    seconds: float  # from its first connection to its last one's end
    said: str


class Sink:
    """A running smtp-sink."""

    def __init__(self, port: int, pid: int, dump: Path | None) -> None:
        self.port, self._dump = port, dump
        self._files = Path(f"/proc/{pid}/fd")
        self._idle = self._open_files()

    def serve(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> Done:
        """Run a client to its end; ends everything when it fails.

        environ  added to this process's own
        """
        client = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(environ or {})},
        )
        first = last = 0.0
        while client.poll() is None or self._is_busy():
            if self._is_busy():
                last = time.perf_counter()
                first = first or last
            time.sleep(_LOOK_SECONDS)
        said = client.stdout.read() if client.stdout else ""
        if client.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {client.returncode}:\n{said}")
        return Done(last - first, said)

    def messages(self) -> list[bytes]:
        """Return what it took, as it stood on the wire; for a sink that keeps messages."""
        files = sorted(self._dump.iterdir()) if self._dump else []
        return [_ENVELOPE.sub(b"", file.read_bytes()).replace(b"\n", b"\r\n") for file in files]

    def _is_busy(self) -> bool:
        return self._open_files() > self._idle

    def _open_files(self) -> int:
        return sum(1 for _ in self._files.iterdir())


@contextmanager
def sink(dump: Path | None = None) -> Iterator[Sink]:
    """Start a sink on a free port of loopback.

    dump  an empty folder to keep messages in, which takes time; else they are thrown away
    """
    port = _free_port()
    keep = ["-d", f"{dump}/%M."] if dump else []
    user = ["-u", "root"] if os.geteuid() == 0 else []  # root has to say whom it shall run as
    process = subprocess.Popen([program("smtp-sink"), *user, *keep, f"127.0.0.1:{port}", _BACKLOG])
    try:
        _wait_for(port, process)
        yield Sink(port, process.pid, dump)
    finally:
        process.terminate()
        process.wait()


def source(port: int, count: int, size: int) -> list[str]:
    """Return the command that sends so many messages of so many bytes over 20 connections."""
    length = str(size - _SOURCE_HEADERS)
    return [
        *(program("smtp-source"), "-d", "-s", "20", "-m", str(count), "-l", length),
        f"127.0.0.1:{port}",
    ]


def program(name: str) -> str:
    """Return where a program of Postfix is; ends everything when it is missing."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise SystemExit(
            f"{name} is missing; it comes with Postfix (Debian: apt-get install postfix)"
        )
    return found


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as greeted:
                greeted.recv(100)
        except OSError:
            time.sleep(0.02)
        else:
            time.sleep(0.1)  # until it has closed its side
            return
    raise SystemExit("smtp-sink does not answer")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
