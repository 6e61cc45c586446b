"""What is said of the items of an edition, and of none but these."""

import pytest
from reach.server import page

from publisher.content import open_library
from publisher.preflight import examine, missing_translations
from publisher.reach import Reach


@pytest.fixture
def look(site, now):
    """Examine the items of some keys."""

    def call(*keys, reach=None, links=False):
        settings = site.settings
        library = open_library(settings, now=now)
        items = [item for item in library.items if item.key in keys]
        return examine(settings, library, items, now=now, links=links, reach=reach)

    return call


def test_doubts_of_texts_and_links_come_together_and_only_those_of_the_items(site, serve, look):
    server = serve(page(b"", "404 No"))
    for key in "ab":
        site.item(
            f"{key}.en.md", key, body=f"![](https://example.org/x.png)\n\n[x]({server.url}/{key})"
        )
        for tag in ("ar", "fr"):
            site.item(f"{key}.{tag}.md", key)
    reach = Reach("https://a.org", frozenset({server.place}))
    found = look("a", reach=reach, links=True)
    assert {problem.path for problem in found} == {"content/a.en.md"}
    assert [problem.line for problem in found] == [5, 7]
    assert "no alternative text" in found[0].message
    assert "leads nowhere" in found[1].message
    assert not any(problem.is_error for problem in found)


def test_links_may_be_left_alone(site, serve, look):
    server = serve(page(b"", "404 No"))
    for tag in ("en", "ar", "fr"):
        site.item(f"a.{tag}.md", "A", body=f"[x]({server.url}/a)")
    assert look("a", reach=Reach("https://a.org", frozenset({server.place}))) == ()
    assert server.heads == []


def test_an_item_without_a_language_is_one_warning_a_key(site, look):
    site.item("a.en.md", "A")
    site.item("b.en.md", "B")
    site.item("b.ar.md", "B")
    site.item("b.fr.md", "B", status="draft")
    site.item("c.ar.md", "C")
    found = look("a", "b", "c")
    assert [(problem.path, problem.message) for problem in found] == [
        ("content/a.en.md", "no ar, fr yet"),
        ("content/b.en.md", "no fr yet (fr not ready or dated later)"),
        ("content/c.ar.md", "no en, fr yet"),
    ]
    assert found[2].hint == "who reads none of the languages it is in does not get it"
    assert "get it in en" in found[0].hint


@pytest.mark.parametrize(
    ("digest", "hint"),
    [
        ("", "their readers wait for a while, then get it in en where their digest falls back"),
        ("weekly", "their readers wait for a while, then get it in en"),
        ("daily", "their readers get it in en"),
        ("single", "their readers get it in en"),
        ("strict", "who reads none of the languages it is in does not get it"),
    ],
)
def test_what_becomes_of_readers_is_what_the_digest_does(site, now, digest, hint):
    toml = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(
        f'{toml}\n[digests.daily]\nevery = "day"\nwait_for_translation = "0"\n'
        '[digests.single]\nevery = "item"\n[digests.strict]\nfallback = false\n'
    )
    site.item("a.en.md", "A")
    library = open_library(site.settings, now=now)
    (found,) = missing_translations(site.settings, library, library.items, now, digest)
    assert found.hint == hint


def test_a_key_that_nobody_can_read_yet_is_not_missing_anything(site, now):
    site.item("a.en.md", "A", status="draft")
    library = open_library(site.settings, now=now)
    assert list(missing_translations(site.settings, library, library.items, now)) == []
