"""Whole feeds of one story in English and in machine-made Arabic, compared after parsing.

With PUBLISHER_GOLDEN=1 the golden files are written anew; read the difference before you keep it.
"""

import json
import os
import shutil
from pathlib import Path

import pytest
from lxml import etree

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def story(built):
    shutil.copytree(GOLDEN / "content", built.site.root / "content", dirs_exist_ok=True)
    assert built.build().problems == ()
    return built


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("format_", ["rss", "atom", "json"])
def test_a_feed_is_what_it_was(story, language, format_):
    golden = GOLDEN / f"{language}.{format_}"
    data = story.read(f"{language}/all.{format_}")
    if os.environ.get("PUBLISHER_GOLDEN"):
        golden.write_bytes(data)
    assert parsed(data) == parsed(golden.read_bytes())


def parsed(data: bytes) -> object:
    if data.startswith(b"{"):
        return json.loads(data)
    return etree.tostring(etree.fromstring(data), method="c14n")
