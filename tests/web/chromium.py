"""A real browser with a screen, for tests that look at pages as people do."""

import asyncio
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


@contextmanager
def running(loop: asyncio.AbstractEventLoop | None) -> Iterator[None]:
    """Let asyncio take this loop, or none, for the one that runs in this thread.

    Playwright marks its own as running for as long as the browser is open, so that nothing else
    could run one: no other test could send mail.
    """
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(before)


def violations(page: Any) -> list[str]:
    """Return what axe finds against WCAG 2.2 A and AA on a page, one line a rule and place."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    return _found(page, {"type": "tag", "values": tags})


def violations_that_differ(page: Any) -> list[str]:
    """Return what axe finds of that which another width or scheme of colours can change."""
    return _found(page, {"type": "rule", "values": ["color-contrast", "target-size"]})


def _found(page: Any, rules: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text(encoding="utf-8"))
    # Hundreds of time zones, all alike, would take most of the time.
    where = {"include": [["html"]], "exclude": [["optgroup"]]}
    how = {"runOnly": rules, "resultTypes": ["violations"]}
    found = page.evaluate("([where, how]) => axe.run(where, how)", [where, how])
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
