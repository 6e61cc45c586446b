"""Replay a year of a real site through three digests, and see that each reader gets each item once.

The content folder gains the site's files on their dates; readers with mixed languages join,
change their minds and leave; `send` runs at some moments of each day. What every run brings is
taken out of the outbox and compared, message by message, with what the promise says
(`bench.replay_promise`).

    python -m bench.replay FOLDER [--readers 200] [--from 2025-01-01] [--days 365]

FOLDER holds one folder of Markdown files per language, like opentelemetry.io's content.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.replay_promise import Due, Promise, Tally
from bench.replay_site import DIGESTS, URL, Act, Desk, Plan, make_site, plan_year
from bench.walk import Letter, Walk

Tell = Callable[[datetime, int], None]


@dataclass(slots=True)
class Outcome:
    """What a replay came to."""

    files: int = 0
    stories: int = 0
    runs: int = 0
    readers: int = 0
    letters: Counter[str] = field(default_factory=Counter)  # by digest
    items: int = 0  # places in messages
    editions: dict[str, int] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)
    changes: int = 0  # of readers' minds
    touches: int = 0  # stories renamed or edited after they were published
    tally: Tally = field(default_factory=Tally)
    twice: list[tuple[str, str, str]] = field(default_factory=list)  # digest, reader, key
    lost: list[tuple[datetime, Due]] = field(default_factory=list)  # owed, and did not come
    unasked: list[tuple[datetime, Due]] = field(default_factory=list)  # came, and was not owed
    seconds: float = 0.0

    @property
    def is_kept(self) -> bool:
        """Whether the promise was kept."""
        return not (self.twice or self.lost or self.unasked)


def replay(root: Path, plan: Plan, tell: Tell = lambda _now, _letters: None) -> Outcome:
    """Make a site in a folder, live through a plan with it and compare."""
    began = time.perf_counter()
    make_site(root)
    walk, promise, outcome = Walk(root, plan.began, URL), Promise(plan.began), Outcome()
    desk, had = Desk(root), Counter[tuple[str, str, str]]()
    files, acts, touches = list(plan.files), list(plan.acts), list(plan.touches)
    walk.send()
    for now in plan.moments():
        while acts and acts[0].at <= now:
            act = acts.pop(0)
            promise.act(act)
            _act(walk, act)
            outcome.changes += act.what == "change"
        is_changed = False
        while (files and files[0].at <= now) or (touches and touches[0].at <= now):
            is_changed = True
            if files and not (touches and touches[0].at < files[0].at):
                file = files.pop(0)
                desk.write(file)
                promise.appear(file, now)
                outcome.files += 1
            else:
                walk.at(now).build()  # so that it is known what the files were before
                desk.touch(touches.pop(0))
                outcome.touches += 1
        if is_changed:
            walk.at(now).build()
        owed = Counter(promise.run(now))
        letters = walk.at(now).send()
        came = Counter(_due(letter) for letter in letters)
        outcome.lost += [(now, one) for one in (owed - came).elements()]
        outcome.unasked += [(now, one) for one in (came - owed).elements()]
        had.update((dig, who, key) for who, dig, items in came.elements() for _, key in items)
        outcome.letters.update(digest for _, digest, _ in came.elements())
        outcome.items += sum(len(letter.items) for letter in letters)
        outcome.runs += 1
        tell(now, outcome.letters.total())
    walk.close()
    outcome.twice = [place for place, number in had.items() if number > 1]
    outcome.stories = len({file.key for file in plan.files})
    outcome.readers = len({act.name for act in plan.acts})
    outcome.tally = promise.tally
    outcome.editions = {name: one.editions for name, one in promise.courses.items()}
    outcome.missed = {name: one.missed for name, one in promise.courses.items()}
    outcome.seconds = time.perf_counter() - began
    return outcome


def _act(walk: Walk, act: Act) -> None:
    walk.at(act.at)
    if act.what == "join":
        walk.join(act.name, act.languages, kinds=act.kinds, time_zone=act.time_zone)
    elif act.what == "change":
        walk.change(act.name, act.languages, time_zone=act.time_zone)
    else:
        walk.leave(act.name)


def _due(letter: Letter) -> Due:
    return letter.to, letter.subject, frozenset(letter.items)


def main() -> int:
    """Replay, print the figures, and return 1 when the promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--from", dest="began", default="2025-01-01")
    parser.add_argument("--days", type=int, default=365)
    options = parser.parse_args()
    began = datetime.fromisoformat(options.began).replace(tzinfo=UTC)
    ended = began + timedelta(days=options.days)
    plan = plan_year(options.folder, began, ended, options.readers)
    with tempfile.TemporaryDirectory(prefix="publisher-replay-") as folder:
        outcome = replay(Path(folder) / "site", plan, _say)
    _print(outcome)
    return 0 if outcome.is_kept else 1


def _say(now: datetime, letters: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{now:%Y-%m-%d}  {letters:,} messages", end="", file=sys.stderr, flush=True)


def _print(outcome: Outcome) -> None:
    print(f"{outcome.files} files of {outcome.stories} stories, {outcome.readers} readers")
    print(
        f"{outcome.runs:,} runs, {outcome.changes} changes of mind, "
        f"{outcome.touches} stories renamed or edited, {outcome.seconds:.0f} s"
    )
    for name in DIGESTS:
        print(
            f"  {name:<8}{outcome.editions[name]} editions, {outcome.missed[name]} slots missed, "
            f"{outcome.letters[name]:,} messages"
        )
    tally = outcome.tally
    print(
        f"{outcome.items:,} items delivered: {tally.waited:,} after a wait for the translation, "
        f"{tally.next_language:,} in a next language, {tally.fallback:,} by fallback"
    )
    print(f"twice {len(outcome.twice)}, lost {len(outcome.lost)}, unasked {len(outcome.unasked)}")
    for title, found in (("lost", outcome.lost), ("unasked", outcome.unasked)):
        for now, (who, digest, items) in found[:10]:
            print(f"  {title} {now:%Y-%m-%d %H:%M} {digest} {who}: {sorted(items)}")


if __name__ == "__main__":
    sys.exit(main())
