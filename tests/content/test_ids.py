import json
import subprocess

from publisher.content import open_library


def opened(site, now, remember=True):
    return open_library(site.settings, now=now, remember=remember)


def identity(library, path):
    (item,) = [item for item in library.items if item.path == f"content/{path}"]
    return item.key, item.id


def move(site, old, new):
    target = site.root / "content" / new
    target.parent.mkdir(parents=True, exist_ok=True)
    (site.root / "content" / old).rename(target)


def test_first_build_gives_key_and_id_from_the_path(site, now):
    site.item("2023/mayors.ar.md", "A")
    library = opened(site, now)
    assert identity(library, "2023/mayors.ar.md") == (
        "2023/mayors",
        "tag:example.org,2026:2023/mayors/ar",
    )


def test_reading_without_remembering_writes_nothing(site, now):
    site.item("a.en.md", "A")
    opened(site, now, remember=False)
    assert not (site.root / "content/ids.json").exists()


def test_renamed_file_keeps_key_and_id(site, now):
    site.item("a.en.md", "A")
    before = identity(opened(site, now), "a.en.md")
    move(site, "a.en.md", "2026/b.en.md")
    assert identity(opened(site, now), "2026/b.en.md") == before
    assert identity(opened(site, now), "2026/b.en.md") == before


def test_file_renamed_and_edited_at_once_is_known_by_title_and_date(site, now):
    site.item("a.en.md", "A", body="Old.")
    before = identity(opened(site, now), "a.en.md")
    (site.root / "content/a.en.md").unlink()
    site.item("b.en.md", "A", body="New.")
    assert identity(opened(site, now), "b.en.md") == before


def test_file_renamed_and_retitled_is_known_by_its_written_id(site, now):
    site.item("a.en.md", "A", id="abc")
    before = identity(opened(site, now), "a.en.md")
    (site.root / "content/a.en.md").unlink()
    site.item("b.en.md", "B", id="abc", body="Else.")
    assert identity(opened(site, now), "b.en.md") == before


def test_edited_then_renamed_file_is_known_by_what_the_cache_saw_last(site, now):
    site.item("2026-01-01-a.en.md", "A", date="", body="One.")
    opened(site, now)
    site.item("2026-01-01-a.en.md", "A", date="", body="Two.")
    before = identity(opened(site, now), "2026-01-01-a.en.md")
    move(site, "2026-01-01-a.en.md", "2026-02-02-b.en.md")
    assert identity(opened(site, now), "2026-02-02-b.en.md") == before


def test_folder_of_a_hundred_renamed_keeps_all(site, now):
    for number in range(100):
        site.item(f"old/item-{number}.en.md", f"Item {number}")
    before = {item.title: (item.key, item.id) for item in opened(site, now).items}
    (site.root / "content/old").rename(site.root / "content/new")
    after = {item.title: (item.key, item.id) for item in opened(site, now).items}
    assert after == before
    assert len(after) == 100


def test_hundred_files_of_one_text_keep_their_names_in_a_renamed_folder(site, now):
    for number in range(100):
        site.item(f"old/item-{number}.en.md", "Same", slug=f"s-{number}")
    before = {item.slug: item.id for item in opened(site, now).items}
    (site.root / "content/old").rename(site.root / "content/new")
    assert {item.slug: item.id for item in opened(site, now).items} == before


def test_translation_renamed_alone_stays_a_translation(site, now):
    site.item("a.en.md", "A")
    site.item("a.ar.md", "أ")
    opened(site, now)
    move(site, "a.ar.md", "b.ar.md")
    library = opened(site, now)
    english = library.find("a", "en")
    assert [item.path for item in library.translations(english, now)] == ["content/b.ar.md"]


def test_new_file_at_the_old_path_of_a_moved_item_is_new(site, now):
    site.item("a.en.md", "A")
    before = identity(opened(site, now), "a.en.md")
    move(site, "a.en.md", "b.en.md")
    site.item("a.en.md", "Something else", date="2026-02-02")
    library = opened(site, now)
    assert identity(library, "b.en.md") == before
    new = identity(library, "a.en.md")
    assert new[0] != before[0]
    assert new[1] != before[1]


def test_two_files_that_swap_names_keep_their_identities(site, now):
    site.item("a.en.md", "A")
    site.item("b.en.md", "B")
    before = {item.title: item.id for item in opened(site, now).items}
    move(site, "a.en.md", "c")
    move(site, "b.en.md", "a.en.md")
    move(site, "c", "b.en.md")
    assert {item.title: item.id for item in opened(site, now).items} == before


def test_new_translation_of_a_renamed_item_takes_its_key(site, now):
    site.item("a.en.md", "A")
    opened(site, now)
    move(site, "a.en.md", "b.en.md")
    opened(site, now)
    site.item("b.ar.md", "ب")
    library = opened(site, now)
    assert identity(library, "b.ar.md")[0] == "a"


def test_retitled_file_at_its_place_is_the_same_item(site, now):
    site.item("a.en.md", "A")
    before = identity(opened(site, now), "a.en.md")
    site.item("a.en.md", "B", date="2026-02-02")
    assert identity(opened(site, now), "a.en.md") == before


def test_copy_is_a_new_item(site, now):
    path = site.item("a.en.md", "A")
    before = identity(opened(site, now), "a.en.md")
    site.write("content/b.en.md", path.read_bytes())
    library = opened(site, now)
    assert identity(library, "a.en.md") == before
    assert identity(library, "b.en.md")[1] != before[1]


def test_posts_of_one_name_and_two_dates_are_two_items(site, now):
    site.item("_posts/2026-01-01-weekly.md", "One", date="")
    site.item("_posts/2026-02-01-weekly.md", "Two", date="")
    library = opened(site, now)
    assert sorted(item.key for item in library.items) == [
        "_posts/2026-02-01-weekly",
        "_posts/weekly",
    ]
    assert len({item.id for item in library.items}) == 2


def test_translation_dated_later_in_its_name_is_still_a_translation(site, now):
    site.item("_posts/2026-01-01-x.en.md", "One", date="")
    site.item("_posts/2026-02-01-x.ar.md", "Two", date="")
    assert {item.key for item in opened(site, now).items} == {"_posts/x"}


def test_one_item_twice_in_one_language_names_both_files(site, now):
    site.item("x.en.md", "One")
    site.item("x/index.md", "Two")
    library = opened(site, now)
    assert [item.title for item in library.items] == ["One"]
    (problem,) = library.problems
    assert (problem.path, "content/x.en.md" in problem.message) == ("content/x/index.md", True)


def test_same_written_id_names_both_files(site, now):
    site.item("a.en.md", "A", id="7")
    site.item("b.en.md", "B", id="7")
    library = opened(site, now)
    assert [item.title for item in library.items] == ["A"]
    assert "content/a.en.md" in str(library.problems[0])


def test_file_that_cannot_be_read_for_a_while_keeps_its_line(site, now):
    site.item("a.en.md", "A")
    opened(site, now)
    before = (site.root / "content/ids.json").read_text()
    good = (site.root / "content/a.en.md").read_text()
    site.write("content/a.en.md", "broken")
    opened(site, now)
    assert (site.root / "content/ids.json").read_text() == before
    site.write("content/a.en.md", good)
    assert opened(site, now).items[0].id == "tag:example.org,2026:a/en"


def test_editing_a_text_leaves_ids_json_alone(site, now):
    site.item("a.en.md", "A")
    opened(site, now)
    before = (site.root / "content/ids.json").read_bytes()
    site.item("a.en.md", "A", body="Else.")
    opened(site, now)
    assert (site.root / "content/ids.json").read_bytes() == before


def test_ids_json_has_a_line_an_item_and_merges_in_git(site, now):
    def git(*words):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words],
            cwd=site.root,
            check=True,
            capture_output=True,
        )

    for name in "adhm":
        site.item(f"{name}.en.md", name)
    opened(site, now)
    git("init", "-q", "-b", "main")
    git("add", "content")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "other")
    site.item("z.en.md", "z")
    opened(site, now)
    git("add", "content")
    git("commit", "-qm", "two")
    git("checkout", "-q", "main")
    site.item("b.en.md", "b")
    opened(site, now)
    git("add", "content")
    git("commit", "-qm", "three")
    git("merge", "-q", "other")
    entries = json.loads((site.root / "content/ids.json").read_text())
    assert sorted(filter(None, entries)) == [f"{name}.en.md" for name in "abdhmz"]


def test_spoilt_ids_json_loses_only_the_spoilt_lines(site, now):
    site.item("a.en.md", "A")
    site.item("b.en.md", "B")
    opened(site, now)
    path = site.root / "content/ids.json"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(["<<<<<<< HEAD", *lines, ">>>>>>> other"]))
    move(site, "a.en.md", "c.en.md")
    library = opened(site, now)
    assert identity(library, "c.en.md")[0] == "a"
    assert {problem.line for problem in library.problems} == {1, len(lines) + 2}
    json.loads(path.read_text())


def test_stamp_after_remembering_is_what_the_next_scan_says(site, now):
    from publisher.content import scan

    site.item("a.en.md", "A")
    assert opened(site, now).stamp == scan(site.settings).stamp
