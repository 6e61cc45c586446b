"""What goes into which edition: the specification, in small stories.

Each row tells a few days of one site and what every reader had in hand at their end. The digest is
daily; the site's languages are en, ar and fr; a reader's first language is waited for three days,
then the next will do, then the site's first. How a story is written stands in `tale`.
"""

import pytest

from tests.digests.conftest import House
from tests.digests.tale import Tale

NO_FALLBACK = "fallback = false"
BY_EDITOR = 'approve = "editor"'

LANGUAGES = [
    (
        "what is there goes into the next edition, once",
        "1 a.en appears | 2 edition | 3 edition",
        {"en": "2 a/en"},
    ),
    (
        "a translation within the wait comes instead of the original",
        "1 a.en appears | 2 a.ar appears | 3 edition | 5 edition",
        {"ar": "3 a/ar", "en": "3 a/en"},
    ),
    (
        "who waits for a translation gets nothing before, and the original after the wait",
        "1 a.en appears | 2 edition | 3 edition | 4 edition",
        {"ar": "4 a/en*", "ar en": "4 a/en", "en": "2 a/en"},
    ),
    (
        "a translation that comes after the wait, but before the next edition, is the better one",
        "1 a.en appears | 3 edition | 5 a.ar appears | 6 edition",
        {"ar": "6 a/ar", "ar en": "6 a/ar"},
    ),
    (
        "a translation is nothing new to those who had the story in another language",
        "1 a.en appears | 4 edition | 5 a.ar appears | 6 edition",
        {"ar": "4 a/en*", "ar en": "4 a/en", "en ar": "4 a/en"},
    ),
    (
        "the original is nothing new to those who had the translation",
        "1 a.ar appears | 2 edition | 3 a.en appears | 4 edition",
        {"ar": "2 a/ar", "ar en": "2 a/ar", "en": "4 a/en"},
    ),
    (
        "after the wait the next language will do, before the site's first",
        "1 a.en appears | 2 a.fr appears | 4 edition",
        {"ar fr": "4 a/fr", "ar fr en": "4 a/fr", "ar en fr": "4 a/en"},
    ),
    (
        "without the site's first language there is nothing to fall back to",
        "1 a.fr appears | 4 edition | 6 a.en appears | 7 edition",
        {"ar": "7 a/en*", "fr": "4 a/fr", "en": "7 a/en"},
    ),
]

ORIGINALS = [
    (
        "who asked for originals gets the original rather than a machine's translation",
        "1 a.en appears | 1 a.ar appears machine=en | 2 edition",
        {"en": "2 a/en", "ar": "2 a/ar", "ar (originals)": "2 a/en^"},
    ),
    (
        "what a person translated is good enough for them",
        "1 a.en appears | 1 a.ar appears | 2 edition",
        {"ar (originals)": "2 a/ar"},
    ),
    (
        "the original is what the translation was made from, whichever language that is",
        "1 a.fr appears | 1 a.en appears machine=fr | 2 edition",
        {"en (originals)": "2 a/fr^"},
    ),
]

FILES = [
    (
        "a backdated file goes into the next edition",
        "1 a.en appears | 2 edition | 3 b.en appears dated=-9 | 4 edition",
        {"en": "2 a/en | 4 b/en"},
    ),
    (
        "what is edited after the freeze goes out as frozen, and the edit is not sent again",
        "1 a.en appears | 2 the slot freezes | 2 a.en is edited | 3 edition | 4 edition",
        {"en": "2 a/en"},
    ),
    (
        "a renamed or moved file is the same item",
        "1 a.en appears | 2 edition | 3 a.en is renamed b.en | 4 edition",
        {"en": "2 a/en"},
    ),
    (
        "renamed before its edition, it goes out once, by its new name",
        "1 a.en appears | 2 a.en is renamed b.en | 3 edition | 4 edition",
        {"en": "3 b/en"},
    ),
    (
        "what is withdrawn before the freeze goes nowhere, and is new when it comes back",
        "1 a.en appears | 2 a.en is withdrawn | 3 edition | 4 a.en returns | 5 edition",
        {"en": "5 a/en"},
    ),
    (
        "what is withdrawn after the freeze has gone out, and is not new when it comes back",
        "1 a.en appears | 2 edition | 3 a.en is withdrawn | 4 a.en returns | 5 edition",
        {"en": "2 a/en"},
    ),
    (
        "drafts and what is on hold wait until they are ready",
        "1 a.en appears status=draft | 1 b.en appears status=hold | 2 edition"
        " | 3 a.en is edited status=ready | 3 b.en is edited status=ready | 4 edition",
        {"en": "4 a/en b/en"},
    ),
    (
        "what is dated in the future waits until then",
        "1 a.en appears dated=4 | 2 edition | 4 edition",
        {"en": "4 a/en"},
    ),
    (
        "skipped items stay out of digests, pinned ones stand first",
        "1 a.en appears digest=skip | 1 b.en appears digest=pin | 2 c.en appears | 2 edition",
        {"en": "2 b/en c/en"},
    ),
]

AGE = [
    (
        "what is older than max_age when it appears counts as sent, unless it is pinned",
        'max_age = "5d"',
        "1 a.en appears | 2 edition | 3 b.en appears dated=-9 | 3 c.en appears dated=-9 digest=pin"
        " | 4 edition | 5 b.en is edited | 6 edition",
        {"en": "2 a/en | 4 c/en"},
    ),
    (
        "waiting for a translation makes nothing too old",
        'max_age = "2d"',
        "1 a.en appears | 4 a.ar appears | 5 edition",
        {"ar": "5 a/ar", "ar en": "5 a/ar"},
    ),
    (
        "a translation long after the story is as old as the story",
        'max_age = "5d"\nfallback = false',
        "1 a.en appears | 2 edition | 9 a.ar appears | 10 edition",
        {"en": "2 a/en", "ar": ""},
    ),
    (
        "items dated before `since` count as sent",
        "since = 2026-03-03T00:00:00Z",
        "1 a.en appears dated=0 | 1 b.en appears dated=1 | 2 edition | 3 c.en appears dated=0 | 4 edition",
        {"en": "2 b/en"},
    ),
    (
        "what is dated more than a period before the first slot counts as sent",
        "",
        "1 a.en appears dated=-3 | 1 b.en appears dated=1 | 1 edition | 2 edition",
        {"en": "1 b/en"},
    ),
    (
        "kinds that a digest does not carry wait for nothing",
        'kinds = ["article"]',
        "1 a.en appears kind=article | 1 b.en appears | 2 edition",
        {"en": "2 a/en"},
    ),
]

READERS = [
    (
        "readers get the categories they want",
        "0 en wants prevention | 1 a.en appears categories=prevention | 1 b.en appears | 2 edition",
        {"en": "2 a/en"},
    ),
    (
        "who changes languages gets no story twice",
        "1 a.en appears | 2 edition | 2 en reads ar | 3 a.ar appears | 4 edition | 7 edition",
        {"en": "2 a/en"},
    ),
    (
        "and loses none that waited for the language of before",
        "1 a.en appears | 2 edition | 3 ar reads en | 3 edition | 5 edition",
        {"ar": "3 a/en"},
    ),
    (
        "nor one that the language of before would never have had",
        "1 a.fr appears | 2 edition | 3 ar reads fr | 3 edition | 4 edition",
        {"ar": "3 a/fr"},
    ),
    (
        "one who changes there and back is like one who never changed",
        "1 a.en appears | 2 ar reads en | 2 ar reads ar | 3 a.ar appears | 3 edition | 5 edition",
        {"ar": "3 a/ar"},
    ),
    (
        "who joins before the freeze gets the edition; who joins later the next",
        "1 a.en appears | 1 ann joins in en | 2 edition | 2 bea joins in en | 3 edition"
        " | 3 b.en appears | 4 edition",
        {"ann": "2 a/en | 4 b/en", "bea": "4 b/en"},
    ),
    (
        "who joins between the freeze and the writing of its deliveries gets what was frozen",
        "1 a.en appears | 2 the slot freezes | 2 b.en appears | 2 ann joins in en | 2 edition | 3 edition",
        {"ann": "2 a/en | 3 b/en", "en": "2 a/en | 3 b/en"},
    ),
    (
        "who joins while a draft waits for an editor gets it too",
        "1 a.en appears | 2 edition | 3 ann joins in en | 3 approve",
        {"ann": "2 a/en", "en": "2 a/en"},
    ),
    (
        "a pause keeps all editions away, and nothing is sent later for it",
        "1 a.en appears | 1 en pauses until 4 | 2 edition | 4 b.en appears | 5 edition",
        {"en": "5 b/en"},
    ),
    (
        "who leaves gets nothing more",
        "1 a.en appears | 2 edition | 3 en leaves | 3 b.en appears | 4 edition",
        {"en": "2 a/en"},
    ),
]

EVENTS = [
    (
        "an event comes when it is announced, and once more in the last edition before it",
        "1 a.en appears on=5 | 2 edition | 4 edition | 5 edition | 6 edition",
        {"en": "2 a/en | 5 a/en~"},
    ),
    (
        "alone, if nothing else is new",
        "1 a.en appears on=5 | 2 edition | 5 edition",
        {"en": "2 a/en | 5 a/en~"},
    ),
    (
        "announced in the last edition before it, it comes once",
        "4 a.en appears on=5 | 5 edition | 6 edition",
        {"en": "5 a/en"},
    ),
    (
        "an event is not announced after it ended",
        "4 a.en appears on=5 | 6 edition | 7 edition",
        {"en": ""},
    ),
    (
        "a cancelled event does not return",
        "1 a.en appears on=5 | 2 edition | 3 a.en is edited cancelled | 5 edition",
        {"en": "2 a/en"},
    ),
    (
        "an event that was moved returns before its new day",
        "1 a.en appears on=5 | 2 edition | 3 a.en is edited moved=8 | 5 edition | 8 edition",
        {"en": "2 a/en | 8 a/en~"},
    ),
    (
        "also to readers who joined meanwhile, and in the languages there are by then",
        "1 a.en appears on=7 | 4 edition | 5 ann joins in en | 6 a.ar appears on=7 | 7 edition",
        {"ar": "4 a/en* | 7 a/ar~", "ann": "7 a/en~"},
    ),
    (
        "an event before the start of the digest is still to come",
        "0 a.en appears dated=-20 on=5 | 1 edition | 5 edition",
        {"en": "5 a/en~"},
    ),
]

SLOTS = [
    (
        "a missed slot freezes nothing; its items wait for the next",
        "1 a.en appears | 2 nobody looks until night | 2 b.en appears | 3 edition",
        {"en": "3 b/en a/en"},
    ),
    (
        "of several missed slots the last counts",
        "1 a.en appears | 5 edition | 6 edition",
        {"en": "5 a/en"},
    ),
    (
        "a missed slot that is released goes out then, and its items with it",
        "1 a.en appears | 2 nobody looks until night | 3 b.en appears | 3 release | 3 edition",
        {"en": "2 b/en a/en"},
    ),
    (
        "cancelled before its slot: its items wait for the next",
        "1 a.en appears | 1 cancel 2 | 2 edition | 3 edition",
        {"en": "3 a/en"},
    ),
    (
        "cancelled before anything left: its items wait for the next",
        "1 a.en appears | 2 edition | 2 cancel | 2 b.en appears | 3 edition | 4 edition",
        {"en": "3 b/en a/en"},
    ),
    (
        "cancelled after something left: its items count as sent, to all",
        "1 a.en appears | 2 edition | 2 mail to en leaves | 2 cancel | 3 edition",
        {"en": "2 a/en", "ar en": "", "ann": ""},
    ),
    (
        "what only waited in a cancelled edition waits on",
        "1 a.en appears | 2 edition | 2 mail to en leaves | 2 cancel | 4 edition",
        {"en": "2 a/en", "ar": "4 a/en*"},
    ),
    (
        "a held edition keeps its items while later ones go on",
        "1 a.en appears | 1 hold 2 | 2 edition | 2 b.en appears | 3 edition | 3 release | 4 edition",
        {"en": "2 a/en | 3 b/en"},
    ),
    (
        "cancelled when the next has gone already, its items go into the one after",
        "1 a.en appears | 1 hold 2 | 2 edition | 2 b.en appears | 3 edition | 3 cancel 2"
        " | 4 edition | 5 edition",
        {"en": "3 b/en | 4 a/en"},
    ),
    (
        "cancelled twice over, they still come, and once",
        "1 a.en appears | 1 hold 2 | 2 edition | 2 b.en appears | 3 edition | 3 cancel 2"
        " | 4 edition | 4 cancel 4 | 5 edition | 6 edition",
        {"en": "3 b/en | 5 a/en"},
    ),
]

DRAFTS = [
    (
        "a draft waits for an editor, and goes out as frozen",
        "1 a.en appears | 2 edition | 3 a.en is edited | 3 approve | 4 edition",
        {"en": "2 a/en"},
    ),
    ("without an editor's word nothing leaves", "1 a.en appears | 2 edition", {"en": ""}),
    (
        "approved before its slot it goes out at the slot",
        "1 a.en appears | 1 approve 2 | 2 edition",
        {"en": "2 a/en"},
    ),
    (
        "each draft has its own items, in whatever order they are approved",
        "1 a.en appears | 2 edition | 2 b.en appears | 3 edition | 3 approve 3 | 3 approve 2 | 4 edition",
        {"en": "2 a/en | 3 b/en"},
    ),
    (
        "the items of a draft that is given up go into the next edition",
        "1 a.en appears | 2 edition | 2 b.en appears | 3 edition | 3 cancel 2 | 3 approve 3"
        " | 4 edition | 4 approve 4",
        {"en": "3 b/en | 4 a/en"},
    ),
]

EXTRA = [
    (
        "the items of an extra edition count as sent",
        "1 a.en appears | 1 b.en appears | 1 extra a | 2 edition",
        {"en": "1 a/en | 2 b/en", "ar": "1 a/en*"},
    ),
    (
        "who had an item already gets it no second time, whoever waits for it now does",
        "1 a.en appears | 2 edition | 2 extra a | 4 edition",
        {"en": "2 a/en", "ar": "2 a/en*"},
    ),
    (
        "an extra edition asks not whether an item is too old, skipped or from before the start",
        "1 a.en appears dated=-90 | 1 b.en appears digest=skip | 2 edition | 3 extra a b | 4 edition",
        {"en": "3 b/en a/en"},
    ),
    (
        "the same extra edition again goes to nobody",
        "1 a.en appears | 1 extra a | 2 extra a | 2 edition",
        {"en": "1 a/en"},
    ),
    (
        "cancelled before it left it is as if it had not been",
        "1 a.en appears | 1 extra a | 1 cancel | 2 edition",
        {"en": "2 a/en"},
    ),
    (
        "an event of an extra edition still returns before its day",
        "1 a.en appears on=5 | 1 extra a | 2 edition | 5 edition",
        {"en": "1 a/en | 5 a/en~"},
    ),
    (
        "readers of other categories get none of it",
        "0 en wants prevention | 1 a.en appears | 1 extra a | 2 edition",
        {"en": ""},
    ),
]

CHANGES = [
    (
        "a correction is told once, at the head of the next edition, to those who had the item",
        "1 a.en appears | 2 edition | 3 a.en is edited correction=Seven. | 3 b.en appears"
        " | 3 ann joins in en | 4 edition | 4 c.en appears | 5 edition",
        {"en": "2 a/en | 4 !a/en b/en | 5 c/en", "ann": "4 b/en | 5 c/en"},
    ),
    (
        "never alone: it waits for the reader's next edition",
        "1 a.en appears | 2 edition | 3 a.en is edited correction=Seven. | 4 edition | 5 b.en appears"
        " | 6 edition",
        {"en": "2 a/en | 6 !a/en b/en"},
    ),
    (
        "unless an editor sends it in an extra edition, to those who had the item",
        "1 a.en appears | 2 edition | 3 a.en is edited correction=Seven. | 3 ann joins in en"
        " | 3 extra a | 4 b.en appears | 5 edition",
        {"en": "2 a/en | 3 !a/en | 5 b/en"},
    ),
    (
        "corrected before it goes out, the item itself says so and nothing else does",
        "1 a.en appears | 2 a.en is edited correction=Seven. | 3 edition | 3 b.en appears | 4 edition",
        {"en": "3 a/en | 4 b/en"},
    ),
    (
        "another correction is told again",
        "1 a.en appears | 2 edition | 2 a.en is edited correction=Seven. | 2 b.en appears | 3 edition"
        " | 3 a.en is edited correction=Eight. | 3 c.en appears | 4 edition",
        {"en": "2 a/en | 3 !a/en b/en | 4 !a/en c/en"},
    ),
    (
        "an edit that says nothing is no correction",
        "1 a.en appears | 2 edition | 2 a.en is edited | 2 b.en appears | 3 edition",
        {"en": "2 a/en | 3 b/en"},
    ),
    (
        "in the language in which a reader had the item",
        "1 a.en appears | 1 a.ar appears | 2 edition | 2 a.ar is edited correction=سبعة. | 2 b.en appears"
        " | 2 b.ar appears | 3 edition",
        {"en": "2 a/en | 3 b/en", "ar": "2 a/ar | 3 !a/ar b/ar"},
    ),
    (
        "an event that was moved or cancelled is told like a correction",
        "1 a.en appears on=9 | 1 b.en appears on=9 | 2 edition | 2 a.en is edited moved=12"
        " | 2 b.en is edited cancelled | 2 c.en appears | 3 edition | 3 d.en appears | 4 edition",
        {"en": "2 a/en b/en | 3 !a/en !b/en c/en | 4 d/en"},
    ),
    (
        "when it returns anyway, it says itself that it was moved",
        "1 a.en appears on=9 | 2 edition | 2 a.en is edited moved=3 | 3 edition",
        {"en": "2 a/en | 3 a/en~"},
    ),
    (
        "what changed about an event that is over is told to nobody",
        "1 a.en appears on=3 | 2 edition | 4 a.en is edited cancelled | 4 b.en appears | 5 edition",
        {"en": "2 a/en | 5 b/en"},
    ),
    (
        "who got the item neither then nor later is told nothing",
        "1 a.en appears | 2 edition | 2 mail to en leaves | 2 cancel | 2 a.en is edited correction=Seven."
        " | 2 b.en appears | 3 edition",
        {"en": "2 a/en | 3 !a/en b/en", "en fr": "3 b/en"},
    ),
]


def table(rows: list, digest: str = "") -> list:
    """The rows of a table, each named by what it says; settings stand in a row or for all."""
    full = [row if len(row) == 4 else (row[0], digest, *row[1:]) for row in rows]
    return [pytest.param(*row[1:], id=row[0]) for row in full]


@pytest.mark.parametrize(
    ("digest", "story", "expected"),
    [
        *table(LANGUAGES),
        *table(
            [
                (
                    "without a fallback, who reads none of its languages gets nothing",
                    "1 a.en appears | 4 edition | 9 edition",
                    {"ar": "", "ar fr": "", "ar en": "4 a/en"},
                ),
                (
                    "and a late translation is news to those who got nothing then",
                    "1 a.en appears | 4 edition | 8 a.ar appears | 9 edition | 10 edition",
                    {"ar": "9 a/ar", "ar en": "4 a/en", "ar fr": "9 a/ar"},
                ),
                (
                    "also after an extra edition",
                    "1 a.en appears | 1 extra a | 3 a.ar appears | 4 edition | 5 edition",
                    {"ar": "4 a/ar", "en": "1 a/en", "ar en": "1 a/en"},
                ),
            ],
            NO_FALLBACK,
        ),
        *table(ORIGINALS),
        *table(FILES),
        *table(AGE),
        *table([row for row in READERS if "approve" not in row[1]]),
        *table([row for row in READERS if "approve" in row[1]], BY_EDITOR),
        *table(EVENTS),
        *table(SLOTS),
        *table(DRAFTS, BY_EDITOR),
        *table(EXTRA),
        *table(CHANGES),
    ],
)
def test_what_each_reader_has_in_hand(house: House, digest, story, expected):
    named = ("ann", "bea")
    tale = Tale(house, digest=digest, readers=[name for name in expected if name not in named])
    if "ann" in expected and "ann joins" not in story:
        story = f"0 ann joins in en | {story}"
    tale.tell(story.replace(" | ", "\n"))
    assert {name: tale.had(name) for name in expected} == expected


def test_each_digest_hands_out_each_story_once(house: House):
    house.set("[sender]", '[digests.monthly]\nevery = "month"\nat = "4 07:00"\n\n[sender]')
    tale = Tale(house, readers=["en"])
    tale.tell("1 a.en appears\n1 edition\n2 edition\n3 edition\n4 edition")
    assert tale.had("en") == "1 a/en | 2 a/en"
    assert [name for name, _, state in house.editions() if state == "sending"] == [
        "weekly",
        "monthly",
    ]
