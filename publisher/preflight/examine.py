"""All that is worth a look in the items of one edition."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from publisher.content.item import Item, Status
from publisher.errors import Level, Problem
from publisher.preflight.links import BUDGET_SECONDS, link_problems

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.reach import Reach
    from publisher.settings import Settings


def examine(
    settings: "Settings",
    library: "Library",
    items: Sequence[Item],
    *,
    now: datetime,
    links: bool = True,
    budget: float = BUDGET_SECONDS,
    reach: "Reach | None" = None,
) -> tuple[Problem, ...]:
    """Return what to look at before these items go out, sorted by path and line.

    links   whether to ask the servers that their links lead to
    budget  seconds for that, at most; links beyond it are counted, not looked at
    reach   the way out; the site's own when not given
    """
    found = [
        *doubtful_texts(library, items),
        *missing_translations(settings, library, items, now),
    ]
    if links:
        found += link_problems(settings, library, items, now=now, budget=budget, reach=reach)
    return tuple(sorted(found, key=lambda problem: (problem.path, problem.line)))


def doubtful_texts(library: "Library", items: Sequence[Item]) -> Iterator[Problem]:
    """Yield what is doubtful in the files of some items: of their front matter, then of their texts."""
    paths = {item.path for item in items}
    yield from (problem for problem in library.problems if problem.path in paths)
    yield from library.body_problems(items)


def missing_translations(
    settings: "Settings", library: "Library", items: Sequence[Item], now: datetime
) -> Iterator[Problem]:
    """Yield one warning for each key among items that lacks a language of the site."""
    tags = settings.site.languages
    for key in dict.fromkeys(item.key for item in items):
        versions = {tag: library.find(key, tag) for tag in tags}
        there = [tag for tag, item in versions.items() if item and item.is_published(now)]
        lacking = [tag for tag in tags if tag not in there]
        if not there or not lacking:
            continue
        first = versions[there[0]]
        if first is not None:
            begun = [tag for tag in lacking if _is_begun(versions[tag])]
            also = f" ({', '.join(begun)} not ready or dated later)" if begun else ""
            yield Problem(
                first.path,
                0,
                f"no {', '.join(lacking)} yet{also}",
                _fate(settings, there),
                Level.WARNING,
            )


def _fate(settings: "Settings", there: Sequence[str]) -> str:
    """Say what becomes of readers of a language that an item lacks."""
    first = settings.site.languages[0]
    if first not in there:
        return f"who reads nothing but these gets none: it is not in {first} either"
    falls_back = all(digest.fallback for digest in settings.digests.values())
    where = "" if falls_back else " where their digest falls back"
    return f"their readers wait for a while, then get it in {first}{where}"


def _is_begun(item: Item | None) -> bool:
    return item is not None and item.status in (Status.READY, Status.DRAFT, Status.HOLD)
