"""A real browser with a screen, for tests that look at pages as people do."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_AXE = Path(__file__).parents[1] / "data/axe/axe.min.js"


@contextmanager
def open_chromium() -> Iterator[Any]:
    """Yield Playwright's handle on a Chromium; skip the test on a machine that has none."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
        except Error as error:
            pytest.skip(f"there is no Chromium here: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


def violations(page: Any) -> list[str]:
    """Return what axe finds against WCAG 2.2 A and AA on a page, one line a rule and place."""
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate(f"axe.run({{runOnly: {json.dumps(tags)}}})")
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
