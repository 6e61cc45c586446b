"""Claim: 300 people a second sign up, each durably; and no answer tells who is known.

`publisher serve` in a process of its own, SQLite with full sync, limits per network as always and
no limit for everybody together. wrk posts the form behind a trusted proxy: each time another address
from another network. Afterwards every answer must have its row. Then new, active and suppressed
addresses take turns over one connection, at the form for a fresh link and at that of the sign-up:
equal bytes, and medians within 5 ms of each other.

    python -m bench.signup [--seconds 10] [--connections 16] [--turns 200] [--folder DIR]

Needs wrk. Prints processor seconds too, which others at work change less.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import func, select

from bench.measure import processor_seconds, sync_seconds
from publisher.app import App, open_app
from publisher.ops import Clock
from publisher.store import read, tables, upgrade, write
from publisher.subscribers import Person, add, suppress

A_SECOND = 300
APART = 0.005  # seconds between the medians
PORT = 18083
KINDS = ("new", "active", "suppressed")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

_SETTINGS = f"""
[site]
url = "https://example.org"
name = {{ en = "Example", ar = "مثال" }}
languages = ["en", "ar", "fr"]
[feeds]
id_authority = "example.org,2026"
[digests.weekly]
every = "week"
at = "Tue 07:00"
[sender]
address = "news@example.org"
postal_address = "1 Example Street"
[web]
port = {PORT}
signups_per_hour = 0
"""
# As many networks as people, none of them twice in an hour.
_POSTS = """
local number = 0
request = function()
  number = number + 1
  local network = string.format("20.%d.%d.%d", math.floor(number / 65536) % 256,
    math.floor(number / 256) % 256, number % 256)
  local body = string.format("email=reader.%d%%40example%d.org&name=Ann+Reader&language=en"
    .. "&digest=weekly&time_zone=Europe%%2FLondon", number, number % 5000)
  return wrk.format("POST", "/subscribe", {
    ["Content-Type"] = "application/x-www-form-urlencoded", ["X-Forwarded-For"] = network}, body)
end
response = function(status) if status ~= 200 then print("status", status) end end
done = function(summary)
  print("answers", summary.requests, summary.duration / 1000000)
end
"""


def main() -> int:
    """Measure, print, and return 1 when a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="where to work; which disk matters")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        print("signup      not measured: wrk is not installed")
        return 0
    with tempfile.TemporaryDirectory(prefix="publisher-bench-", dir=options.folder) as name:
        root = Path(name)
        print(f"signup      a write is durable after {sync_seconds(root) * 1000:.2f} ms")
        with site(root) as app, serving(root) as pid:
            rate = _many(app, pid, options.seconds, options.connections)
            _prepare(app, options.turns)
            apart = [_each_kind(path, options.turns) for path in ("/preferences", "/subscribe")]
    return 0 if rate >= A_SECOND and max(apart) <= APART else 1


@contextmanager
def site(root: Path) -> Iterator[App]:
    """Make a site without a reader, open for a block."""
    (root / "content").mkdir()
    (root / "publisher.toml").write_text(_SETTINGS, encoding="utf-8")
    app = open_app(root, Clock())
    upgrade(app.engine)
    try:
        yield app
    finally:
        app.close()


@contextmanager
def serving(root: Path) -> Iterator[int]:
    """Serve a site for a block in a process of its own, and yield that one's id."""
    command = [sys.executable, "-m", "publisher", "--site", str(root), "serve", "--log", "json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_web()
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _many(app: App, pid: int, seconds: int, connections: int) -> float:
    """Sign up as many as can be; return how many a second."""
    script = app.settings.root / "posts.lua"
    script.write_text(_POSTS)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
    before = processor_seconds(pid)
    told = subprocess.run(
        [*command, f"http://127.0.0.1:{PORT}"], check=True, capture_output=True, text=True
    ).stdout
    used = processor_seconds(pid) - before
    line = next(line.split() for line in told.splitlines() if line.startswith("answers"))
    answers, took = int(line[1]), float(line[2])
    kept = _rows(app)
    if "status" in told or not answers <= kept <= answers + connections:
        raise SystemExit(f"{answers} answers and {kept} rows; wrk said:\n{told}")
    print(
        f"signup      {answers / took:,.0f}/s (to reach: {A_SECOND}), {used / answers * 1000:.2f} ms "
        f"of processor time each: {answers / used:,.0f} a processor second"
    )
    return answers / took


def _rows(app: App) -> int:
    with read(app.engine) as conn:
        counted = select(func.count()).select_from(tables.subscribers)
        return int(conn.execute(counted).scalar_one())


def _each_kind(path: str, turns: int) -> float:
    """Send a form for people of each kind in turn; return how far apart the medians are."""
    taken, answers = defaultdict[str, list[float]](list), set[tuple[int, bytes]]()
    connection = HTTPConnection("127.0.0.1", PORT, timeout=30)
    networks = (f"{len(path)}.0.{number // 250}.{number % 250}" for number in count())
    for number in range(turns):
        for kind in KINDS:
            body = urlencode({"email": _address(kind, number)})
            headers = FORM | {"X-Forwarded-For": next(networks)}
            began = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answers.add((answer.status, answer.read()))
            taken[kind].append(time.perf_counter() - began)
    connection.close()
    if len(answers) != 1 or next(iter(answers))[0] != 200:
        raise SystemExit(f"the answers differ: {answers}")
    medians = {kind: statistics.median(taken[kind]) for kind in KINDS}
    apart = max(medians.values()) - min(medians.values())
    each = ", ".join(f"{kind} {medians[kind] * 1000:.2f} ms" for kind in KINDS)
    print(
        f"signup      {path}: {each}; {apart * 1000:.2f} ms apart (to reach: {APART * 1000:g}), equal bytes"
    )
    return apart


def _prepare(app: App, turns: int) -> None:
    now = app.now()
    with write(app.engine) as conn:
        for number in range(turns):
            person = Person(_address("active", number))
            add(conn, app.settings, app.keys, person, now, "I agree")
            suppress(conn, app.keys, _address("suppressed", number), now)


def _address(kind: str, number: int) -> str:
    return f"{kind}.{number:06}@kinds.example.org"


def _wait_for_web() -> None:
    for _ in range(300):
        try:
            connection = HTTPConnection("127.0.0.1", PORT, timeout=10)
            connection.request("GET", "/subscribe")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise SystemExit(f"nothing serves on port {PORT}")


if __name__ == "__main__":
    sys.exit(main())
