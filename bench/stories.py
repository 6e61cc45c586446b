"""Stories of a newsletter, the same ones every time: what a digest of about 60 KB is made of."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

SEED = 20_260_303
COUNT = 22
URL = "https://our-town.org"
_TEXT = (
    "city council mayors strategy prevention youth network summit local practice report training "
    "violence community résilience Malmö schools evidence partners findings workshop region café "
    "São Paulo mentors dialogue hate harm online policy families trust libraries naïve sport"
)
_WORDS = _TEXT.split()


@dataclass(frozen=True, slots=True)
class Story:
    """What a newsletter says of one story."""

    key: str
    title: str
    summary: str  # about 250 characters
    link: str


def stories(count: int = COUNT) -> list[Story]:
    """Return so many stories."""
    return [_story(number) for number in range(count)]


def write_stories(content: Path, now: datetime, count: int = COUNT) -> None:
    """Write the stories as content files, one an hour, the last one an hour before now."""
    content.mkdir(parents=True, exist_ok=True)
    for number, story in enumerate(stories(count), start=1):
        date = f"{now - timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}"
        (content / f"{story.key}.en.md").write_text(
            f'---\ntitle: "{story.title}"\ndate: {date}\nsummary: "{story.summary}"\n---\n\n'
            f"{story.summary}\n",
            encoding="utf-8",
        )


def _story(number: int) -> Story:
    dice = random.Random(SEED + number)
    title = " ".join(dice.choices(_WORDS, k=7)).capitalize()
    summary = " ".join(dice.choices(_WORDS, k=34)).capitalize()[:250] + "."
    return Story(
        f"story-{number}", title, summary, f"{URL}/en/story-{number}/?from=digest&n={number}"
    )
