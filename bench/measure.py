"""Run a program and say how long it took and how much memory it and its children held."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

_PAUSE = 0.01  # seconds between two looks at memory


def seconds(command: Sequence[str]) -> float:
    """Return the wall time of a whole process; ends everything when it fails."""
    began = time.perf_counter()
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    taken = time.perf_counter() - began
    if result.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{result.stdout}{result.stderr}")
    return taken


def peak(command: Sequence[str]) -> tuple[int, int]:
    """Return the peak memory in MiB of the largest process and of all together.

    The largest is what the kernel counted; the sum is the greatest seen by looking each 10 ms at
    what the processes hold, shared pages divided among them (Linux).
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    together = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal together
        while not done.is_set():
            together = max(together, sum(_held(pid) for pid in _family(process.pid)))
            time.sleep(_PAUSE)

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    done.set()
    watcher.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_maxrss // 1024, max(together, usage.ru_maxrss) // 1024


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            found += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except (OSError, ValueError):
            continue
    return found


def _held(pid: int) -> int:
    """Return the proportional memory of a process in KiB."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0
