"""Start the program's commands, each in a process of its own that can be ended at any moment.

The processes are forked from one that has imported everything once: a kill in mid-send needs some
hundred starts, and a Python that starts from nothing takes most of a second. Tests of other rooms
that end processes at one point after another start theirs here too.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

KILLED = -signal.SIGKILL
_LOOK_SECONDS = 0.02
STILL_RUNNING = 1000  # no exit code
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.rig.warm"])


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str
    peak: int  # the most memory it was seen to hold, in KiB


class Running:
    """A command under way."""

    def __init__(self, process: ForkServerProcess, said: Path) -> None:
        self._process, self._said, self._peak = process, said, 0

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def signal(self, number: int) -> None:
        """Send a signal; a process that has ended meanwhile is left in peace."""
        if self.is_alive:
            os.kill(self.pid, number)

    def kill(self) -> Ended:
        self.signal(signal.SIGKILL)
        return self.wait()

    def said(self) -> str:
        """What it wrote to standard error so far."""
        return self._said.with_suffix(".err").read_text(errors="replace")

    def look(self) -> None:
        """Note the most memory it has held so far."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self._peak = int(line.split()[1])

    def wait(self, seconds: float = 120.0) -> Ended:
        """Wait for its end; STILL_RUNNING is the code of one that did not, and was killed."""
        end = time.monotonic() + seconds
        while self._process.exitcode is None and time.monotonic() < end:
            self.look()
            self._process.join(_LOOK_SECONDS)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            self._process.join()
            code = STILL_RUNNING
        out, err = (self._said.with_suffix(suffix) for suffix in (".out", ".err"))
        said = [path.read_text(errors="replace") for path in (out, err)]
        return Ended(code, said[0], said[1], self._peak)


def launch(
    words: Sequence[str],
    said: Path,
    environ: Mapping[str, str],
    *,
    most_bytes: int = 0,
) -> Running:
    """Start `publisher <words>`; its output goes to files beside `said`.

    most_bytes  how large it may make a file; 0 is no limit
    """
    for suffix in (".out", ".err"):
        said.with_suffix(suffix).touch()
    given = (list(words), str(said), dict(environ), most_bytes)
    process = _CONTEXT.Process(target=_run, args=given, daemon=True)
    process.start()
    return Running(process, said)


def exit_codes(work: Callable[..., object], *given: object, how_many: int = 1) -> list[int | None]:
    """Do a piece of work in so many processes at once; return how each ended.

    work  a function of a module that is quickly imported; what it is given must be picklable
    """
    processes = [_CONTEXT.Process(target=work, args=given, daemon=True) for _ in range(how_many)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    return [process.exitcode for process in processes]


def _run(words: list[str], said: str, environ: dict[str, str], most_bytes: int) -> None:
    for number, suffix in ((1, ".out"), (2, ".err")):
        handle = os.open(said + suffix, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(handle, number)
        os.close(handle)
    os.environ.update({"PUBLISHER_TESTING": "1", **environ})
    if most_bytes:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    from publisher.cli.main import run

    code = run(words)
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)
