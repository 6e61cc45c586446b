"""What is pushed goes live when it passes its check, and not before."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from publisher.app import building, open_app
from publisher.ops import Clock
from tests.conftest import NOW, SETTINGS, SmallSite

from .pieces import DEPLOY, program

GOOD = "---\ntitle: {}\ndate: 2026-03-01T10:00:00Z\n---\nText.\n"
BAD = "---\ntitle: [\n---\nText.\n"
IDS = "content/ids.json"
PUBLISHER = Path(sys.executable).with_name("publisher")
ENVIRON = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


@dataclass
class Desk:
    """Where an author writes, and the site on the server that takes over what they push."""

    author: Path
    site: Path  # the folder with publisher.toml, which may lie inside the repository

    def push(self, path: str, text: str, *options: str) -> None:
        inside = self.author / self.site.relative_to(self.site_root)
        (inside / path).parent.mkdir(parents=True, exist_ok=True)
        (inside / path).write_text(text, encoding="utf-8")
        git(self.author, "add", "-A")
        git(self.author, "commit", "-qm", "change")
        git(self.author, "push", "-q", *options)

    def take(self, checker: str | Path = "true") -> subprocess.CompletedProcess[str]:
        """Take over what was pushed; without a checker, everything passes."""
        return subprocess.run(
            [DEPLOY / "take-content"],
            cwd=self.site,
            env={**ENVIRON, "PUBLISHER": str(checker)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def build(self) -> None:
        """Build as the service does, which writes ids.json."""
        building.build(open_app(self.site, Clock(NOW)))

    def remembered(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.site / IDS).read_text())
        return found

    @property
    def site_root(self) -> Path:
        return Path(git(self.site, "rev-parse", "--show-toplevel").strip())


def git(folder: Path, *arguments: str | Path) -> str:
    done = subprocess.run(
        [program("git"), "-C", folder, *arguments],
        env=ENVIRON,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """A site in a folder of its repository; a test may say in which, by a parameter."""
    author, origin, server = tmp_path / "author", tmp_path / "origin.git", tmp_path / "server"
    inside = author / getattr(request, "param", "web/news")
    inside.mkdir(parents=True)
    small = SmallSite(inside)
    small.configure(SETTINGS + 'metrics_token_file = "var/metrics"\n')
    small.write("content/first.en.md", GOOD.format("First"))
    small.write(".gitignore", "/var/\n/feeds/\n/outbox/\n")
    git(author, "init", "-qb", "main")
    git(author, "add", "-A")
    git(author, "commit", "-qm", "first")
    git(tmp_path, "clone", "-q", "--bare", author, origin)
    git(author, "remote", "add", "origin", origin)
    git(author, "push", "-qu", "origin", "main")
    git(tmp_path, "clone", "-q", origin, server)
    site = server / inside.relative_to(author)
    (site / "var").mkdir()
    (site / "var/metrics").write_text("secret")
    return Desk(author, site)


@pytest.mark.parametrize("desk", [""], indirect=True)
def test_what_passes_goes_live_and_what_fails_does_not(desk):
    assert (desk.take(PUBLISHER).returncode, desk.take(PUBLISHER).stdout) == (0, "")  # nothing new
    desk.push("content/second.en.md", GOOD.format("Second"))
    done = desk.take(PUBLISHER)
    assert (done.returncode, "took over" in done.stdout) == (0, True), done.stderr
    assert (desk.site / "content/second.en.md").exists()

    desk.push("content/third.en.md", BAD)
    refused = desk.take(PUBLISHER)
    assert refused.returncode == 1
    assert "content/third.en.md:3" in refused.stdout + refused.stderr
    assert "is not taken over; the site stays at" in refused.stderr
    assert not (desk.site / "content/third.en.md").exists()

    desk.push("content/third.en.md", GOOD.format("Third"))
    assert desk.take(PUBLISHER).returncode == 0
    assert (desk.site / "content/third.en.md").exists()
    assert git(desk.site, "worktree", "list").count("\n") == 1
    assert git(desk.site, "status", "--porcelain", "-uno") == ""


def test_what_the_site_remembers_and_what_an_author_pushes_come_together(desk):
    desk.build()  # ids.json is written here, unknown to git
    desk.push("content/second.en.md", GOOD.format("Second"))
    assert desk.take().returncode == 0
    desk.build()
    mine = (desk.site / IDS).read_text()
    theirs = mine.replace(
        '"": {}',
        '"x.en.md": {"id": "x", "key": "x", "language": "en", "hash": "h", "about": "a"},\n"": {}',
    )
    desk.push(IDS, theirs)  # the author sends it as well
    done = desk.take()
    assert done.returncode == 0, done.stderr
    assert "x.en.md" in desk.remembered()

    desk.push("content/third.en.md", GOOD.format("Third"))
    assert desk.take().returncode == 0
    desk.build()  # and now git knows a file that is another here
    assert "third.en.md" in desk.remembered()
    desk.push(IDS, theirs.replace('"x"', '"y"'))
    done = desk.take()
    assert done.returncode == 0, done.stderr
    assert {"first.en.md", "third.en.md"} <= set(desk.remembered())

    (desk.author / desk.site.relative_to(desk.site_root) / IDS).unlink()
    desk.push("content/fourth.en.md", GOOD.format("Fourth"))
    done = desk.take()
    assert done.returncode == 0, done.stderr
    assert "first.en.md" in desk.remembered()


def test_a_history_that_was_rewritten_is_left_to_somebody(desk):
    desk.push("content/second.en.md", GOOD.format("Second"))
    assert desk.take().returncode == 0
    git(desk.author, "reset", "-q", "--hard", "HEAD~1")
    desk.push("content/other.en.md", GOOD.format("Other"), "--force")
    done = desk.take()
    assert done.returncode == 1
    assert "history was rewritten" in done.stderr
    assert (desk.site / "content/second.en.md").exists()


def test_a_change_made_on_the_server_is_not_overwritten(desk):
    desk.build()
    desk.push("content/first.en.md", GOOD.format("First, mended"))
    (desk.site / "content/first.en.md").write_text(GOOD.format("Changed here"))
    before = (desk.site / IDS).read_text()
    done = desk.take()
    assert done.returncode == 1
    assert "files were changed in" in done.stderr
    assert "Changed here" in (desk.site / "content/first.en.md").read_text()
    assert (desk.site / IDS).read_text() == before
    git(desk.site, "checkout", "--", "content/first.en.md")
    assert desk.take().returncode == 0


def test_a_file_written_here_and_pushed_just_the_same_is_no_obstacle(desk):
    (desk.site / ".gitignore").write_text("/var/\n/feeds/\n/outbox/\n/scratch/\n")
    (desk.site / "content/zwölf Uhr.en.md").write_text(GOOD.format("Written here"))
    inside = desk.site.relative_to(desk.site_root)
    for name in (".gitignore", "content/zwölf Uhr.en.md"):
        shutil.copy(desk.site / name, desk.author / inside / name)
    desk.push("content/second.en.md", GOOD.format("Second"))
    done = desk.take()
    assert (done.returncode, done.stderr) == (0, "")
    assert (desk.site / "content/second.en.md").exists()
    assert git(desk.site, "status", "--porcelain") == ""


def test_with_one_file_the_same_and_one_not_nothing_is_taken_over(desk):
    (desk.site / "content/same.en.md").write_text(GOOD.format("Same"))
    (desk.site / "content/other.en.md").write_text(GOOD.format("Here"))
    inside = desk.site.relative_to(desk.site_root)
    shutil.copy(desk.site / "content/same.en.md", desk.author / inside / "content")
    desk.push("content/other.en.md", GOOD.format("There"))
    done = desk.take()
    assert done.returncode == 1
    assert "content/other.en.md" in done.stderr
    assert "content/same.en.md" not in done.stderr
    assert git(desk.site, "status", "--porcelain").splitlines() == [
        f"?? {inside}/content/other.en.md",
        f"?? {inside}/content/same.en.md",
    ]
