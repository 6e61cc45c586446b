"""`publisher check` follows links, says what is missing, and stays quiet where it should."""

import json

import pytest
from reach.server import page, serve

__all__ = ["serve"]


@pytest.fixture
def dead(site, serve, monkeypatch):
    """A server where nothing is; the small site may ask it, and nobody else."""
    server = serve(page(b"", "404 Not Found"))
    monkeypatch.setenv("PUBLISHER_REACH", server.place)
    return server


def in_all(site, key, **more):
    for tag in ("en", "ar", "fr"):
        site.item(f"{key}.{tag}.md", key, **more)


def test_dead_links_are_warnings_and_not_asked_for_twice(publisher, site, dead):
    in_all(site, "a", body=f"[x]({dead.url}/x)")
    ran = publisher("check")
    assert ran.code == 0
    assert f"content/a.ar.md:5: warning: the link {dead.url}/x leads nowhere: 404" in ran.out
    assert "and in 2 more files" in ran.out
    asked = len(dead.heads)
    assert publisher("check").out == ran.out
    assert len(dead.heads) == asked


def test_links_are_left_alone_when_told(publisher, site, dead):
    in_all(site, "a", body=f"[x]({dead.url}/x)")
    assert "no problems" in publisher("check", "--no-links").out
    assert dead.heads == []


def test_only_links_of_the_named_files_are_followed(publisher, site, dead):
    in_all(site, "a", body=f"[x]({dead.url}/a)")
    in_all(site, "b", body=f"[x]({dead.url}/b)")
    ran = publisher("check", "content/b.en.md", "--json")
    (problem,) = ran.json["problems"]
    assert problem["path"] == "content/b.en.md"
    assert set(dead.asked) == {"HEAD /b", "GET /b"}


def test_a_missing_translation_is_a_warning_while_an_edition_waits(publisher, site):
    site.item("new.en.md", "New")
    site.item("old.en.md", "Old", date="2025-01-01")
    found = publisher("check", "--json").json["problems"]
    assert [problem["path"] for problem in found] == ["content/new.en.md"]
    assert found[0]["message"] == "no ar, fr yet"


def test_a_missing_download_is_an_error_at_its_line(publisher, site):
    site.item("a.en.md", "A", downloads="[report.pdf]")
    ran = publisher("check")
    assert ran.code == 1
    assert 'content/a.en.md:4: there is no file "content/report.pdf" to download' in ran.out


def test_a_database_of_another_version_does_not_stop_a_check(publisher, site):
    import sqlite3

    site.item("a.en.md", "A")
    (site.root / "var").mkdir()
    with sqlite3.connect(site.root / "var/publisher.sqlite3") as conn:
        conn.execute("CREATE TABLE alembic_version (version_num TEXT)")
        conn.execute("INSERT INTO alembic_version VALUES ('9999')")
    conn.close()
    ran = publisher("check")
    assert ran.code == 0
    assert "editions were not looked at" in ran.err


def test_both_ways_to_ask_for_json_are_the_same(publisher, site):
    site.item("a.en.md", "A")
    ran = publisher("check", "--format", "json")
    assert ran.json == publisher("check", "--json").json
    wrong = publisher("check", "nowhere", "--format=json")
    assert wrong.code == 2
    assert "nowhere" in json.loads(wrong.out)["error"]["message"]
