"""The project stands by itself: nothing in it leans on what lies beside the checkout."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
BESIDE = ".." + "/shared"


def test_nothing_but_ci_mentions_a_folder_beside_the_checkout():
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        ).stdout
        files = [ROOT / name.decode() for name in listed.split(b"\0") if name]
    else:
        files = [
            path for room in ("publisher", "tests", "docs") for path in (ROOT / room).rglob("*")
        ]
    found = [
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.is_file() and BESIDE.encode() in path.read_bytes()
    ]
    assert found in ([".ci/run"], [])
