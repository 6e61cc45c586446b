import pytest

from publisher.content import draft_item, open_library
from publisher.content.item import Kind, Status


@pytest.mark.parametrize("kind", list(Kind))
def test_new_file_is_a_draft_that_reads_without_a_problem(site, now, kind):
    path = draft_item(site.settings, kind, 'A "quoted": title', "ar", now)
    assert path == site.root / "content/2026/a-quoted-title.ar.md"
    library = open_library(site.settings, now=now)
    assert not library.problems
    (item,) = library.items
    assert (item.title, item.kind, item.status) == ('A "quoted": title', kind, Status.DRAFT)
    assert (item.date, item.language) == (now, "ar")


def test_file_that_is_there_is_never_touched(site, now):
    first = draft_item(site.settings, "news", "T", "en", now)
    first.write_text("mine")
    second = draft_item(site.settings, "news", "T", "en", now)
    assert (first.read_text(), second.name) == ("mine", "t-2.en.md")


def test_title_without_letters_gets_a_name_by_its_kind(site, now):
    assert draft_item(site.settings, "news", "!!!", "en", now).name == "news.en.md"


def test_empty_title_is_refused(site, now):
    with pytest.raises(ValueError, match="title"):
        draft_item(site.settings, "news", " \n", "en", now)


@pytest.mark.parametrize("title", ["README", "index", "_index", "!!!"])
def test_every_title_makes_a_file_that_is_read_and_is_no_translation(site, now, title):
    draft_item(site.settings, "news", title, "en", now)
    draft_item(site.settings, "news", "!!!", "ar", now)
    items = open_library(site.settings, now=now).items
    assert len(items) == 2
    assert len({item.key for item in items}) == 2
    assert all(item.key.startswith("2026/") for item in items)
