"""The rooms import downwards only; what must not know the database does not."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_rooms_import_only_downwards():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout
