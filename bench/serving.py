"""Claim: one process serves a 60 kB feed at 0.3 of the rate of nginx, and 304 at 0.25.

python -m bench.serving [--seconds 10] [--connections 32]

Needs nginx and wrk. Each figure is of one run of wrk against one worker, nginx and ours in turn; both
serve the same file, uncompressed, over connections that stay open.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

SIZE = 60_000  # bytes of the feed
WHOLE, UNCHANGED = 0.3, 0.25  # parts of nginx's rate to reach
NGINX_PORT, OUR_PORT = 18081, 18082
PATH = "/feeds/en/all.rss"

_NGINX = """
daemon off; worker_processes 1; pid {root}/nginx.pid; error_log {root}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  open_file_cache max=100; default_type application/rss+xml;
  client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
  uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
  server {{ listen 127.0.0.1:{port}; root {root}; add_header Cache-Control "public, max-age=300"; }}
}}
"""
_SETTINGS = """
[site]
url = "https://example.org"
name = "Example"
languages = ["en"]
[feeds]
id_authority = "example.org,2026"
[sender]
address = "news@example.org"
[web]
port = {port}
"""


def main() -> int:
    """Measure in turn, print, and return 1 when a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    missing = [name for name in ("nginx", "wrk") if not shutil.which(name)]
    if missing:
        print(f"serving     not measured: {' and '.join(missing)} not installed")
        return 0
    with tempfile.TemporaryDirectory() as folder, both_serving(Path(folder)):
        whole = _measured("200", {}, options)
        tags = {port: _head(port)["etag"] for port in (NGINX_PORT, OUR_PORT)}
        unchanged = _measured("304", tags, options)
    return 0 if whole >= WHOLE and unchanged >= UNCHANGED else 1


@contextmanager
def both_serving(root: Path) -> Iterator[None]:
    """Let nginx and publisher serve one feed for a block."""
    (root / "feeds/en").mkdir(parents=True)
    (root / PATH[1:]).write_bytes((b"<item>what a reader reads</item>\n" * SIZE)[:SIZE])
    (root / "content").mkdir()
    (root / "publisher.toml").write_text(_SETTINGS.format(port=OUR_PORT))
    (root / "nginx.conf").write_text(_NGINX.format(root=root, port=NGINX_PORT))
    root.chmod(0o755)
    commands = (
        ["nginx", "-c", str(root / "nginx.conf")],
        [sys.executable, "-m", "publisher", "--site", str(root), "serve", "--log", "json"],
    )
    processes = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        for port in (NGINX_PORT, OUR_PORT):
            _wait_for(port)
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait(30)


def _measured(status: str, tags: dict[int, str], options: argparse.Namespace) -> float:
    theirs = _rate(NGINX_PORT, status, tags.get(NGINX_PORT, ""), options)
    ours = _rate(OUR_PORT, status, tags.get(OUR_PORT, ""), options)
    wanted = WHOLE if status == "200" else UNCHANGED
    print(
        f"serving     {status}: {ours:,.0f}/s, nginx {theirs:,.0f}/s, ratio {ours / theirs:.2f}"
        f"   (to reach: {wanted:g})"
    )
    return ours / theirs


def _rate(port: int, status: str, tag: str, options: argparse.Namespace) -> float:
    """Return the answers a second that wrk counts; ends everything when one is not as it should."""
    asked = ["-H", f"If-None-Match: {tag}"] if tag else []
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", *asked]
    told = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{PATH}"], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    if not found or "Non-2xx" in told:
        raise SystemExit(f"wrk said:\n{told}")
    if status != _status(port, tag):
        raise SystemExit(f"port {port} does not answer {status}")
    return float(found[1])


def _ask(port: int, tag: str = "") -> tuple[str, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", PATH, headers={"If-None-Match": tag} if tag else {})
        answer = connection.getresponse()
        answer.read()
        return str(answer.status), {name.lower(): text for name, text in answer.getheaders()}
    finally:
        connection.close()


def _status(port: int, tag: str) -> str:
    return _ask(port, tag)[0]


def _head(port: int) -> dict[str, str]:
    return _ask(port)[1]


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            if _status(port, "") == "200":
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"nothing serves on port {port}")


if __name__ == "__main__":
    sys.exit(main())
