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
    digest: str = "",
) -> tuple[Problem, ...]:
    """Return what to look at before these items go out, sorted by path and line.

    links   whether to ask the servers that their links lead to
    budget  seconds for that, at most; links beyond it are counted, not looked at
    reach   the way out; the site's own when not given
    digest  the one whose edition it is; else what is said of readers is true of all digests
    """
    found = [
        *doubtful_texts(library, items),
        *missing_translations(settings, library, items, now, digest),
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
    settings: "Settings",
    library: "Library",
    items: Sequence[Item],
    now: datetime,
    digest: str = "",
) -> Iterator[Problem]:
    """Yield one warning for each key among items that lacks a language of the site.

    digest  the one that readers get it in; else any
    """
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
                _fate(settings, there, digest),
                Level.WARNING,
            )


def _fate(settings: "Settings", there: Sequence[str], name: str) -> str:
    """Say what becomes of readers of a language that an item lacks."""
    first = settings.site.languages[0]
    digests = [settings.digests[name]] if name else [*settings.digests.values()]
    falls_back = [digest.fallback for digest in digests]
    if first not in there or not any([*falls_back, not digests]):
        return "who reads none of the languages it is in does not get it"
    waits = any(digest.wait_for_translation and digest.every != "item" for digest in digests)
    when = "wait for a while, then get it" if waits else "get it"
    where = "" if all(falls_back) else " where their digest falls back"
    return f"their readers {when} in {first}{where}"


def _is_begun(item: Item | None) -> bool:
    return item is not None and item.status in (Status.READY, Status.DRAFT, Status.HOLD)
