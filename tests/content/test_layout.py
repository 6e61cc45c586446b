import pytest

from publisher.content.layout import UnlistedLanguageError, is_item, place, slugify

SITE = ("en", "ar", "pt-BR")


@pytest.mark.parametrize(
    ("path", "key", "language", "date", "slug"),
    [
        ("2023/mayors.ar.md", "2023/mayors", "ar", "", "mayors"),
        ("x.md", "x", "", "", "x"),
        ("ar/blog/x.md", "blog/x", "ar", "", "x"),
        ("PT-br/blog/x.md", "blog/x", "pt-BR", "", "x"),
        ("blog/x/index.ar.md", "blog/x", "ar", "", "x"),
        ("blog/x/index.md", "blog/x", "", "", "x"),
        ("index.md", "index", "", "", "index"),
        ("en/index.md", "index", "en", "", "index"),
        ("_posts/2026-03-02-x.md", "_posts/x", "", "2026-03-02", "x"),
        ("blog/2026-03-02-x/index.en.md", "blog/x", "en", "2026-03-02", "x"),
        ("2026/03/02/x.md", "2026/03/02/x", "", "2026-03-02", "x"),
        ("Rust-1.92.0.md", "Rust-1.92.0", "", "", "rust-1-92-0"),
        ("x.pt_br.md", "x", "pt-BR", "", "x"),
        ("مؤتمر.ar.md", "مؤتمر", "ar", "", "مؤتمر"),
        ("a b/c%d.md", "a-b/c-d", "", "", "c-d"),
    ],
)
def test_path_says_key_language_date_and_slug(path, key, language, date, slug):
    found = place(path, SITE)
    assert (found.key, found.language, found.date, found.slug) == (key, language, date, slug)


def test_suffix_of_a_language_the_site_lacks_is_refused():
    with pytest.raises(UnlistedLanguageError) as caught:
        place("x.fr.md", SITE)
    assert caught.value.tag == "fr"


@pytest.mark.parametrize(
    "name", ["_index.md", "_index.ar.md", "README.md", "readme.en.md", ".x.md", "x.txt"]
)
def test_section_pages_and_readmes_are_not_items(name):
    assert not is_item("blog/" + name)


def test_slug_is_cut_at_a_character_when_too_long_for_a_file_name():
    assert len(slugify("م" * 300).encode()) <= 120


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("KubeCon EU '26!", "kubecon-eu-26"),
        ("हिन्दी समाचार", "हिन्दी-समाचार"),
        ("-rf", "rf"),
        ("***", ""),
    ],
)
def test_slug_keeps_letters_of_any_script(text, slug):
    assert slugify(text) == slug
