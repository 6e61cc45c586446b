"""nginx and Caddy as they are described, in front of the real web: who asks, how much, and no trace."""

import gzip
import re
import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from publisher.app import building
from publisher.web import make_web
from publisher.web.guard import MOST_BODY
from tests.conftest import SETTINGS
from tests.rig.certificate import make_certificate
from tests.web.browser import Answer, Browser

from .pieces import DEPLOY, PAGES, TOKEN, at_work, fitted, free_port, program, read

HOST = "news.example.org"
SECONDS = 60


@dataclass(frozen=True)
class Proxy:
    """A running proxy."""

    port: int
    folder: Path  # with all its logs
    connect: Callable[[int], HTTPConnection]

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = self.connect(self.port)
        try:
            connection.request(method, path, body, {"Host": HOST, **headers})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def told(self) -> str:
        """Return all that stands in any log."""
        return "".join(
            path.read_text(encoding="utf-8", errors="replace")
            for path in self.folder.rglob("*")
            if path.is_file() and (path.suffix == ".log" or path.name == "told")
        )


@contextmanager
def nginx(folder: Path, web_port: int, feeds: Path | None = None) -> Iterator[Proxy]:
    port, plain = free_port(), free_port()
    make_certificate(folder)
    changes = [
        ("127.0.0.1:8000", f"127.0.0.1:{web_port}"),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("/etc/letsencrypt/live/news.example.org/fullchain.pem", f"{folder}/rig.pem"),
        ("/etc/letsencrypt/live/news.example.org/privkey.pem", f"{folder}/rig.pem"),
        ("/var/log/nginx/", f"{folder}/"),
    ]
    if feeds:
        own = fitted(DEPLOY / "nginx/publisher-feeds.conf", [("/srv/news/feeds", str(feeds))])
        (folder / "publisher-feeds.conf").write_text(own)
        line = "include /etc/nginx/snippets/publisher-feeds.conf;"
        changes.append((f"# {line}", f"include {folder}/publisher-feeds.conf;"))
    (folder / "publisher.conf").write_text(fitted(DEPLOY / "nginx/publisher.conf", changes))
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}include {folder}/publisher.conf;\n}}\n"
    )
    command = [program("nginx"), "-p", folder, "-e", folder / "error.log", "-c", "nginx.conf"]
    checked = read(*command, "-t", "-q")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    context = ssl.create_default_context(cafile=folder / "rig.pem")
    with at_work(command, port, folder):
        yield Proxy(
            port, folder, lambda to: HTTPSConnection("127.0.0.1", to, context=context, timeout=60)
        )


@contextmanager
def caddy(folder: Path, web_port: int) -> Iterator[Proxy]:
    port = free_port()
    changes = [
        ("127.0.0.1:8000", f"127.0.0.1:{web_port}"),
        (f"{HOST} {{", f"http://{HOST}:{port} {{"),
        ("/var/log/caddy/", f"{folder}/"),
        ("\tservers {", "\tadmin off\n\tservers {"),
    ]
    file = folder / "Caddyfile"
    file.write_text(fitted(DEPLOY / "caddy/Caddyfile", changes))
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", file]
    with at_work(command, port, folder):
        yield Proxy(port, folder, lambda to: HTTPConnection("127.0.0.1", to, timeout=60))


@pytest.fixture(params=[nginx, caddy])
def proxy(request, open_web, tmp_path) -> Iterator[Proxy]:
    """Either proxy in front of the small site."""
    folder = tmp_path / "proxy"
    folder.mkdir()
    web: Browser = open_web(*PAGES)
    with request.param(folder, web.port) as running:
        yield running


def test_a_page_a_feed_and_health_are_answered_through_it(proxy, site, open_web):
    site.item("news.en.md", "News")
    from publisher.app import open_app
    from publisher.ops import Clock
    from tests.conftest import NOW

    building.build(open_app(site.root, Clock(NOW)))
    feed = proxy.ask("GET", "/feeds/en/all.rss")
    assert (feed.status, feed.headers["content-type"][:19]) == (200, "application/rss+xml")
    again = proxy.ask("GET", "/feeds/en/all.rss", **{"If-None-Match": feed.headers["etag"]})
    assert again.status == 304
    assert proxy.ask("GET", "/healthz").text == "ok\n"
    assert "max-age" in proxy.ask("GET", "/healthz").headers["strict-transport-security"]
    assert proxy.ask("GET", "/metrics").status == 404
    assert proxy.ask("GET", "/nothing").headers["cache-control"] == "no-store"


def test_limits_count_who_asks_and_not_whom_they_claim_to_be(proxy):
    claimed = {"X-Forwarded-For": "192.0.2.7", "Forwarded": "for=192.0.2.8"}
    answer = proxy.ask("GET", "/asker", **claimed)
    assert answer.text == "127.0.0.1"  # this test, which to the proxy is the client


def test_a_form_that_is_too_large_gets_our_page_and_one_far_too_large_none(proxy):
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert proxy.ask("POST", "/whole", b"a=" + b"b" * 1000, **kind).status == 200
    refused = proxy.ask("POST", "/whole", b"a=" + b"b" * MOST_BODY, **kind)
    assert refused.status == 413
    assert "content-security-policy" in refused.headers
    assert proxy.ask("POST", "/whole", b"a=" + b"b" * 4 * MOST_BODY, **kind).status in (400, 413)


@pytest.mark.parametrize("name", ["u", "confirm", "preferences", "proof"])
def test_no_log_has_a_token_a_query_or_an_address(proxy, name):
    for path in (f"/{name}/{TOKEN}", f"/news/{name}/{TOKEN}?a={TOKEN}", f"/archive?q={TOKEN}"):
        proxy.ask("GET", path, Referer=f"https://{HOST}/{name}/{TOKEN}", Cookie=f"c={TOKEN}")
    found = _logged(proxy, "/archive")
    assert f"/{name}/-" in found
    assert TOKEN not in found
    assert "127.0.0.1" not in found.replace("127.0.0.1:", "")


@pytest.mark.parametrize("kind", [nginx, caddy])
def test_no_log_has_a_token_when_publisher_is_down(kind, tmp_path):
    with kind(tmp_path, free_port()) as proxy:
        assert proxy.ask("GET", f"/u/{TOKEN}?a={TOKEN}").status == 502
        assert proxy.ask("POST", f"/u/{TOKEN}", b"a=" + b"b" * 8 * MOST_BODY).status >= 400
        found = _logged(proxy, "/u/-")
    assert TOKEN not in found


def _logged(proxy: Proxy, word: str) -> str:
    """Wait until a log has a word, and return all logs."""
    import time

    until = time.monotonic() + SECONDS
    while word not in proxy.told():
        assert time.monotonic() < until, proxy.told()
        time.sleep(0.02)
    return proxy.told()


def test_every_route_with_a_token_is_masked_by_both(site):
    from publisher.app import open_app
    from publisher.ops import Clock

    table = (*make_web(open_app(site.root, Clock())).table, *PAGES)
    nginx_masks = re.search(r"\((u\|[a-z|]+)\)", (DEPLOY / "nginx/publisher.conf").read_text())
    caddy_masks = re.search(r"\((u\|[a-z|]+)\)", (DEPLOY / "caddy/Caddyfile").read_text())
    assert nginx_masks
    assert caddy_masks
    assert nginx_masks[1] == caddy_masks[1]
    masked = set(nginx_masks[1].split("|"))
    for page in table:
        if "{token}" in page.path:
            assert page.path.split("/")[1] in masked, page.path


def test_nginx_hands_out_feeds_from_the_folder_and_leaves_the_rest_to_publisher(
    open_web, site, tmp_path
):
    feeds = site.root / "feeds"
    for path in ("en/all.rss", "all.json", "manifest.json", "files/a.css", ".next/all.rss"):
        site.write(f"feeds/{path}", f"{path} " * 300)
    twin = gzip.compress((feeds / "en/all.rss").read_bytes(), 1)
    site.write("feeds/en/all.rss.gz", twin)
    site.write("secret.rss", "secret")
    site.configure(SETTINGS.replace("[feeds]\n", '[feeds]\nretired = ["fr"]\n'))
    (feeds / "out.rss").symlink_to(site.root / "secret.rss")
    folder = tmp_path / "proxy"
    folder.mkdir()
    with nginx(folder, open_web(*PAGES).port, feeds) as proxy:
        feed = proxy.ask("GET", "/feeds/en/all.rss", **{"Accept-Encoding": "gzip"})
        assert feed.headers["content-encoding"] == "gzip"
        assert feed.body == twin
        assert "Accept-Encoding" in feed.headers["vary"]
        other = proxy.ask("GET", "/feeds/all.json", **{"Accept-Encoding": "gzip"})
        assert other.headers["content-encoding"] == "gzip"
        assert feed.headers["content-type"] == "application/rss+xml; charset=utf-8"
        assert feed.headers["access-control-allow-origin"] == "*"
        assert "max-age=300" in feed.headers["cache-control"]
        assert "link" not in feed.headers  # which publisher would have sent
        for path in ("/feeds/manifest.json", "/feeds/files/a.css"):
            assert "content-security-policy" in proxy.ask("GET", path).headers
        for path in ("/feeds/.next/all.rss", "/feeds/../secret.rss", "/feeds/%2e%2e/secret.rss"):
            assert proxy.ask("GET", path).status == 404
        assert proxy.ask("GET", "/feeds/fr/all.rss").status == 410
        assert proxy.ask("GET", "/feeds/en/nothing.rss").status == 404
        assert proxy.ask("GET", "/feeds/out.rss").status in (403, 404)
        assert b"secret" not in proxy.ask("GET", "/feeds/out.rss").body
    shutil.rmtree(folder)


def test_caddy_finds_nothing_wrong_with_the_whole_file(tmp_path):
    text = fitted(DEPLOY / "caddy/Caddyfile", [("/var/log/caddy/", f"{tmp_path}/")])
    (tmp_path / "Caddyfile").write_text(text)
    done = read(
        program("caddy"), "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"
    )
    assert done.returncode == 0, done.stderr
    formatted = read(program("caddy"), "fmt", "--diff", DEPLOY / "caddy/Caddyfile")
    assert formatted.returncode == 0
