"""A build killed at any moment, a reader that polls meanwhile, two builds at once."""

import gzip
import shutil
import threading
from pathlib import Path

import brotli
import feedparser
import pytest
from lxml import etree

from publisher.feeds import recover
from tests.feeds.killed import build_feeds
from tests.rig.launch import exit_codes

MOST_POINTS = 200


def run(root: Path, now, crash_at: int = 0) -> int | None:
    return exit_codes(build_feeds, root, now, crash_at)[0]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
def test_a_build_killed_at_any_point_leaves_the_old_set_or_the_new(built, tmp_path):
    built.write("content/a.pdf", b"%PDF")
    built.item("a.en.md", "A")
    built.item("e.en.md", "E", kind="event", event='{start: "2026-05-01"}')
    built.item("f.en.md", "F", kind="event", event='{start: "2026-05-02"}')
    built.build()
    old = contents(built.feeds)
    built.item("a.en.md", "A, mended", downloads="[a.pdf]")
    built.item("e.en.md", "E", kind="event", event='{start: "2026-05-03"}')
    (built.site.root / "content/f.en.md").unlink()
    finished = tmp_path / "finished"
    shutil.copytree(built.site.root, finished)
    assert run(finished, built.now) == 0
    new = contents(finished / "feeds")
    assert new != old
    assert b"SEQUENCE:1" in new["en/events/e.ics"]
    assert "en/events/f.ics" in old.keys() - new.keys()
    points = 0
    for points in range(1, MOST_POINTS, 11):
        root = tmp_path / f"crash-{points}"
        shutil.copytree(built.site.root, root)
        code = run(root, built.now, points)
        recover(root / "feeds")
        assert contents(root / "feeds") in (old, new)
        assert run(root, built.now) == 0
        assert contents(root / "feeds") == new
        shutil.rmtree(root)
        if code == 0:
            break
        assert code == 9
    assert 20 < points < MOST_POINTS - 11


def test_a_reader_that_polls_never_sees_half_a_file(built):
    for n in range(12):
        built.item(f"i{n}.en.md", f"Item {n}", f"2026-02-{n + 1:02}T10:00:00Z")
    built.build()
    done, broken, reads = threading.Event(), [], [0]

    def poll():
        while not done.is_set():
            for name in ("all.rss", "en/all.atom"):
                try:
                    etree.fromstring((built.feeds / name).read_bytes())
                    etree.fromstring(gzip.decompress((built.feeds / f"{name}.gz").read_bytes()))
                    etree.fromstring(brotli.decompress((built.feeds / f"{name}.br").read_bytes()))
                    reads[0] += 1
                except (OSError, EOFError, brotli.error, etree.XMLSyntaxError) as error:
                    broken.append(error)

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        for n in range(12):
            built.item("i3.en.md", f"Item 3, version {n}", "2026-02-04T10:00:00Z")
            built.build()
    finally:
        done.set()
        reader.join()
    assert broken == []
    assert reads[0] > 20


def test_two_builds_at_once_give_one_whole_set(built):
    for n in range(8):
        built.item(f"i{n}.en.md", f"Item {n}", f"2026-02-{n + 1:02}T10:00:00Z")
    assert exit_codes(build_feeds, built.site.root, built.now, 0, how_many=2) == [0, 0]
    assert not (built.feeds / ".next").exists()
    before = built.everything()
    assert built.build().changed == ()
    assert built.everything() == before


def test_a_build_that_had_to_wait_does_not_bring_back_what_is_older(built):
    from publisher.content import open_library
    from publisher.feeds import build
    from publisher.feeds.stage import exclusive

    built.item("a.en.md", "A")
    old = open_library(built.site.settings, now=built.now)
    waiting = threading.Thread(target=lambda: build(old, now=built.now))
    with exclusive(built.feeds):
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        built.item("a.en.md", "A, mended")
    waiting.join()
    assert feedparser.parse(built.read("all.rss")).entries[0].title == "A, mended"
