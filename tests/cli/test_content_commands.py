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


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59-12:00", "0001-01-01"])
def test_new_refuses_a_year_beyond_the_calendar(publisher, date):
    ran = publisher("new", "news", "A", "--date", date)
    assert ran.code == 2
    assert "year" in ran.err
