"""Make a site of twelve stories and a database of a million readers, the same ones every time.

Readers choose one to three of six languages in their order, kinds and up to four of twenty
categories, each by its own fair dice: about 150,000 distinct preferences. Rows are written in
bulk; how fast people are imported is another question.
"""

import hashlib
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path

from sqlalchemy import Engine

from publisher.store import insert_many, open_engine, upgrade, write
from publisher.store.tables import signatures, subscribers, subscriptions

SEED = 20_260_301
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIRST = datetime(2026, 3, 3, 7, tzinfo=UTC)  # the first edition's slot
WEEK = timedelta(days=7)
DIGEST = "weekly"
LANGUAGES = ("en", "ar", "fr", "es", "de", "pt")
_WEIGHTS = (30, 25, 15, 12, 10, 8)  # per cent of readers whose first language it is
_KINDS = ("news", "article", "event-report", "event")
_CATEGORIES = tuple(f"topic-{number:02}" for number in range(20))
_STORIES = 12
_AT_ONCE = 20_000  # rows a transaction
_PEOPLE = (
    "id", "public_id", "address", "address_key", "address_hash", "languages", "state",
    "created_at", "confirmed_at", "changed_at",
)  # fmt: skip
_SUBSCRIBED = ("subscriber_id", "digest", "kinds", "categories", "signature_id", "changed_at")
_SIGNATURES = ("id", "languages", "kinds", "categories", "originals")


def make_site(root: Path) -> None:
    """Write twelve stories of the last days, each in two to six languages, and the settings."""
    names = "".join(f"[categories.{slug}]\n" for slug in _CATEGORIES)
    (root / "content").mkdir(parents=True)
    (root / "publisher.toml").write_text(
        '[site]\nurl = "https://example.org"\nname = "Example"\n'
        f"languages = [{', '.join(map(repr, LANGUAGES))}]\n{names}"
        '[feeds]\nid_authority = "example.org,2026"\n'
        f'[digests.{DIGEST}]\nevery = "week"\nat = "Tue 07:00"\n'
        '[sender]\naddress = "news@example.org"\npostal_address = "1 Example Street"\n',
        encoding="utf-8",
    )
    write_stories(root, START)


def write_stories(root: Path, now: datetime, week: int = 0) -> None:
    """Write the stories of a week; the first of each week is for readers of every category."""
    dice = random.Random(SEED + week)
    for number in range(_STORIES):
        kind = _KINDS[number % 3]
        chosen = _CATEGORIES if number == 0 else dice.sample(_CATEGORIES, 3)
        for tag in LANGUAGES[: dice.randint(2, 6)] if number else LANGUAGES:
            (root / f"content/story-{week}-{number}.{tag}.md").write_text(
                f'---\ntitle: "Story {number}"\ndate: {now - timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}\n'
                f"kind: {kind}\ncategories: [{', '.join(chosen)}]\n---\n\n{'Some text. ' * 60}\n",
                encoding="utf-8",
            )


def correct_story(root: Path, week: int = 0) -> None:
    """Correct the first story of a week, in all its languages."""
    for tag in LANGUAGES:
        path = root / f"content/story-{week}-0.{tag}.md"
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("kind:", "correction: The figure was wrong.\nkind:", 1), encoding="utf-8"
        )


def make_readers(url: str, root: Path, count: int, *, alike: bool = False) -> int:
    """Fill a new database with this many active readers; return how many preferences they have.

    alike  all read English and chose nothing else: one body for everybody
    """
    engine = open_engine(url, root)
    upgrade(engine)
    known: dict[tuple[str, str, str], int] = {}
    for first in range(1, count + 1, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, count + 1))
        choices = repeat(("en", "", ""), len(numbers)) if alike else _choices(numbers)
        _write_readers(engine, zip(numbers, choices, strict=True), known)
    with write(engine) as conn:
        if engine.dialect.name == "postgresql":
            conn.exec_driver_sql("ANALYZE")
    engine.dispose()
    return len(known)


def _write_readers(
    engine: Engine,
    readers: Iterable[tuple[int, tuple[str, str, str]]],
    known: dict[tuple[str, str, str], int],
) -> None:
    at = int(START.timestamp()) - 1_000_000
    people, subscribed, new = [], [], []
    for number, choice in readers:
        if choice not in known:
            known[choice] = len(known) + 1
            new.append((known[choice], *choice, 0))
        languages, kinds, categories = choice
        address = f"reader{number}@example{number % 5000}.org"
        hashed = hashlib.sha256(address.encode()).digest()
        public_id = hashed.hex()[:26]
        people.append(
            (number, public_id, address, address, hashed, languages, "active", at, at, at)
        )
        subscribed.append((number, DIGEST, kinds, categories, known[choice], at))
    with write(engine) as conn:
        insert_many(conn, subscribers, _PEOPLE, people)
        insert_many(conn, signatures, _SIGNATURES, new)
        insert_many(conn, subscriptions, _SUBSCRIBED, subscribed)


def _choices(numbers: range) -> Iterator[tuple[str, str, str]]:
    """Yield languages, kinds and categories of each reader."""
    for number in numbers:
        dice = random.Random(SEED + number)
        languages = dict.fromkeys(dice.choices(LANGUAGES, _WEIGHTS, k=dice.choice((1, 1, 1, 2, 3))))
        kinds: list[str] = []
        if dice.random() < 0.1:
            kinds = sorted(dice.sample(_KINDS, dice.randint(2, 3)))
        categories: list[str] = []
        if dice.random() < 0.5:
            categories = sorted(dice.sample(_CATEGORIES, dice.randint(1, 4)))
        yield " ".join(languages), " ".join(kinds), " ".join(categories)
