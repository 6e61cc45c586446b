"""Compressed copies beside the files of feeds/: there, right, and never of other bytes."""

import gzip
import json
import os
import shutil
import threading
from datetime import timedelta

import brotli
import pytest

from publisher.content import scan
from publisher.feeds import is_current, twin_problems
from publisher.feeds.twins import LEAST

from .shelf import configure

UNPACK = {".gz": gzip.decompress, ".br": brotli.decompress}
WORDS = "Words that go on and on. " * 40


@pytest.fixture
def packed(built):
    """A site with items in two languages and an event of its own file, built."""
    built.item("a.en.md", "A", body=WORDS)
    built.item("b.ar.md", "ب", body="كلمات " * 200, kind="article")
    built.item(
        "e.en.md", "E", kind="event", event='{start: "2026-05-01"}', summary=f'"{WORDS[:700]}"'
    )
    built.build()
    return built


def twins(built) -> set[str]:
    return {path for path in built.everything() if path.endswith((".gz", ".br"))}


def texts(built) -> set[str]:
    return {path for path in built.everything() if not path.startswith("files/")} - twins(built)


def stamps(built) -> dict[str, int]:
    return {path: moment for path, (_, moment) in built.everything().items()}


def mend(built):
    built.item("b.ar.md", "ب", body="كلمات أخرى " * 200, kind="article")
    return built.build()


def test_each_text_has_two_twins_of_the_very_same_bytes(packed):
    large = {path for path in texts(packed) if len(packed.read(path)) >= LEAST}
    assert {"en/all.rss", "manifest.json", "en/index.html", "en/events/e.ics"} <= large
    assert twins(packed) == {path + suffix for path in large for suffix in UNPACK}
    for path in large:
        for suffix, unpack in UNPACK.items():
            assert unpack(packed.read(path + suffix)) == packed.read(path)


def test_a_file_that_fills_no_packet_has_none(built):
    built.item("e.en.md", "E", kind="event", event='{start: "2026-05-01"}', summary="Short.")
    built.build()
    assert len(built.read("en/events/e.ics")) < LEAST
    assert not {path for path in twins(built) if path.startswith("en/events/")}


def test_downloads_have_none(built):
    built.write("content/a.csv", "a,b\n" * 1000)
    built.item("a.en.md", "A", downloads="[a.csv]")
    built.build()
    names = [path for path in built.everything() if path.startswith("files/")]
    assert [name.rpartition("/")[2] for name in names] == ["a.csv"]


def test_gzip_tells_neither_a_time_nor_a_name(packed):
    head = packed.read("en/all.rss.gz")[:10]
    assert (head[3], head[4:8]) == (0, b"\0\0\0\0")


def test_two_builds_from_nothing_make_the_same_twins(packed):
    before = {path: data for path, (data, _) in packed.everything().items()}
    for name in ("feeds", "var"):
        shutil.rmtree(packed.site.root / name)
    packed.build()
    assert {path: data for path, (data, _) in packed.everything().items()} == before


def test_a_twin_has_the_time_stamp_of_its_file(packed):
    mend(packed)
    found = stamps(packed)
    assert all(found[twin] == found[twin[:-3]] for twin in twins(packed))


def test_the_twins_of_an_unchanged_file_are_not_touched(packed):
    before = stamps(packed)
    report = mend(packed)
    after = stamps(packed)
    new = {path for path in after if after[path] != before[path]}
    assert "ar/all.rss.br" in new
    assert "en/all.rss.gz" not in new
    assert {path.removesuffix(".gz").removesuffix(".br") for path in new} == set(report.changed)


def test_neither_the_manifest_nor_the_report_counts_twins(packed):
    assert not [row for row in packed.json("manifest.json")["feeds"] if row["path"][-3:] in UNPACK]
    report = mend(packed)
    assert not [path for path in report.changed if path[-3:] in UNPACK]
    assert len(report.changed) + report.unchanged == len(texts(packed))
    assert report.twins == 0


def spoil(path):
    path.write_bytes(b"graffiti")


def replace_by_another(path):
    """Put a whole copy of something else there, as large and as old as the right one."""
    left, size = path.stat().st_mtime_ns, path.stat().st_size
    other = gzip.compress(b"other").ljust(size, b"\0")
    path.write_bytes(other)
    os.utime(path, ns=(left, left))


@pytest.mark.parametrize("harm", [os.unlink, spoil])
@pytest.mark.parametrize("path", ["en/all.rss", "manifest.json", "index.html", "en/events/e.ics"])
def test_a_twin_that_was_deleted_or_changed_is_made_again(packed, path, harm):
    before = packed.everything()
    harm(packed.feeds / f"{path}.gz")
    settings = packed.site.settings
    assert not is_current(settings, scan(settings).stamp, packed.now)
    report = packed.build()
    assert (report.changed, report.removed, report.twins) == ((), (), 1)
    assert packed.everything() == before
    assert is_current(settings, scan(settings).stamp, packed.now)


def test_without_its_memory_a_build_trusts_no_twin(packed):
    before = packed.everything()
    replace_by_another(packed.feeds / "en/all.rss.gz")
    shutil.rmtree(packed.site.root / "var")
    assert packed.build().twins == 1
    assert packed.everything() == before


def test_a_site_built_before_there_were_twins_gets_them(packed):
    before = packed.everything()
    for path in twins(packed):
        (packed.feeds / path).unlink()
    place = packed.site.root / "var/feeds-memory.json"
    stored = json.loads(place.read_bytes())
    memory = stored["memory"]
    for path in [path for path in memory["outputs"] if path[-3:] in UNPACK]:
        del memory["outputs"][path]
    memory["prints"] = {path: f"older {told}" for path, told in memory["prints"].items()}
    place.write_text(json.dumps(stored))
    (packed.site.root / "var/feeds-now.json").unlink()
    report = packed.build()
    assert report.changed == ()
    assert report.twins == len([path for path in before if path[-3:] in UNPACK])
    assert packed.everything() == before


@pytest.mark.parametrize("has_memory", [True, False])
def test_without_precompress_there_are_none_and_those_of_before_go(packed, has_memory):
    with_twins, before = packed.everything(), texts(packed)
    toml = (packed.site.root / "publisher.toml").read_text(encoding="utf-8")
    configure(packed.site, precompress=False)
    if not has_memory:
        shutil.rmtree(packed.site.root / "var")
    report = packed.build()
    assert (twins(packed), texts(packed)) == (set(), before)
    assert (report.changed, report.removed) == ((), ())
    assert packed.build().twins == 0
    packed.site.configure(toml)
    packed.build()
    assert packed.everything() == with_twins


def test_twins_go_with_their_file(packed):
    own = {f"en/events/e.ics{suffix}" for suffix in ("", *UNPACK)}
    assert own <= packed.everything().keys()
    (packed.site.root / "content/e.en.md").unlink()
    assert packed.build().removed == ("en/events/e.ics",)
    assert not own & packed.everything().keys()
    assert not (packed.feeds / "en/events").exists()


def test_twins_go_when_their_file_gets_too_small(packed):
    packed.item("e.en.md", "E", kind="event", event='{start: "2026-05-01"}', summary="Short.")
    assert "en/events/e.ics" in packed.build().changed
    assert not {path for path in twins(packed) if path.startswith("en/events/")}
    assert packed.build(now=packed.now + timedelta(hours=1)).twins == 0


def test_a_build_that_fails_half_way_leaves_no_thread_behind(packed):
    before, threads = packed.everything(), threading.active_count()
    packed.item("b.ar.md", "ب", body="كلمات أخرى " * 200, kind="article")

    def fail(done, total):
        if done == total:
            raise EOFError("whoever looked on has gone")

    with pytest.raises(EOFError):
        packed.build(on_progress=fail)
    assert threading.active_count() == threads
    packed.build()
    assert packed.everything() != before


def test_a_whole_set_of_twins_has_no_problem(packed):
    packed.write("feeds/backup.tar.gz", "of somebody else")
    packed.write("feeds/files/0123456789abcdef/a.rss.gz", "an author's")
    assert list(twin_problems(packed.feeds)) == []


@pytest.mark.parametrize(
    ("path", "data", "wrong", "to_do"),
    [
        ("en/all.rss.gz", gzip.compress(b"old", mtime=0), "it is no copy of all.rss", "run"),
        ("en/all.rss.br", brotli.compress(b"old"), "it is no copy of all.rss", "run"),
        ("en/all.rss.br", b"graffiti", "it cannot be unpacked", "run"),
        ("en/old.rss.gz", gzip.compress(b"old", mtime=0), "there is no old.rss", "delete it"),
    ],
)
def test_a_twin_of_other_bytes_is_a_problem(packed, path, data, wrong, to_do):
    (packed.feeds / path).write_bytes(data)
    (problem,) = twin_problems(packed.feeds)
    assert problem.path == f"feeds/{path}"
    assert problem.message.startswith(wrong)
    assert problem.hint.startswith(to_do)
