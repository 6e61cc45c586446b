import os

import pytest

from publisher.feeds import halves
from publisher.feeds.plan import plan

from .shelf import make_item


def items(languages, count=4):
    return [
        make_item(f"i{n}", language, categories=(f"c{n}",))
        for n in range(count)
        for language in languages
    ]


@pytest.fixture
def two_processors(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_languages_stay_whole(two_processors):
    feeds = plan(items(["en", "ar", "fr", "he"]), 20)
    chosen = halves.part(feeds)
    languages = {feed.language for feed in chosen}
    assert len(languages) == 2
    assert "" not in languages
    assert chosen == [feed for feed in feeds if feed.language in languages]


def test_a_small_site_and_one_of_one_language_are_not_parted(two_processors):
    assert halves.part(plan(items(["en", "ar"], 1), 20)) == []
    assert halves.part(plan(items(["en"], 30), 20)) == []


def test_the_result_of_the_second_process_comes_back():
    assert halves.apart(lambda: os.getpid())() != os.getpid()


@pytest.mark.parametrize("work", [lambda: 1 / 0, lambda: os._exit(3)])
def test_a_second_process_that_fails_gives_nothing(work):
    assert halves.apart(work)() is None


def test_two_processes_make_the_same_feeds_as_one(built, monkeypatch):
    for language in ("en", "ar"):
        for n in range(8):
            built.item(
                f"i{n}.{language}.md",
                f"Item {n}",
                f"2026-02-{n + 1:02}T10:00:00Z",
                kind="article" if n % 2 else "event-report",
                categories="[prevention]",
            )
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    built.build()
    alone = {path: data for path, (data, _) in built.everything().items()}
    for name in ("feeds-memory.json", "feeds-now.json"):
        (built.site.root / "var" / name).unlink()
    for path in alone:
        (built.feeds / path).unlink()
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(halves, "FEWEST", 2)
    told = []
    built.build(on_progress=lambda done, total: told.append((done, total)))
    assert {path: data for path, (data, _) in built.everything().items()} == alone
    assert told == [(n + 1, 9) for n in range(9)]
