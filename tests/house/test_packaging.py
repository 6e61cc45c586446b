"""What a stranger installs: sdist and wheel carry all that the program needs, and it works alone."""

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT],
        check=True,
        capture_output=True,
    )
    return out


@pytest.mark.slow
def test_wheel_made_from_sdist_carries_templates_and_sample(dist):
    (wheel,) = dist.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "publisher/templates/email/digest.mjml.j2" in names
    assert "publisher/templates/locale/ar.po" in names
    assert "publisher/sample/publisher.toml" in names
    assert any(name.startswith("publisher/sample/content/2023/") for name in names)
    assert any(name.startswith("publisher/store/migrations/versions/") for name in names)
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"publisher.toml", "README.md", "templates/email/digest.mjml.j2"} <= inside
    assert {"deploy/take-content", "deploy/systemd/publisher.service"} <= inside


@pytest.mark.slow
def test_installed_wheel_runs_demo_init_and_build_elsewhere(dist, tmp_path):
    (wheel,) = dist.glob("*.whl")
    home = tmp_path / "elsewhere"
    venv.create(home / "venv", with_pip=True)
    python = home / "venv/bin/python"
    subprocess.run(
        # Compiling everything takes longer than installing it; what is used is compiled anyway.
        [python, "-m", "pip", "install", "--quiet", "--no-compile", wheel],
        check=True,
        cwd=home,
    )
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PUBLISHER_"))}

    def publisher(*arguments: str | Path) -> str:
        done = subprocess.run(
            [home / "venv/bin/publisher", *arguments],
            cwd=home,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    publisher("demo", "--out", home / "demo")
    assert "القمة" in (home / "demo/index.html").read_text(encoding="utf-8")
    publisher("init", "news")
    publisher("--site", "news", "check")
    publisher("--site", "news", "build")
    assert (home / "news/feeds/en/all.rss").stat().st_size > 500


def test_no_page_installs_by_name_what_is_another_program_on_pypi():
    by_name = re.compile(r"pip install (?:-\S+ )*['\"]?publisher\b")
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    assert [page.name for page in pages if by_name.search(page.read_text("utf-8"))] == []
