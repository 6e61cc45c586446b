"""Every hostile or odd file of a corpus kept outside this project, and what must become of it.

The folder is named by PUBLISHER_CORPUS: a manifest.json and content/ beside it.
"""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from publisher.content import Library, open_library
from publisher.content.item import Item
from publisher.errors import ContentError, Problem

CORPUS = os.environ.get("PUBLISHER_CORPUS", "")
CASES = (
    [
        case
        for case in json.loads((Path(CORPUS) / "manifest.json").read_text())["items"]
        if case["kind"] == "content"
    ]
    if CORPUS
    else []
)
pytestmark = pytest.mark.skipif(not CORPUS, reason="PUBLISHER_CORPUS names no corpus")

GOOD = 20
LANGUAGES = 'languages = ["en", "ar", "no"]'


class Outcome:
    """What a case's files became, beside twenty good items."""

    def __init__(self, library: Library, paths: list[str], root: Path) -> None:
        self.library, self.paths, self.root = library, paths, root
        self.items = [item for item in library.items if item.path in paths]
        self.problems = [p for p in library.problems if p.path in paths]

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.is_error]

    @property
    def item(self) -> Item:
        (item,) = self.items
        return item

    def html(self) -> str:
        return self.library.body(self.item).html


def quarantined(*words: str) -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        assert outcome.items == []
        assert outcome.errors
        told = " ".join(map(str, outcome.errors))
        assert all(problem.line for problem in outcome.errors)
        assert all(word in told for word in words), told

    return check


def published(check: Callable[[Outcome], None] = lambda outcome: None) -> Callable[[Outcome], None]:
    def checked(outcome: Outcome) -> None:
        assert outcome.errors == []
        assert outcome.item.title
        body = outcome.library.body(outcome.item)
        assert body.reading_minutes >= 1
        assert len(body.html) < 1_000_000
        ElementTree.fromstring(f"<div>{body.html}</div>")
        check(outcome)

    return checked


def one_line_title(outcome: Outcome) -> None:
    assert outcome.item.title == "News Bcc: victim@example.org <h1>own body</h1>"


def clean_title(outcome: Outcome) -> None:
    assert outcome.item.title.split() == ["nul", "bel", "vt", "ffff", "fffe", "c1", "end"]
    ElementTree.fromstring(f"<t>{outcome.item.title}</t>")


def titled(title: str) -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        assert outcome.item.title == title

    return check


def empty_body(outcome: Outcome) -> None:
    body = outcome.library.body(outcome.item)
    assert (body.html, body.text, body.reading_minutes) == ("", "", 1)


def harmless(outcome: Outcome) -> None:
    tree = ElementTree.fromstring(f"<div>{outcome.html()}</div>")
    for element in tree.iter():
        assert element.tag not in {
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "meta",
            "base",
            "svg",
            "math",
            "noscript",
        }
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name != "style"
            assert not value.strip().lower().startswith(("javascript:", "data:"))
            if name in ("href", "src"):
                assert value.startswith(("http://", "https://", "mailto:", "#"))
    assert "<!--" not in outcome.html()
    assert "mso" not in outcome.html()


def unexpanded(outcome: Outcome) -> None:
    text = outcome.library.body(outcome.item).text
    assert text.startswith("Dear")
    assert "uid=" not in text
    assert "{{" not in text
    named = " ".join(map(str, outcome.library.body_problems()))
    assert "subscriber.token" in named


def each_once(outcome: Outcome) -> None:
    assert len({item.path for item in outcome.library.items}) == GOOD
    assert not [item for item in outcome.library.items if "loop" in item.path or "up/" in item.path]


def first_of_two(outcome: Outcome) -> None:
    assert outcome.item.title == "A"
    (error,) = outcome.errors
    assert "dup-slug/a.md" in str(error)
    assert "dup-slug/b.md" in str(error)
    assert error.line == 5


def in_the_gap(outcome: Outcome) -> None:
    assert outcome.item.date.isoformat() == "2026-03-29T01:30:00+00:00"


def on_the_21st(outcome: Outcome) -> None:
    assert outcome.item.date.date().isoformat() in ("2023-09-20", "2023-09-21")
    assert outcome.item.language == "ar"


def norwegian(outcome: Outcome) -> None:
    item = outcome.item
    assert (item.language, item.title, item.id) == ("no", "yes", "0123")


def stacked_marks(outcome: Outcome) -> None:
    assert outcome.item.slug == "zalgo"
    assert 0 < len(outcome.item.title) < 5_000


def minutes_counted(outcome: Outcome) -> None:
    assert outcome.library.body(outcome.item).reading_minutes == 1
    assert [p for p in outcome.problems if "reading_time" in p.message]


def arabic_event(outcome: Outcome) -> None:
    item = outcome.item
    html = outcome.html()
    assert item.language == "ar"
    assert item.is_machine_translated
    assert item.event is not None
    assert item.event.is_whole_day
    assert '<p dir="rtl">' in html
    assert 'href="https://strongcitiesnetwork.org/x?a=1&amp;b=2"' in html


def odd_names(outcome: Outcome) -> None:
    slugs = {item.path: item.slug for item in outcome.items}
    assert slugs["content/-rf.md"] == "rf"
    assert slugs["content/%00.md"] == "00"
    assert slugs["content/مؤتمر.md"] == "مؤتمر"
    assert max(map(len, slugs.values())) <= 120
    for problem in outcome.library.problems:
        assert str(problem).isprintable()
        assert str(problem).encode()
    left_out = {p.path for p in outcome.library.problems if p.is_error}
    assert left_out == {"content/new\nline.md", "content/\udcfffe.md"}


CHECKS: dict[str, Callable[[Outcome], None]] = {
    "c01": quarantined("alias"),
    "c03": quarantined("tag"),
    "c05": quarantined("title", "twice"),
    "c07": published(one_line_title),
    "c09": published(clean_title),
    "c11": quarantined("offset 81", "UTF-8"),
    "c13": published(titled("BOM ok")),
    "c15": published(titled("CR only")),
    "c17": published(empty_body),
    "c19": published(),
    "c21": published(),
    "c23": published(),
    "c25": published(harmless),
    "c27": published(harmless),
    "c29": published(harmless),
    "c31": published(harmless),
    "c33": published(unexpanded),
    "c35": quarantined("slug"),
    "c37": quarantined("passwd", "file:", "shadow", "win.ini", "evil.test"),
    "c39": each_once,
    "c41": first_of_two,
    "c43": quarantined("9999"),
    "c45": published(in_the_gap),
    "c47": published(on_the_21st),
    "c49": published(norwegian),
    "c51": quarantined("categories", "100"),
    "c53": quarantined("event.end is before event.start"),
    "c55": published(stacked_marks),
    "c57": published(minutes_counted),
    "c59": odd_names,
    "c61": quarantined("title", "5,000"),
    "c63": published(arabic_event),
    "c67": published(harmless),
}


def install(site, case: dict) -> list[str]:  # type: ignore[no-untyped-def]
    """Put a case's files into the site; return their paths."""
    source = Path(CORPUS) / case["file"]
    content = site.root / "content"
    content.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, content / source.name)
        return [f"content/{source.name}/{path.name}" for path in source.iterdir()]
    if source.suffix != ".json":
        shutil.copyfile(source, content / source.name)
        return [f"content/{source.name}"]
    paths = []
    for step in json.loads(source.read_text())["setup"]:
        if "symlink" in step:
            link = site.root / step["symlink"]
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(step["to"])
            continue
        name = step.get("file") or os.fsdecode(bytes.fromhex(step["file_bytes_hex"]))
        text = f"---\ntitle: Odd {len(paths)}\ndate: 2026-01-05\n---\nText.\n"
        (site.root / name).write_text(text)
        paths.append(name)
    return paths


def configure(site) -> None:  # type: ignore[no-untyped-def]
    written = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(written.replace('languages = ["en", "ar", "fr"]', LANGUAGES))
    for number in range(GOOD):
        site.item(f"good/item-{number}.{'ar' if number % 2 else 'en'}.md", f"Good {number}")


def good_ones(library: Library) -> list[Item]:
    return [item for item in library.items if item.title.startswith("Good ")]


@pytest.mark.parametrize(
    "case", [c for c in CASES if c["id"] != "c65"], ids=lambda case: case["id"]
)
def test_case_has_its_outcome(site, now, case):
    configure(site)
    paths = install(site, case)
    started = time.process_time()
    library = open_library(site.settings, now=now)
    outcome = Outcome(library, paths, site.root)
    CHECKS[case["id"]](outcome)
    assert time.process_time() - started < 2
    assert len(good_ones(library)) == GOOD
    assert not Path("/tmp/pwned-c03").exists()


def test_all_cases_in_one_folder_leave_the_good_items_alone(site, now):
    configure(site)
    for case in CASES:
        if case["id"] != "c65":
            install(site, case)
    library = open_library(site.settings, now=now, remember=True)
    assert len(good_ones(library)) == GOOD
    for item in library.items:
        assert library.body(item).reading_minutes >= 1
    again = open_library(site.settings, now=now)
    assert again.items == library.items
    assert again.problems == library.problems
    assert again.stamp == library.stamp
    left_out = {p.path for p in library.problems if p.is_error}
    assert len(left_out) == sum(1 for check in CHECKS.values() if is_quarantine(check)) + 3


def is_quarantine(check: Callable[[Outcome], None]) -> bool:
    return check.__qualname__.startswith("quarantined")


def test_file_that_changes_while_it_is_read_is_one_version_or_left_out(site, now):
    (case,) = [case for case in CASES if case["id"] == "c65"]
    (step,) = json.loads((Path(CORPUS) / case["file"]).read_text())["setup"]
    configure(site)
    path = site.root / step["file"]
    versions = step["between"]
    path.write_text(versions[0])
    stop = threading.Event()

    def rewrite() -> None:
        number = 0
        while not stop.wait(step["rewrite_every_ms"] / 1000):
            number += 1
            path.write_text(versions[number % 2])

    writer = threading.Thread(target=rewrite)
    writer.start()
    seen = set()
    try:
        for _ in range(60):
            library = open_library(site.settings, now=now)
            found = [item for item in library.items if item.path == step["file"]]
            if not found:
                assert [p for p in library.problems if p.path == step["file"]]
                continue
            (item,) = found
            assert ("A" in item.title) != ("B" in item.title)
            seen.add(item.title[8])
            try:
                assert library.body(item).text == "Text."
            except ContentError as error:
                assert error.problems[0].path == step["file"]  # noqa: PT017
    finally:
        stop.set()
        writer.join()
    assert seen


def test_every_content_case_of_the_manifest_is_checked():
    assert {case["id"] for case in CASES} == set(CHECKS) | {"c65"}
