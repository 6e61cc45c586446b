"""`publisher check --since`: only what changed, at its line, and what it adds to which edition."""

import subprocess

import pytest

from publisher.cli.check_github import command_of
from publisher.errors import Level, Problem


def git(folder, *words):
    done = subprocess.run(
        ["git", "-C", folder, "-c", "user.name=A", "-c", "user.email=a@example.org", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(site):
    """The small site as a folder of a repository, with one broken item and one sound one."""
    site.write(".gitignore", "var/\n")
    site.write("content/broken.en.md", "---\ntitle: B\ndate: never\n---\n")
    site.item("sound.en.md", "Sound", colour="blue")
    top = site.root.parent
    git(top, "init", "--quiet", "--initial-branch=main")
    git(top, "add", "site")
    git(top, "commit", "--quiet", "-m", "first")
    return top


def commit(top):
    git(top, "add", "--all", "site")
    git(top, "commit", "--quiet", "-m", "next")


def paths(ran):
    return [(problem["path"], problem["level"]) for problem in ran.json["problems"]]


BROKEN = ("content/broken.en.md", "error")


def test_warnings_are_those_of_changed_files_and_errors_are_all(publisher, site, repository):
    assert paths(publisher("check", "--since", "HEAD", "--json")) == [BROKEN]
    site.item("committed.en.md", "A", date="2025-01-01", hue="red")
    commit(repository)
    site.item("staged.en.md", "B", date="2025-01-01", shade="red")
    git(repository, "add", "--all", "site")
    site.item("untracked مرحبا.en.md", "C", date="2025-01-01", tint="red")
    site.item("sound.en.md", "Sound", date="2025-01-01", colour="green", tone="x")
    site.write("content/notes.txt", "var/ is ignored")
    ran = publisher("check", "--since", "main~1", "--json")
    assert paths(ran) == [
        BROKEN,
        ("content/committed.en.md", "warning"),
        ("content/sound.en.md", "warning"),
        ("content/sound.en.md", "warning"),
        ("content/staged.en.md", "warning"),
        ("content/untracked مرحبا.en.md", "warning"),
    ]
    assert ran.json["items"] == 4
    assert ran.code == 1


def test_a_deleted_download_is_seen_at_the_item_that_nobody_touched(publisher, site, repository):
    download = site.write("content/report.pdf", "%PDF")
    site.item("offer.en.md", "Offer", downloads="[report.pdf]")
    commit(repository)
    download.unlink()
    found = paths(publisher("check", "--since", "HEAD", "--json"))
    assert ("content/offer.en.md", "error") in found


def test_what_others_did_meanwhile_is_not_ours(publisher, site, repository):
    git(repository, "checkout", "--quiet", "-b", "ours")
    site.item("ours.en.md", "Ours", date="2025-01-01", hue="red")
    commit(repository)
    git(repository, "checkout", "--quiet", "main")
    site.item("theirs.en.md", "Theirs", date="2025-01-01", tint="red")
    commit(repository)
    git(repository, "checkout", "--quiet", "ours")
    ran = publisher("check", "--since", "main", "--json")
    assert [path for path, _ in paths(ran)] == ["content/broken.en.md", "content/ours.en.md"]


@pytest.mark.parametrize("ref", ["nowhere", "main:site", "--output=/tmp/x", "-x", "", "main\nx"])
def test_a_commit_that_git_does_not_know_is_usage(publisher, repository, ref):
    ran = publisher("check", f"--since={ref}")
    assert ran.code == 2
    assert "--since" in ran.err


def test_a_site_in_no_repository_says_so(publisher, site):
    ran = publisher("check", "--since", "HEAD")
    assert ran.code == 2
    assert "in no git repository" in ran.err


def test_a_repository_cannot_have_a_program_run(publisher, site, repository, tmp_path):
    told = tmp_path / "told"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {told}\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external"):
        git(repository, "config", key, str(program))
    site.item("sound.en.md", "Changed")
    assert publisher("check", "--since", "HEAD").code == 1
    assert not told.exists()


def test_looking_writes_nothing_into_the_repository(publisher, site, repository):
    index = repository / ".git/index"
    before = index.read_bytes(), index.stat().st_mtime_ns
    (site.root / "content/sound.en.md").touch()
    publisher("check", "--since", "HEAD")
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before


def test_the_sentence_says_what_is_added_to_which_edition(publisher, site, repository):
    site.item("summit.en.md", "Summit")
    site.item("summit.ar.md", "القمة")
    site.item("draft.en.md", "Later", status="draft")
    site.item("future.en.md", "Later", date="2027-01-01")
    ran = publisher("check", "--since", "HEAD")
    assert ran.out.splitlines()[-1] == (
        "Adds 2 items to weekly of 2026-03-03 07:00 (Europe/London), in en and ar "
        "(1 draft, 1 dated later)"
    )
    ran = publisher("check", "--since", "HEAD", "--json")
    assert ran.json["changes"]["adds"] == [
        {
            "digest": "weekly",
            "slot": "2026-03-03T07:00",
            "zone": "Europe/London",
            "items": 2,
            "languages": ["en", "ar"],
            "readers": None,
        }
    ]


def test_readers_are_counted_when_there_is_a_database(publisher, site, repository):
    for number, tag in enumerate(("en", "en", "ar", "fr")):
        address = f"reader{number}@example.org"
        consent = ("--consent", "I asked") if number else ()
        assert publisher("subscribers", "add", address, "--lang", tag, *consent).code == 0
    site.item("summit.ar.md", "القمة")
    said = publisher("check", "--since", "HEAD").out.splitlines()[-1]
    assert said.startswith("Adds 1 item to weekly of 2026-03-03 07:00 (Europe/London), in ar")
    assert ", for " in said
    site.item("summit.en.md", "Summit")
    site.item("summit.fr.md", "Sommet")
    said = publisher("check", "--since", "HEAD").out.splitlines()[-1]
    assert said == (
        "Adds 3 items to weekly of 2026-03-03 07:00 (Europe/London), in en, ar and fr, "
        "for 3 readers"
    )


def test_nothing_added_is_said_too(publisher, site, repository):
    assert publisher("check", "--since", "HEAD").out.splitlines()[-1] == (
        "Adds nothing to any edition"
    )


def test_github_gets_each_problem_at_its_line_from_the_top_of_the_repository(
    publisher, site, repository
):
    site.item("summit.en.md", "Summit", hue="red")
    ran = publisher("check", "--since", "HEAD", "--format", "github")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0].startswith("::error file=site/content/broken.en.md,line=3,title=publisher::")
    assert any(
        line.startswith("::warning file=site/content/summit.en.md,line=4,title=publisher::")
        for line in lines
    )
    assert lines[-1].startswith("Adds 1 item to weekly")
    assert all(line.startswith(("::error ", "::warning ")) for line in lines[:-1])


def test_github_without_since_ends_with_the_count(publisher, site):
    site.item("a.en.md", "A")
    lines = publisher("check", "--format", "github").out.splitlines()
    assert lines[0].startswith("::warning file=content/a.en.md,title=publisher::no ar, fr yet")
    assert lines[-1] == "1 item read: 0 errors and 1 warning"


def test_wrong_settings_are_shown_to_github_too(publisher, site):
    site.configure("[site]\n")
    ran = publisher("check", "--format", "github")
    assert ran.code == 3
    assert ran.out.startswith("::error file=publisher.toml,")


def test_nothing_an_editor_writes_ends_a_command_or_begins_another():
    problem = Problem("content/a,b:c%.md", 7, "50% of\r\n::error::x", "see: a, b", Level.WARNING)
    assert command_of(problem, "site:1/") == (
        "::warning file=site%3A1/content/a%2Cb%3Ac%25.md,line=7,title=publisher::"
        "50%25 of%0D%0A::error::x; see: a, b"
    )
    assert "line" not in command_of(Problem("publisher.toml", 0, "x"), "")
