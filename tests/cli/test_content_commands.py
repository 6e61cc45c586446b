import json

import pytest


def test_new_makes_a_draft_and_names_it(publisher, site):
    ran = publisher("new", "event", "Summer school", "--lang", "AR", "--date", "2026-07-01 09:30")
    assert ran.code == 0
    path = site.root / ran.out.strip()
    text = path.read_text(encoding="utf-8")
    assert path.name == "summer-school.ar.md"
    assert "date: 2026-07-01T09:30:00+01:00" in text, "the site's own zone is London"
    assert "kind: event" in text
    assert publisher("check").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("podcast", "A"), "podcast"),
        (("news", ""), "title"),
        (("news", "A", "--lang", "de"), "en, ar, fr"),
        (("news", "A", "--date", "tomorrow"), "2026-07-01"),
    ],
)
def test_new_explains_what_it_cannot_use(publisher, words, said):
    ran = publisher("new", *words)
    assert ran.code == 2
    assert said in ran.err


def test_build_says_what_it_did_and_then_that_nothing_is_left(publisher, site):
    site.item("a.en.md", "A")
    first = publisher("build")
    assert first.code == 0
    assert "1 item in" in first.out
    assert (site.root / "feeds/en/all.rss").is_file()
    assert publisher("build").out == "nothing to do: the feeds are up to date\n"
    assert not (site.root / "var/publisher.sqlite3").exists()


def test_build_is_exit_1_when_a_file_was_left_out_and_the_rest_is_there(publisher, site):
    site.item("a.en.md", "A")
    site.write("content/b.en.md", "---\ntitle: B\ndate: never\n---\n")
    ran = publisher("build")
    assert ran.code == 1
    assert "content/b.en.md:3: " in ran.err
    assert "1 file left out" in ran.err
    assert "1 item in" in ran.out


def test_build_refuses_to_withdraw_most_until_told(publisher, site):
    paths = [site.item(f"{n}.en.md", f"Item {n}") for n in range(8)]
    assert publisher("build").code == 0
    for path in paths[:6]:
        path.unlink()
    ran = publisher("build")
    assert ran.code == 1
    assert "content/0.en.md" in ran.err
    assert "--withdraw" in ran.err
    assert publisher("build", "--withdraw").code == 0


def test_check_shows_every_problem_and_warnings_alone_are_exit_0(publisher, site):
    site.item("a.en.md", "A", colour="blue")
    ran = publisher("check")
    assert ran.code == 0
    assert "warning" in ran.out
    site.write("content/b.en.md", "---\ntitle: B\ndate: never\n---\n")
    ran = publisher("check")
    assert ran.code == 1
    assert "content/b.en.md:3: " in ran.out
    assert "1 error and 1 warning" in ran.out


def test_check_of_one_path_shows_its_problems_only(publisher, site):
    site.write("content/2025/b.en.md", "---\ntitle: B\ndate: never\n---\n")
    site.write("content/2026/c.en.md", "---\ntitle: C\ndate: never\n---\n")
    ran = publisher("check", "content/2026", "--json")
    assert [problem["path"] for problem in ran.json["problems"]] == ["content/2026/c.en.md"]
    assert publisher("check", "content/2027").code == 2


def test_check_as_json_is_one_document_even_for_wrong_settings(publisher, site):
    site.item("a.en.md", "A")
    assert publisher("check", "--json").json == {
        "items": 1,
        "errors": 0,
        "warnings": 0,
        "problems": [],
    }
    site.configure("[site]\n")
    ran = publisher("check", "--json")
    assert ran.code == 3
    assert {"path": "publisher.toml", "line": 1}.items() <= ran.json["problems"][-1].items()


def test_check_finds_faults_of_templates_and_colours(publisher, site):
    site.configure((site.root / "publisher.toml").read_text() + '[look]\naccent = "#ffd700"\n')
    site.write("templates/feeds/index.html.j2", "<h1>\n{% if %}</h1>")
    ran = publisher("check", "--json")
    assert ran.code == 1
    found = {problem["path"]: problem for problem in ran.json["problems"]}
    assert found["templates/feeds/index.html.j2"]["line"] == 2
    assert "4.5:1" in found["publisher.toml"]["message"]
    assert "near colour" in found["publisher.toml"]["hint"]


def test_a_language_without_a_catalogue_is_one_warning(publisher, site):
    text = (site.root / "publisher.toml").read_text()
    site.configure(text.replace('["en", "ar", "fr"]', '["en", "sw", "de"]'))
    ran = publisher("check", "--json")
    assert ran.code == 0
    (problem,) = ran.json["problems"]
    assert "sw, de" in problem["message"]


def test_check_reads_built_feeds_as_a_reader_would(publisher, site):
    site.item("a.en.md", "A")
    assert "feeds are not built" in publisher("check", "--feeds").out
    publisher("build")
    assert publisher("check", "--feeds").code == 0
    (site.root / "feeds/en/all.rss").write_text("<rss>")
    (site.root / "feeds/en/all.json").unlink()
    ran = publisher("check", "--feeds")
    assert ran.code == 1
    assert "feeds/en/all.rss: it is not what was built" in ran.out
    assert "feeds/en/all.rss: no feed reader can read it" in ran.out
    assert "feeds/en/all.json: the manifest lists it and it is not there" in ran.out


def test_the_schema_is_one_json_document_without_a_site_too(publisher, tmp_path):
    schema = json.loads(publisher("check", "--schema").out)
    assert "title" in schema["properties"]
    bare = publisher("--site", tmp_path, "check", "--schema")
    assert bare.json["required"] == ["title"]


def test_a_key_that_does_nothing_yet_is_a_warning(publisher, site):
    text = (site.root / "publisher.toml").read_text()
    site.configure(text + '[retention]\ndeliveries = "30d"\n')
    ran = publisher("check")
    assert ran.code == 0
    assert "retention.deliveries has no effect in this version" in ran.out


def test_check_of_a_path_looks_past_links_that_run_in_a_circle(publisher, site):
    (site.root / "content/loop.en.md").symlink_to("loop.en.md")
    site.item("a.en.md", "A")
    site.item("b.en.md", "B")
    ran = publisher("check", "content/a.en.md")
    assert ran.code == 0
    assert ran.out == "1 item read: no problems\n"
    assert "circle" not in publisher("check", "content/loop.en.md").err


def test_check_of_a_path_outside_the_site_is_usage(publisher, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    ran = publisher("check", tmp_path / "elsewhere")
    assert ran.code == 2
    assert "outside the site" in ran.err


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59-12:00", "0001-01-01"])
def test_new_refuses_a_year_beyond_the_calendar(publisher, date):
    ran = publisher("new", "news", "A", "--date", date)
    assert ran.code == 2
    assert "year" in ran.err
