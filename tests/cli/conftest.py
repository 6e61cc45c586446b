"""Run commands as people do: in this process where only words count, else in one of their own."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.checks.nameserver import NameServer, serving
from tests.rig.launch import launch

ROOT = Path(__file__).parents[2]
# When sites are made ready: clocks go on while a command runs, and would be ahead of the next one's.
EARLIER = "2026-03-02T11:00:00Z"
BEFORE_SLOT = "2026-03-02T12:00:00Z"
AT_SLOT = "2026-03-03T07:00:30Z"  # the small site's weekly digest: Tue 07:00 in London


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its exit code and its words."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def publisher(site, capfd, monkeypatch) -> Callable[..., Ran]:
    """Run a command on the small site in this process, its clock starting at `at`."""
    from publisher.cli.main import run

    monkeypatch.chdir(site.root)

    def call(*words: str | Path, at: str = BEFORE_SLOT) -> Ran:
        monkeypatch.setenv("PUBLISHER_TESTING", "1")
        monkeypatch.setenv("PUBLISHER_NOW", at)
        capfd.readouterr()
        code = run([str(word) for word in words])
        said = capfd.readouterr()
        return Ran(code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def kept_sites(tmp_path_factory) -> Path:
    """Where sites lie that many tests start from."""
    return tmp_path_factory.mktemp("kept-sites")


@pytest.fixture
def once(site, kept_sites) -> Callable[[Callable[[], None]], None]:
    """Have a function make of the site what tests start from; from the second time on, copy it.

    What it makes may depend on nothing but the files of the site.
    """

    def call(make: Callable[[], None]) -> None:
        seen = hashlib.sha256(f"{make.__module__}.{make.__qualname__}".encode())
        for path in sorted(site.root.rglob("*")):
            seen.update(f"\0{path.relative_to(site.root)}\0".encode())
            seen.update(path.read_bytes() if path.is_file() else b"")
        kept = kept_sites / seen.hexdigest()
        if kept.exists():
            shutil.copytree(kept, site.root, dirs_exist_ok=True)
        else:
            make()
            shutil.copytree(site.root, kept)

    return call


@pytest.fixture
def nameserver(monkeypatch) -> Iterator[NameServer]:
    """A DNS server on loopback that commands ask instead of this machine's."""
    with serving() as server:
        monkeypatch.setenv("PUBLISHER_DNS", "{}:{}".format(*server.place))
        yield server


def process(*words: str | Path, cwd: Path, **environ: str) -> Ran:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "publisher", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def forked(*words: str | Path, cwd: Path, **environ: str) -> Ran:
    """Run a command in a process forked from a warm one, where it is ended again and again."""
    with tempfile.TemporaryDirectory() as folder:
        given = ["--site", str(cwd), *map(str, words)]
        ended = launch(given, Path(folder, "said"), {**os.environ, **environ}).wait()
    return Ran(ended.code, ended.out, ended.err)


@pytest.fixture(name="process")
def process_fixture() -> Callable[..., Ran]:
    return process
