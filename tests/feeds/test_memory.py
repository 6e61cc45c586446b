import subprocess
import sys
from datetime import timedelta

import pytest

from publisher.content import open_library, scan
from publisher.feeds import build, is_current, is_untouched


@pytest.fixture(params=["is_current", "is_untouched"])
def current(built, request):
    """Asks either way: with the settings read, or by the files alone."""
    built.item("a.en.md", "A")
    built.item("b.en.md", "B", "2026-03-05T10:00:00Z")
    built.build()

    def ask(now=built.now):
        if request.param == "is_untouched":
            return is_untouched(built.site.root, now)
        settings = built.site.settings
        return is_current(settings, scan(settings).stamp, now)

    return ask


def test_a_site_just_built_is_current(current):
    assert current()


def test_a_site_never_built_is_not(built):
    built.item("a.en.md", "A")
    assert not is_current(built.site.settings, scan(built.site.settings).stamp, built.now)
    assert not is_untouched(built.site.root, built.now)


def test_a_changed_file_is_noticed(built, current):
    built.item("a.en.md", "A, mended")
    assert not current()


def test_a_changed_setting_is_noticed(built, current):
    toml = (built.site.root / "publisher.toml").read_text(encoding="utf-8")
    built.site.configure(toml.replace("Example Cities", "Sample Cities"))
    assert not current()


def test_a_changed_template_is_noticed(built, current):
    built.write("templates/feeds/feed.css", "p { color: red }")
    assert not current()


def test_an_item_that_falls_due_is_noticed(built, current):
    assert current(built.now + timedelta(days=2))
    assert not current(built.now + timedelta(days=4))


def test_a_clock_set_back_is_noticed(built, current):
    assert not current(built.now - timedelta(days=30))


@pytest.mark.parametrize("path", ["en/all.rss", "en/all.rss.gz", "feed.css.br", "manifest.json"])
def test_a_touched_output_is_noticed(built, current, path):
    (built.feeds / path).write_bytes(b"x")
    assert not current()


@pytest.mark.parametrize("path", ["en/all.json", "en/all.atom.br", "index.html.gz"])
def test_a_missing_output_is_noticed(built, current, path):
    (built.feeds / path).unlink()
    assert not current()


def test_a_site_with_an_error_is_never_current(built, current):
    built.write("content/broken.en.md", "---\ntitle: [\n---\n")
    built.build()
    assert not current()


def test_a_spoilt_memory_is_no_memory(built, current):
    (built.site.root / "var/feeds-now.json").write_bytes(b'{"form": 1}')
    (built.site.root / "var/feeds-memory.json").write_bytes(b"\xff")
    assert not current()
    assert built.build().changed == ()
    assert current()


def test_asking_needs_nothing_heavy(built, current):
    code = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from publisher.content import scan; from publisher.feeds import is_current\n"
        "from publisher.settings import load\n"
        "settings = load(Path(sys.argv[1]), {})\n"
        "assert is_current(settings, scan(settings).stamp, datetime.fromisoformat(sys.argv[2]))\n"
        "heavy = {'feedgen', 'lxml', 'jinja2', 'babel', 'comrak', 'nh3', 'sqlalchemy', 'yaml'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, built.site.root, built.now.isoformat()], check=True)


def test_asking_by_the_files_alone_does_not_read_the_settings(built, current):
    code = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from publisher.feeds import is_untouched\n"
        "assert is_untouched(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))\n"
        "assert not {'pydantic', 'tomllib', 'feedgen', 'lxml'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, built.site.root, built.now.isoformat()], check=True)


def test_settings_edited_while_a_build_is_at_work_are_not_taken_for_built(built):
    built.item("a.en.md", "A")
    library = open_library(built.site.settings, now=built.now, remember=True)
    toml = (built.site.root / "publisher.toml").read_text(encoding="utf-8")
    built.site.configure(toml.replace("Example Cities", "Sample Cities"))
    build(library, now=built.now)
    assert not is_untouched(built.site.root, built.now)
