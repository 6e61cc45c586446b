import json


def in_all(site, key, title, **more):
    """Write an item in all languages of the small site."""
    for tag in ("en", "ar", "fr"):
        site.item(f"{key}.{tag}.md", title, **more)


def test_check_shows_every_problem_and_warnings_alone_are_exit_0(publisher, site):
    in_all(site, "a", "A")
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
    in_all(site, "a", "A")
    assert publisher("check", "--json").json == {
        "items": 3,
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
    site.configure(text.replace('["en", "ar", "fr"]', '["en", "sw", "yo"]'))
    ran = publisher("check", "--json")
    assert ran.code == 0
    (problem,) = ran.json["problems"]
    assert "sw, yo" in problem["message"]


def test_check_reads_built_feeds_as_a_reader_would(publisher, site):
    site.item("a.en.md", "A")
    assert "feeds are not built" in publisher("check", "--feeds").out
    publisher("build")
    assert publisher("check", "--feeds").code == 0
    (site.root / "feeds/en/all.rss").write_text("<rss>")
    (site.root / "feeds/en/all.json").unlink()
    (site.root / "feeds/en/all.atom.gz").write_bytes(b"graffiti")
    ran = publisher("check", "--feeds")
    assert ran.code == 1
    assert "feeds/en/all.rss: it is not what was built" in ran.out
    assert "feeds/en/all.rss: no feed reader can read it" in ran.out
    assert "feeds/en/all.json: the manifest lists it and it is not there" in ran.out
    assert "feeds/en/all.rss.gz: it is no copy of all.rss" in ran.out
    assert "feeds/en/all.atom.gz: it cannot be unpacked" in ran.out


def test_the_schema_is_one_json_document_without_a_site_too(publisher, tmp_path):
    schema = json.loads(publisher("check", "--schema").out)
    assert "title" in schema["properties"]
    bare = publisher("--site", tmp_path, "check", "--schema")
    assert bare.json["required"] == ["title"]


def test_check_of_a_path_looks_past_links_that_run_in_a_circle(publisher, site):
    (site.root / "content/loop.en.md").symlink_to("loop.en.md")
    in_all(site, "a", "A")
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


def test_a_country_that_nobody_knows_is_a_warning(publisher, site):
    text = (site.root / "publisher.toml").read_text()
    site.configure(text.replace("[site]\n", '[site]\nlocale = { fr = "fr-XX", en = "en-GB" }\n', 1))
    in_all(site, "a", "A")
    ran = publisher("check")
    assert ran.code == 0
    assert 'site.locale is "fr-XX" for fr, and no such place is known' in ran.out
    assert "en-GB" not in ran.out.replace("as in en-GB", "")
