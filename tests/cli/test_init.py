import pytest

from publisher.cli.moving_in import look_around
from publisher.content import open_library
from publisher.settings import load


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def write(folder, path, text):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def test_a_new_site_works_at_once(publisher, folder, now):
    assert publisher("init", folder / "news").code == 0
    site = folder / "news"
    settings = load(site, {})
    library = open_library(settings, now=now)
    assert not library.problems
    assert sorted((item.key, item.language) for item in library.items) == [
        ("2026/how-it-works", "ar"),
        ("2026/how-it-works", "en"),
        ("2026/welcome", "ar"),
        ("2026/welcome", "en"),
    ]
    assert publisher("--site", site, "check").code == 0
    assert publisher("--site", site, "build").code == 0
    assert "Welcome to our news" in publisher("--site", site, "queue").out


def test_what_the_command_line_says_goes_into_the_settings(publisher, folder):
    words = ("--url", "https://www.our-town.org/", "--name", 'Our "Town"', "--languages", "fr,AR")
    assert publisher("init", "news", *words).code == 0
    settings = load(folder / "news", {})
    assert settings.site.url == "https://www.our-town.org"
    assert settings.site.name == {"": 'Our "Town"'}
    assert settings.site.languages == ["fr", "ar"]
    assert settings.feeds.id_authority == "our-town.org,2026"
    assert (folder / "news/content/2026/welcome.fr.md").is_file()


def test_a_site_is_never_overwritten(publisher, folder):
    write(folder, "publisher.toml", "mine")
    ran = publisher("init", folder)
    assert ran.code == 1
    assert "init changed nothing" in ran.err
    assert (folder / "publisher.toml").read_text() == "mine"
    assert [path.name for path in folder.iterdir()] == ["publisher.toml"]


def test_beside_content_only_settings_and_gitignore_are_written(publisher, folder):
    write(folder, "content/en/blog/a.md", "---\ntitle: A\ndate: 2026-01-01\n---\nText.\n")
    write(folder, "content/pt-BR/blog/a.md", "---\ntitle: A\n---\nTexto.\n")
    write(folder, "content/en/blog/b.md", "---\ntitle: B\ndate: 2026-01-02\n---\nText.\n")
    write(folder, ".gitignore", "public\nvar/")
    assert publisher("--site", folder, "init").code == 0
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "content/en/blog/a.md",
        "content/en/blog/b.md",
        "content/pt-BR/blog/a.md",
        ".gitignore",
        "publisher.toml",
    }
    assert load(folder, {}).site.languages == ["en", "pt-BR"]
    ignored = (folder / ".gitignore").read_text().splitlines()
    assert ignored[:2] == ["public", "var/"]
    assert ignored[-2:] == ["/outbox/", "/feeds/"]
    assert publisher("--site", folder, "build").code == 0


def test_the_editors_words_are_no_items_that_a_language_could_follow_from(folder):
    write(folder, "content/a.en.md", "---\ntitle: A\n---\nText.\n")
    write(folder, "content/editions/weekly/2026-03-29.ar.md", "كلمة\n")
    assert look_around(folder).languages == ("en",)


def test_a_hugo_site_keeps_address_name_languages_and_permalinks(folder):
    write(
        folder,
        "hugo.toml",
        'baseURL = "https://our-town.org/"\ntitle = "Our Town"\ntimeZone = "Europe/Paris"\n'
        'defaultContentLanguage = "fr"\n[languages.ar]\nweight = 2\n[languages.fr]\nweight = 1\n'
        '[permalinks.page]\nposts = "/:year/:month/:slug/"\n',
    )
    found = look_around(folder)
    assert found.source == "hugo.toml"
    assert found.url == "https://our-town.org"
    assert found.name == "Our Town"
    assert found.languages == ("fr", "ar")
    assert found.item_url == "{url}/{language}/{year}/{month}/{slug}/"
    assert found.time_zone == "Europe/Paris"


def test_a_hugo_site_without_permalinks_has_its_folders_in_its_links(folder):
    write(folder, "config.yaml", "baseURL: https://our-town.org\nlanguageCode: en-us\n")
    found = look_around(folder)
    assert found.languages == ("en-US",)
    assert found.item_url == "{url}/{key}/"


@pytest.mark.parametrize(
    ("permalink", "item_url"),
    [
        ("", "{url}/{year}/{month}/{day}/{slug}.html"),
        ("permalink: pretty", "{url}/{year}/{month}/{day}/{slug}/"),
        ("permalink: /:categories/:title/", "{url}/{slug}/"),
        ("permalink: /news/:year/:title:output_ext", "{url}/news/{year}/{slug}"),
        ("permalink: /:week/:title/", ""),
    ],
)
def test_a_jekyll_site_keeps_address_and_permalinks(folder, permalink, item_url):
    write(folder, "_config.yml", f"url: https://x.org\nbaseurl: /blog\ntitle: X\n{permalink}\n")
    found = look_around(folder)
    assert (found.url, found.name) == ("https://x.org/blog", "X")
    assert found.item_url == item_url


def test_what_cannot_be_read_of_another_tool_is_left_to_the_editor(publisher, folder):
    write(folder, "_config.yml", "title: [unclosed\n")
    write(folder, "_posts/2026-01-01-a.md", "---\ntitle: A\n---\nText.\n")
    ran = publisher("init", folder)
    assert ran.code == 0
    assert "_posts" in ran.out
    assert "_config.yml:2: " in ran.err
    assert load(folder, {}).site.name == {"": "My site"}


def test_words_that_make_no_working_site_leave_nothing_behind(publisher, folder):
    ran = publisher("init", "news", "--url", "https://")
    assert ran.code == 1
    assert "nothing was written" in ran.err
    assert not (folder / "news").exists()


def test_a_language_named_twice_is_taken_once(publisher, folder):
    assert publisher("init", "news", "--languages", "en en ar").code == 0
    assert load(folder / "news", {}).site.languages == ["en", "ar"]


def test_a_wrong_language_is_usage(publisher, folder):
    assert publisher("init", "news", "--languages", "english").code == 2
    assert not (folder / "news").exists()
