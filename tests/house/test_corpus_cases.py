"""No hostile case is passed by in silence: each one of the corpus is named by a test.

The folder is named by PUBLISHER_CORPUS. What a case's outcome must be, its own test says.
"""

import json
import os
import re
from pathlib import Path

import pytest

CORPUS = Path(os.environ.get("PUBLISHER_CORPUS", "."))
TESTS = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(
    "PUBLISHER_CORPUS" not in os.environ, reason="PUBLISHER_CORPUS names no corpus"
)
GROUPS = ("signup", "http", "bounce", "import")
# Feeds and lists of feeds are read by who moves in from another program: no people are in them.
NO_LIST_OF_PEOPLE = re.compile(r"import/\d+-(rss|opml|jsonfeed)-")


def cases():
    """Return the files of the cases: those the manifest tells, and those that lie there."""
    told = {case["file"] for case in json.loads((CORPUS / "manifest.json").read_text())["items"]}
    there = {f"{group}/{path.name}" for group in GROUPS for path in (CORPUS / group).iterdir()}
    found = {file for file in told | there if file.partition("/")[0] in GROUPS}
    return sorted(file for file in found if not NO_LIST_OF_PEOPLE.match(file))


def test_every_case_of_the_corpus_is_named_by_a_test():
    texts = [path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")]
    unnamed = [
        file
        for file in cases()
        if not any(f'"{name}"' in text for name in named(file) for text in texts)
    ]
    assert unnamed == []
    assert len(cases()) > 60


def named(file):
    """Return how a test may write a case's name."""
    return Path(file).name, Path(file).stem


def test_every_message_of_the_corpus_is_kept_here_as_it_is():
    here = TESTS / "data/feedback/hostile"
    for path in (CORPUS / "bounce").iterdir():
        assert (here / path.name).read_bytes() == path.read_bytes(), path.name
