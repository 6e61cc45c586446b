"""The plan of a replayed year: which file appears when, who reads, who comes, goes and changes.

Everything follows from the files' own dates and a fixed seed, so that it is the same every time.
"""

import random
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LANGUAGES = ("en", "es", "ja", "pt", "uk", "zh", "fr")  # the site has nothing in the last
ZONES = (
    "",
    "America/New_York",
    "Asia/Tokyo",
    "Europe/Kyiv",
    "America/Sao_Paulo",
    "Pacific/Auckland",
)
URL = "https://example.org"
_DATE = re.compile(r"^date:\s*['\"]?(\d{4}-\d\d-\d\d)", re.M)

SETTINGS = f"""\
[site]
url = "{URL}"
name = "A replayed site"
languages = [{", ".join(f'"{tag}"' for tag in LANGUAGES)}]
time_zone = "Europe/Berlin"
item_url = "{{url}}/{{language}}/{{key}}/"
[feeds]
id_authority = "example.org,2025"
[sender]
address = "digest@example.org"
[digests.weekly]
title = "weekly"
subject = "weekly"
every = "week"
at = "Tue 07:00"
wait_for_translation = "3d"
[digests.daily]
title = "daily"
subject = "daily"
every = "day"
at = "07:00"
zone = "subscriber"
wait_for_translation = "3d"
fallback = false
[digests.each]
title = "each"
subject = "each"
every = "item"
"""
DIGESTS = ("weekly", "daily", "each")


@dataclass(frozen=True, slots=True)
class File:
    """One file of the real site, and when it appears in ours."""

    source: Path
    path: str  # under content/
    language: str
    key: str
    date: datetime
    at: datetime
    kind: str = ""  # written into it; "" is news, as in the real one


@dataclass(frozen=True, slots=True)
class Act:
    """What a reader does at a moment."""

    at: datetime
    name: str
    what: str  # join, change or leave
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Touch:
    """What an editor does to all files of a story, some days after it was published."""

    at: datetime
    key: str
    is_renamed: bool
    is_edited: bool


@dataclass(slots=True)
class Plan:
    """A span of a site's life."""

    began: datetime
    ended: datetime
    files: list[File] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)

    def moments(self) -> Iterator[datetime]:
        """Yield when `publisher send` runs: some moments of each day, a little off the hour.

        Some days are left out: the machine is off, over slots and for longer than they may be late.
        """
        day = self.began + timedelta(minutes=5)
        while day < self.ended:
            draw = random.Random(day.isoformat())
            is_off = draw.random() < 0.04
            for hour in (0, 6, 7, 10, 12, 15, 18, 22) if not is_off else (22,):
                yield day + hour * HOUR + timedelta(seconds=draw.randrange(600))
            day += DAY


def plan_year(source: Path, began: datetime, ended: datetime, readers: int) -> Plan:
    """Return the plan for a span; a file dated in it appears then, and older ones are there before.

    Half of what is older than a month comes in the middle of the span: an archive is moved in.
    """
    plan = Plan(began, ended)
    dated = sorted(_dated(source), key=lambda one: (one[2], one[1]))
    firsts: dict[str, datetime] = {}
    for path, key, date in dated:
        tag = path.relative_to(source).parts[0]
        if tag == LANGUAGES[0]:
            firsts[key] = date + 8 * HOUR + _pick(key, 600) * timedelta(minutes=1)
    for path, key, date in dated:
        name = path.relative_to(source).as_posix()
        tag = name.partition("/")[0]
        at = firsts.get(key, date + 9 * HOUR)
        if tag != LANGUAGES[0] and key in firsts and date >= firsts[key] - DAY:
            # Translations come at once, within the wait, and after it; their dates stay.
            at += (1 + _pick(name, 8 * 24)) * HOUR
        elif tag != LANGUAGES[0]:
            at = date + 9 * HOUR + _pick(name, 30) * HOUR
        if date < began - 31 * DAY:
            at = began + (ended - began) / 2 if _pick(key, 2) else began
        if at < ended:
            kind = "article" if _pick(key, 3) == 0 else ""
            plan.files.append(File(path, name, tag, key, date, max(at, began), kind))
    plan.files.sort(key=lambda file: (file.at, file.path))
    plan.touches = sorted(_touches(plan.files, ended), key=lambda touch: touch.at)
    plan.acts = _acts(began, ended, readers)
    return plan


class Desk:
    """Writes files into a site's content folder as their authors would, and touches them later."""

    def __init__(self, root: Path) -> None:
        self._content = root / "content"
        self._here: dict[str, list[Path]] = {}  # key -> its files
        self._renamed: set[str] = set()

    def write(self, file: File) -> None:
        """Put a file into its place, beside its translations even when those were renamed."""
        target = self._content / file.path
        target = _renamed(target) if file.key in self._renamed else target
        target.parent.mkdir(parents=True, exist_ok=True)
        text = file.source.read_text(encoding="utf-8")
        if file.kind:
            text = text.replace("---\n", f"---\nkind: {file.kind}\n", 1)
        target.write_text(text, encoding="utf-8")
        self._here.setdefault(file.key, []).append(target)

    def touch(self, touch: Touch) -> None:
        """Rename or edit a story's files, or both at once; its titles and dates stay."""
        files = self._here[touch.key]
        if touch.is_renamed:
            self._renamed.add(touch.key)
            files[:] = [_move(file) for file in files]
        if touch.is_edited:
            for file in files:
                file.write_text(file.read_text(encoding="utf-8") + "\nA later thought.\n")


def make_site(root: Path) -> None:
    """Make an empty site."""
    shutil.rmtree(root, ignore_errors=True)
    (root / "content").mkdir(parents=True)
    (root / "publisher.toml").write_text(SETTINGS, encoding="utf-8")


def _dated(source: Path) -> Iterator[tuple[Path, str, datetime]]:
    for path in source.rglob("*.md"):
        if path.name == "_index.md":
            continue
        found = _DATE.search(path.read_text(encoding="utf-8"))
        if found:
            parts = path.relative_to(source).with_suffix("").parts
            key = "/".join(parts[1:]).removesuffix("/index")
            yield path, key, datetime.fromisoformat(found[1]).replace(tzinfo=UTC)


def _touches(files: Sequence[File], ended: datetime) -> Iterator[Touch]:
    """Yield what happens to a quarter of the stories: renamed, edited, or both at once."""
    firsts: dict[str, datetime] = {}
    for file in files:
        firsts.setdefault(file.key, file.at)
    for key, first in firsts.items():
        at = first + (5 + _pick(f"touch {key}", 15 * 24)) * HOUR
        how = _pick(f"how {key}", 12)
        if how < 3 and at < ended:
            yield Touch(at, key, is_renamed=how != 1, is_edited=how != 0)


def _renamed(path: Path) -> Path:
    """Return the path that a story's file has after it was renamed."""
    if path.stem == "index":
        return path.parent.with_name(f"{path.parent.name}-again") / path.name
    return path.with_name(f"{path.stem}-again{path.suffix}")


def _move(path: Path) -> Path:
    target = _renamed(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    return path.rename(target)


def _acts(began: datetime, ended: datetime, readers: int) -> list[Act]:
    """Return what readers do: all join, most at the beginning; some change, some leave."""
    draw, span, found = random.Random(20_250_101), ended - began, []

    def some_day(after: datetime) -> datetime:
        days = max((ended - after) // DAY, 1)
        return after + draw.randrange(days) * DAY + draw.randrange(24 * 60) * timedelta(minutes=1)

    for number in range(readers):
        name = f"reader{number:03}"
        joined = began if draw.random() < 0.75 else some_day(began + span / 20)
        kinds: Sequence[str] = draw.choices([(), ("news",), ("article", "event")], [8, 1, 1])[0]
        zone = draw.choice(ZONES)
        found.append(Act(joined, name, "join", _languages(draw), tuple(kinds), zone))
        left = some_day(joined + span / 4) if draw.random() < 0.1 else ended
        for _ in range(draw.choices([0, 1, 3], [6, 3, 1])[0]):
            zone = draw.choice(ZONES[1:]) if draw.random() < 0.3 else ""
            change = Act(some_day(joined), name, "change", _languages(draw), (), zone)
            found += [change] if change.at < left else []
        if left < ended:
            found.append(Act(left, name, "leave"))
    return sorted(found, key=lambda act: (act.at, act.name))


def _languages(draw: random.Random) -> tuple[str, ...]:
    chosen: list[str] = []
    for _ in range(draw.choice((1, 1, 2, 2, 3))):
        tag = draw.choices(LANGUAGES, [6, 3, 6, 3, 2, 2, 1])[0]
        if tag not in chosen:
            chosen.append(tag)
    return tuple(chosen)


def _pick(text: str, below: int) -> int:
    return crc32(text.encode()) % below
