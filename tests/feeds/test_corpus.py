"""Feeds of content that means harm: nothing of it reaches a reader, and all else is published."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree, html

from . import calendar_reader

GOOD = 20
BAD_TAGS = {"script", "iframe", "object", "embed", "form", "input", "meta", "base", "style"}
BAD_TAGS |= {"link", "svg", "math", "noscript", "button", "textarea", "select", "body", "html"}
BUILD = """
import sys
from datetime import datetime
from pathlib import Path
from publisher.content import open_library
from publisher.feeds import build
from publisher.settings import load
now = datetime.fromisoformat(sys.argv[2])
library = open_library(load(Path(sys.argv[1]), {}), now=now)
build(library, now=now)
# Not rusage: a child begins with the peak of the process that it was forked from.
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


@pytest.fixture(scope="module")
def hostile(corpus, tmp_path_factory):
    """A site with every hostile file and twenty good items, built in a process of its own."""
    root = tmp_path_factory.mktemp("hostile")
    for path in (corpus / "content").iterdir():
        if path.is_dir():
            shutil.copytree(path, root / "content" / path.name)
        elif path.suffix == ".md":
            (root / "content").mkdir(exist_ok=True)
            shutil.copy(path, root / "content" / path.name)
        else:
            set_up(root, json.loads(path.read_bytes())["setup"])
    for n in range(GOOD):
        text = (
            f"---\ntitle: Good {n}\ndate: 2026-01-{n + 1:02}T10:00:00Z\nlang: en\n---\nGood text."
        )
        (root / f"content/good-{n}.md").write_text(text, encoding="utf-8")
    (root / "publisher.toml").write_text(
        '[site]\nname = "Example"\nurl = "https://example.org"\nlanguages = ["en", "ar", "no"]\n'
        '[feeds]\nid_authority = "example.org,2026"\nitems = 200\n'
        '[sender]\naddress = "news@example.org"\n',
        encoding="utf-8",
    )
    command = [sys.executable, "-c", BUILD, root, "2026-03-02T12:00:00+00:00"]
    built = subprocess.run(command, check=True, timeout=30, capture_output=True, text=True)
    (root / "peak").write_text(built.stdout)
    return root


def set_up(root: Path, steps: list[dict]) -> None:
    for step in steps:
        name = step.get("file") or step.get("symlink")
        path = root / (name or os.fsdecode(bytes.fromhex(step["file_bytes_hex"])))
        path.parent.mkdir(parents=True, exist_ok=True)
        if "symlink" in step:
            path.symlink_to(step["to"])
            continue
        text = step.get("between", ["---\ntitle: Odd\ndate: 2026-01-05\nlang: en\n---\nText.\n"])[0]
        path.write_text(text, encoding="utf-8")


def feeds_of(root: Path, format_: str) -> list[Path]:
    found = sorted((root / "feeds").rglob(f"*.{format_}"))
    return [path for path in found if path.name != "manifest.json"]


def markup_of(root: Path):
    """Yield every piece of HTML that any feed holds."""
    for path in feeds_of(root, "json"):
        yield from (item["content_html"] for item in json.loads(path.read_bytes())["items"])
    for path in feeds_of(root, "rss"):
        for item in etree.fromstring(path.read_bytes()).iter("item"):
            yield from (node.text for node in item if node.tag.endswith(("encoded", "description")))
            yield item.findtext("title")
    for path in feeds_of(root, "atom"):
        for node in etree.fromstring(path.read_bytes()).iter():
            if node.get("type") == "html" and node.text:
                yield node.text


def test_the_good_items_are_all_published(hostile):
    titles = {
        item["title"] for item in json.loads((hostile / "feeds/en/all.json").read_bytes())["items"]
    }
    assert {f"Good {n}" for n in range(GOOD)} <= titles


def test_nothing_in_any_feed_acts(hostile):
    pieces = list(markup_of(hostile))
    assert len(pieces) > 2 * GOOD
    for piece in pieces:
        for node in html.fragment_fromstring(piece, create_parent="div").iter():
            if not isinstance(node.tag, str):
                raise AssertionError(f"a comment in {piece!r}")
            assert node.tag not in BAD_TAGS, piece
            for name, value in node.attrib.items():
                assert not name.startswith("on"), piece
                assert not re.match(r"\s*(javascript|vbscript|data):", value, re.I), piece
                if name in ("href", "src"):
                    assert re.match(r"https?://|mailto:|tel:|#", value), piece


@pytest.mark.parametrize("format_", ["rss", "atom"])
def test_every_feed_is_strict_xml(hostile, format_):
    paths = feeds_of(hostile, format_)
    assert paths
    for path in paths:
        etree.fromstring(path.read_bytes())


def test_no_feed_says_a_year_yet_to_come(hostile):
    for path in (*feeds_of(hostile, "rss"), *feeds_of(hostile, "atom"), *feeds_of(hostile, "json")):
        assert not re.search(rb"(9999|2[1-9]\d\d)-\d\d-\d\dT|\w{3} 9999 ", path.read_bytes())


def test_nothing_is_written_outside_the_feeds_and_no_foreign_file_inside(hostile):
    assert {path.name for path in hostile.iterdir()} <= {
        "content",
        "feeds",
        "var",
        "peak",
        "publisher.toml",
    }
    everything = b"".join(p.read_bytes() for p in (hostile / "feeds").rglob("*") if p.is_file())
    assert b"root:x:0" not in everything


def test_a_flood_of_categories_makes_no_flood_of_feeds(hostile):
    assert len(feeds_of(hostile, "rss")) < 30


def test_it_all_took_little_memory(hostile):
    assert int((hostile / "peak").read_text()) < 500_000  # kB


def test_every_calendar_is_strict_and_none_holds_what_was_smuggled(hostile):
    for path in (hostile / "feeds").rglob("*.ics"):
        calendar_reader.read(path.read_bytes())
        assert b"BEGIN:VALARM" not in path.read_bytes()


def test_a_place_that_holds_lines_of_a_calendar_stays_one_line_of_text(corpus, built):
    text = (corpus / "content/event-ics-injection.md").read_text(encoding="utf-8")
    assert "BEGIN:VALARM" in text
    mended = text.replace("event_end: 2026-04-01", "kind: event\nevent_end: 2026-05-02")
    built.write("content/hostile.en.md", mended)
    built.build()
    (event,) = calendar_reader.events_of(calendar_reader.read(built.read("en/events.ics")))
    assert event.text("LOCATION") == (
        "Hall BEGIN:VALARM ATTACH:http://evil.test END:VALARM; <b>x</b>"
    )
