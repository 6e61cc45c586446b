"""Run a program and say how long it took and how much memory it and its children held."""

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
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


def high_water(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, int, str]:
    """Return seconds, peak memory in MiB and words of a long process; ends everything on failure.

    The peak is what the kernel noted of this one process, looked at twice a second (Linux).
    """
    began, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, **environ}
        )
        while process.poll() is None:
            peak = max(peak, _noted(process.pid))
            time.sleep(0.5)
        taken = time.perf_counter() - began
        said.seek(0)
        words = said.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{words}")
    return taken, peak // 1024, words


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used so far, by itself and for it (Linux)."""
    # The name before it may hold spaces and brackets.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sync_seconds(folder: Path, count: int = 300) -> float:
    """Return the median time in which the folder's disk makes a write of 4 KiB durable."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(count):
            began = time.perf_counter()
            os.write(file.fileno(), bytes(4096))
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _noted(pid: int) -> int:
    """Return the greatest memory a process ever held, in KiB; 0 when it has just ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


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
