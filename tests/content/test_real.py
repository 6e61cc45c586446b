"""Real sites that nobody here wrote, read as they are.

The folder is named by PUBLISHER_REAL: opentelemetry/, rust/ and letsencrypt/, each with content/.
"""

import os
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from publisher.content import Library, open_library
from publisher.content.layout import is_item

REAL = os.environ.get("PUBLISHER_REAL", "")
SITES = {
    "opentelemetry": ("en", "es", "ja", "pt", "uk", "zh"),
    "rust": ("en",),
    "letsencrypt": ("fa", "he"),
}
SETTINGS = """\
[site]
url = "https://example.org"
name = "A site"
languages = [{languages}]
[feeds]
id_authority = "example.org,2026"
[sender]
address = "digest@example.org"
"""
HAS_TITLE = re.compile(r"^title\s*[:=]\s*\S", re.M)
HAS_DATE = re.compile(r"^date\s*[:=]\s*\S|^path = \"\d{4}/\d\d/\d\d/", re.M)
HIDDEN = re.compile(r"\{\{[<%]\s*comment\s*[>%]\}\}(.*?)\{\{[<%]\s*/comment\s*[>%]\}\}", re.S)

pytestmark = pytest.mark.skipif(not REAL, reason="PUBLISHER_REAL names no folder of real sites")


@pytest.fixture(scope="module")
def libraries(tmp_path_factory, request):
    from datetime import UTC, datetime

    from publisher.settings import load

    found = {}
    for name, languages in SITES.items():
        root = tmp_path_factory.mktemp(name)
        shutil.copytree(Path(REAL) / name / "content", root / "content")
        listed = ", ".join(f'"{tag}"' for tag in languages)
        (root / "publisher.toml").write_text(SETTINGS.format(languages=listed))
        found[name] = open_library(load(root, {}), now=datetime(2026, 12, 1, tzinfo=UTC))
    return found


def fronts(library: Library) -> dict[str, str]:
    """Return the front matter of every file that could be an item."""
    root = library.settings.root
    found = {}
    for path in sorted((root / "content").rglob("*.md")):
        name = path.relative_to(root).as_posix()
        if is_item(name):
            found[name] = re.split(
                r"^(?:---|\+\+\+)$", path.read_text(encoding="utf-8"), maxsplit=2, flags=re.M
            )[1]
    return found


@pytest.mark.parametrize("name", SITES)
def test_every_file_with_title_and_date_is_an_item(libraries, name):
    library = libraries[name]
    own = {
        path
        for path, front in fronts(library).items()
        if HAS_TITLE.search(front) and HAS_DATE.search(front)
    }
    inherited = {item.path for item in library.items} - own
    assert own <= {item.path for item in library.items}
    # Only a translation may come without a date, and takes its original's.
    for path in inherited:
        assert HAS_TITLE.search(fronts(library)[path])
        assert len([item for item in library.items if item.key == key_of(library, path)]) > 1


def key_of(library: Library, path: str) -> str:
    (item,) = [item for item in library.items if item.path == path]
    return item.key


@pytest.mark.parametrize("name", SITES)
def test_every_other_file_is_reported(libraries, name):
    library = libraries[name]
    items = {item.path for item in library.items}
    reported = {problem.path for problem in library.problems if problem.is_error}
    assert set(fronts(library)) == items | reported
    assert not items & reported


@pytest.mark.parametrize("name", SITES)
def test_every_body_is_well_formed_and_says_something(libraries, name):
    library = libraries[name]
    for item in library.items:
        body = library.body(item)
        ElementTree.fromstring(f"<div>{body.html}</div>")
        assert "{{<" not in re.sub(r"<(code|pre).*?</\1>", "", body.html, flags=re.S)


def test_no_comment_of_the_authors_is_published(libraries):
    library = libraries["opentelemetry"]
    hidden = 0
    for item in library.items:
        source = (library.settings.root / item.path).read_text(encoding="utf-8")
        for inside in HIDDEN.findall(source):
            for sentence in filter(None, map(str.strip, inside.splitlines())):
                plain = re.sub(r"[`*_\[\]()#>-]+", " ", sentence)
                if len(plain.split()) >= 2:
                    hidden += 1
                    assert " ".join(plain.split()) not in " ".join(library.body(item).text.split())
    assert hidden


def test_translations_share_a_key(libraries):
    library = libraries["opentelemetry"]
    keys: dict[str, set[str]] = {}
    for item in library.items:
        keys.setdefault(item.key, set()).add(item.language)
    assert {"en", "ja"} in keys.values()
    assert all(not key.startswith(("en/", "ja/")) for key in keys)


def test_authors_with_links_are_names(libraries):
    authors = [a for item in libraries["opentelemetry"].items for a in item.authors]
    assert authors
    assert all("](" not in author.name for author in authors)
    assert any(author.url.startswith("https://github.com/") for author in authors)


def test_rust_items_take_date_and_slug_as_written(libraries):
    (item,) = [i for i in libraries["rust"].items if i.path == "content/Rust-1.92.0.md"]
    assert item.date.date().isoformat() == "2025-12-11"
    assert item.authors[0].name == "The Rust Release Team"


def test_right_to_left_items_carry_directions(libraries):
    for item in libraries["letsencrypt"].items:
        html = libraries["letsencrypt"].body(item).html
        assert "<p>" not in html
        assert 'dir="' in html or not html
