"""Feeds over HTTP: what readers, caches and proxies rely on."""

import gzip
import os
import re
import socket
import time
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import brotli
import pytest

from publisher.app import building
from publisher.web.shelf import LARGEST_KEPT
from tests.conftest import SETTINGS
from tests.web.browser import SECONDS
from tests.web.conftest import opened

HUB = SETTINGS.replace("[feeds]\n", '[feeds]\nhub = "https://hub.example.org/"\n')
ARABIC = "category-الوقاية"


@pytest.fixture(scope="module")
def feeds(still_site):
    """A site with two items in two languages, built, with a hub, and with traps in its feeds."""
    still_site.configure(HUB.replace("[categories.prevention]", '[categories."الوقاية"]'))
    long = "Words that go on and on. " * 100
    still_site.item("a.en.md", "A", body=long, categories='["الوقاية"]')
    still_site.item("a.ar.md", "أ", body="كلمات")
    with opened(still_site) as browser:
        building.build(browser.app)
        (still_site.root / "feeds/en/.hidden").write_text("secret")
        (still_site.root / "feeds/link.rss").symlink_to(still_site.root / "publisher.toml")
        (still_site.root / "feeds/out").symlink_to(still_site.root)
        yield browser


@pytest.fixture
def small_feeds(site, open_web):
    """A site with an item in two languages, built, for who changes something."""
    site.item("a.en.md", "A", body="Words that go on and on. " * 100)
    site.item("a.ar.md", "أ", body="كلمات")
    browser = open_web()
    building.build(browser.app)
    return browser


@pytest.fixture
def rss(feeds):
    return feeds.get("/feeds/en/all.rss")


def until(condition):
    """Wait for what is looked at anew only now and then."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_feed_is_its_file_with_all_that_caches_want(feeds, still_site, rss):
    path = still_site.root / "feeds/en/all.rss"
    assert rss.status == 200
    assert rss.body == path.read_bytes()
    headers = rss.headers
    assert headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert headers["cache-control"] == "public, max-age=300"
    assert headers["vary"] == "Accept-Encoding"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["etag"].startswith('"')
    assert int(headers["content-length"]) == len(rss.body)
    modified = parsedate_to_datetime(headers["last-modified"]).timestamp()
    assert modified == int(path.stat().st_mtime)
    assert headers["date"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("en/all.atom", "application/atom+xml; charset=utf-8"),
        ("en/all.json", "application/feed+json; charset=utf-8"),
        ("feeds.opml", "text/x-opml; charset=utf-8"),
        ("manifest.json", "application/json; charset=utf-8"),
        ("feed.css", "text/css; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("", "text/html; charset=utf-8"),
        ("ar/", "text/html; charset=utf-8"),
    ],
)
def test_each_kind_of_file_has_its_type(feeds, path, expected):
    answer = feeds.get(f"/feeds/{path}")
    assert (answer.status, answer.headers["content-type"]) == (200, expected)


def test_each_coding_has_a_tag_of_its_own(feeds, rss):
    packed = feeds.get("/feeds/en/all.rss", Accept_Encoding="gzip")
    small = feeds.get("/feeds/en/all.rss", Accept_Encoding="gzip;q=0.5, br")
    assert gzip.decompress(packed.body) == brotli.decompress(small.body) == rss.body
    assert packed.headers["content-encoding"] == "gzip"
    assert small.headers["content-encoding"] == "br"
    assert "content-encoding" not in rss.headers
    tags = {answer.headers["etag"] for answer in (rss, packed, small)}
    assert len(tags) == 3
    assert not any(tag.startswith("W/") for tag in tags)


def test_a_twin_on_the_disk_is_never_what_is_served_for_its_file(small_feeds, site):
    for suffix, pack in ((".gz", gzip.compress), (".br", brotli.compress)):
        (site.root / f"feeds/en/all.rss{suffix}").write_bytes(pack(b"of other bytes"))
    packed = small_feeds.get("/feeds/en/all.rss", Accept_Encoding="gzip")
    small = small_feeds.get("/feeds/en/all.rss", Accept_Encoding="br")
    plain = small_feeds.get("/feeds/en/all.rss")
    assert gzip.decompress(packed.body) == brotli.decompress(small.body) == plain.body


@pytest.mark.parametrize(
    ("suffix", "type_"), [(".gz", "application/gzip"), (".br", "application/octet-stream")]
)
def test_a_twin_that_is_asked_for_by_name_is_a_file_like_any_other(
    feeds, still_site, suffix, type_
):
    answer = feeds.get(f"/feeds/en/all.rss{suffix}", Accept_Encoding="gzip, br")
    assert (answer.status, answer.headers["content-type"]) == (200, type_)
    assert answer.body == (still_site.root / f"feeds/en/all.rss{suffix}").read_bytes()
    assert not {"content-encoding", "vary", "link"} & set(answer.headers.keys())
    tag = answer.headers["etag"]
    assert feeds.get(f"/feeds/en/all.rss{suffix}", If_None_Match=tag).status == 304


def test_a_packed_download_is_not_taken_for_what_is_in_it(feeds, still_site):
    still_site.write(
        "feeds/files/0123456789abcdef/page.html.gz", gzip.compress(b"<p>Words</p>" * 100)
    )
    headers = feeds.get("/feeds/files/0123456789abcdef/page.html.gz", Accept_Encoding="br").headers
    assert headers["content-type"] == "application/gzip"
    assert "content-encoding" not in headers


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "W/{} , *", "{unquoted}", "*"])
@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
def test_what_did_not_change_is_answered_304_with_its_headers(feeds, form, coding):
    whole = feeds.get("/feeds/en/all.rss", Accept_Encoding=coding)
    tag = whole.headers["etag"]
    asked = form.format(tag, unquoted=tag.strip('"'))
    answer = feeds.get("/feeds/en/all.rss", Accept_Encoding=coding, If_None_Match=asked)
    assert (answer.status, answer.body) == (304, b"")
    if "*" not in form:
        assert answer.headers["etag"] == tag
    for name in ("last-modified", "cache-control", "vary", "link", "access-control-allow-origin"):
        assert answer.headers[name] == whole.headers[name]
    assert "content-type" not in answer.headers


def test_several_lines_of_tags_are_one_list(feeds, rss):
    with socket.create_connection(("127.0.0.1", feeds.port), SECONDS) as line:
        line.sendall(
            b'GET /feeds/en/all.rss HTTP/1.1\r\nHost: x\r\nIf-None-Match: "x"\r\n'
            b"If-None-Match: " + rss.headers["etag"].encode() + b"\r\nConnection: close\r\n\r\n"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 304 ")


def test_a_date_counts_only_without_a_tag(feeds, rss):
    date = rss.headers["last-modified"]
    assert feeds.get("/feeds/en/all.rss", If_Modified_Since=date).status == 304
    answer = feeds.get("/feeds/en/all.rss", If_Modified_Since=date, If_None_Match='"other"')
    assert answer.status == 200


def test_head_is_get_without_the_body(feeds, rss):
    answer = feeds.ask("HEAD", "/feeds/en/all.rss")
    assert (answer.status, answer.body) == (200, b"")
    told = dict(rss.headers.items()) | {"date": ""}
    assert dict(answer.headers.items()) | {"date": ""} == told
    tag = {"If-None-Match": rss.headers["etag"]}
    assert feeds.ask("HEAD", "/feeds/en/all.rss", headers=tag).status == 304


def test_the_query_changes_nothing(feeds, rss):
    flood = "&".join(f"a{n}=1" for n in range(3000))
    for query in ("utm_source=x", "%00", flood):
        answer = feeds.get(f"/feeds/en/all.rss?{query}")
        assert (answer.status, answer.headers["etag"]) == (200, rss.headers["etag"])


def test_a_part_has_the_tag_of_the_file_as_it_is(feeds, rss):
    answer = feeds.get("/feeds/en/all.rss", Range="bytes=5-14", Accept_Encoding="gzip, br")
    assert (answer.status, answer.body) == (206, rss.body[5:15])
    assert answer.headers["content-range"] == f"bytes 5-14/{len(rss.body)}"
    assert answer.headers["etag"] == rss.headers["etag"]
    assert "content-encoding" not in answer.headers
    tag = rss.headers["etag"]
    assert feeds.get("/feeds/en/all.rss", Range="bytes=5-14", If_Range=tag).status == 206
    assert feeds.get("/feeds/en/all.rss", Range="bytes=5-14", If_Range='"old"').status == 200
    both = feeds.get("/feeds/en/all.rss", Range="bytes=5-14", If_None_Match=tag)
    assert both.status == 304


def test_a_part_beyond_the_end_is_416_and_several_parts_are_the_whole(feeds, rss):
    answer = feeds.get("/feeds/en/all.rss", Range="bytes=999999-")
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{len(rss.body)}")
    assert feeds.get("/feeds/en/all.rss", Range="bytes=0-0,1-1").body == rss.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_another_method_is_405_and_told_which_there_are(feeds, method):
    answer = feeds.ask(method, "/feeds/en/all.rss")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_scripts_of_other_sites_may_read_feeds(feeds):
    asked = {"Origin": "https://other.example", "Access-Control-Request-Headers": "if-none-match"}
    answer = feeds.ask("OPTIONS", "/feeds/en/all.json", headers=asked)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "If-None-Match" in answer.headers["access-control-allow-headers"]


def test_a_feed_tells_its_address_and_its_hub(feeds, rss):
    assert rss.headers["link"] == (
        '<https://hub.example.org/>; rel="hub", '
        '<https://news.example.org/feeds/en/all.rss>; rel="self"'
    )
    assert "link" not in feeds.get("/feeds/feed.css").headers


def test_an_arabic_path_is_found_raw_and_encoded(feeds):
    path = f"/feeds/en/{ARABIC}.rss"
    answer = feeds.get(quote(path))
    assert answer.status == 200
    assert quote(path) in answer.headers["link"]
    with socket.create_connection(("127.0.0.1", feeds.port), SECONDS) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "path",
    [
        "../publisher.toml",
        "%2e%2e/publisher.toml",
        "..%2fpublisher.toml",
        "en/../../publisher.toml",
        "..%5cpublisher.toml",
        "x%00.xml",
        "/etc/passwd",
        "%c0%ae%c0%ae/publisher.toml",
        "....//publisher.toml",
        ".next/list.json",
        "en/.hidden",
        "en//all.rss",
        "./en/all.rss",
        "link.rss",
        "out/publisher.toml",
        "en",
        "nothing.rss",
        "a" * 5000,
    ],
)
def test_nothing_outside_and_nothing_hidden_is_served(feeds, path):
    answer = feeds.ask("GET", f"/feeds/{path}")
    assert answer.status in (400, 404) or (path, answer.status) == ("en", 308)
    assert b"id_authority" not in answer.body
    assert b"secret" not in answer.body


def test_a_build_shows_at_once_and_what_it_took_away_is_gone(site, open_web):
    site.item("a.en.md", "A")
    web = open_web()
    building.build(web.app)
    before = web.get("/feeds/en/all.rss").headers["etag"]
    site.item("b.en.md", "Brand new")
    assert building.build(web.app)
    until(lambda: b"Brand new" in web.get("/feeds/en/all.rss").body)
    assert web.get("/feeds/en/all.rss").headers["etag"] != before
    (site.root / "feeds/en/all.rss").unlink()
    until(lambda: web.get("/feeds/en/all.rss").status == 404)


def test_the_folder_s_page_has_one_address(feeds):
    assert feeds.get("/feeds").headers["location"] == "/feeds/"
    assert feeds.get("/feeds/ar").headers["location"] == "/feeds/ar/"
    assert feeds.get("/feeds/de").status == 404


def test_a_download_of_any_size_is_served_whole_and_in_parts(feeds, still_site):
    data = os.urandom(LARGEST_KEPT + 600_000)
    path = "/feeds/files/0123456789abcdef/guide.pdf"
    still_site.write(path[1:], data)
    whole = feeds.get(path)
    assert (whole.status, whole.headers["content-type"]) == (200, "application/pdf")
    assert whole.body == data
    assert "vary" not in whole.headers
    part = feeds.get(path, Range="bytes=1000000-1499999")
    assert (part.status, part.body) == (206, data[1_000_000:1_500_000])
    assert feeds.get(path, If_None_Match=whole.headers["etag"]).status == 304
    assert feeds.ask("HEAD", path).headers["content-length"] == str(len(data))


def test_a_download_that_could_run_in_our_name_is_only_saved(feeds, still_site):
    folder = "feeds/files/0123456789abcdef"
    still_site.write(f"{folder}/page.html", "<script>alert(1)</script>")
    still_site.write(f"{folder}/a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    for name in ("page.html", "a.svg"):
        headers = feeds.get(f"/feeds/files/0123456789abcdef/{name}").headers
        assert headers["content-disposition"] == "attachment"
        assert "sandbox" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.fixture
def retired(small_feeds, site, open_web):
    """The same site after it has retired its feeds in Arabic and one in English."""
    site.configure(HUB.replace("[feeds]\n", '[feeds]\nretired = ["ar", "en/news"]\n'))
    browser = open_web()
    building.build(browser.app)
    return browser


@pytest.mark.parametrize(
    "path",
    ["ar/all.rss", "ar/news.json", "ar/all.atom.gz", "ar/", "ar", "en/news.atom", "en/news.rss.br"],
)
def test_a_retired_feed_is_410_and_says_where_others_are(retired, path):
    answer = retired.get(f"/feeds/{path}")
    assert answer.status == 410
    assert b"https://news.example.org/feeds/" in answer.body
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert not {"etag", "last-modified", "link"} & set(answer.headers.keys())
    head = retired.ask("HEAD", f"/feeds/{path}")
    assert (head.status, head.body) == (410, b"")
    assert head.headers["content-length"] == answer.headers["content-length"]


def test_a_condition_does_not_hide_that_a_feed_is_retired(retired):
    assert retired.get("/feeds/ar/all.rss", If_None_Match="*").status == 410
    date = "Mon, 02 Mar 2037 12:00:00 GMT"
    assert retired.get("/feeds/ar/all.rss", If_Modified_Since=date).status == 410


def test_what_is_not_retired_is_there_and_what_never_was_is_404(retired):
    assert retired.get("/feeds/en/all.rss").status == 200
    assert retired.get("/feeds/manifest.json").status == 200
    for path in ("en/news", "en/article.rss", "en/nothing.rss", "xx/all.rss"):
        assert retired.get(f"/feeds/{path}").status == 404
    assert retired.ask("POST", "/feeds/ar/all.rss").status == 405


def test_a_feed_is_served_until_the_build_takes_it_away(small_feeds, site, open_web):
    site.configure(HUB.replace("[feeds]\n", '[feeds]\nretired = ["en/news"]\n'))
    browser = open_web()
    assert browser.get("/feeds/en/news.rss").status == 200
    building.build(browser.app)
    until(lambda: browser.get("/feeds/en/news.rss").status == 410)


def test_feeds_are_found_in_a_sub_path_too(site, open_web):
    site.configure(SETTINGS.replace("https://news.example.org", "https://example.org/news"))
    site.item("a.en.md", "A")
    browser = open_web()
    building.build(browser.app)
    assert browser.get("/news/feeds/en/all.rss").status == 200
    assert browser.get("/feeds/en/all.rss").status == 200
    assert browser.get("/news/feeds").headers["location"] == "/news/feeds/"


def test_answers_at_hand_come_in_order_and_like_all_others(feeds):
    first = feeds.get("/feeds/en/all.rss")
    lines = (
        "GET /feeds/en/all.rss HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /feeds/en/all.rss HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n"
        "GET /feeds/en/all.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", feeds.port), SECONDS) as line:
        line.sendall(lines.encode())
        answers = b""
        while data := line.recv(65536):
            answers += data
    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"200", b"200", b"304", b"200"]
    assert answers.count(first.body) == 2
    fast, slow = answers.split(first.body)[0], answers.split(first.body)[1].rpartition(b"HTTP/")[2]
    names = [{one.partition(b":")[0] for one in part.split(b"\r\n")[1:]} for part in (fast, slow)]
    assert names[1] - names[0] == {b"connection"}
