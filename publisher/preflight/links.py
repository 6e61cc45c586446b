"""Links that lead nowhere, said where they are written."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from publisher.content.item import Item
from publisher.errors import Level, Problem, one_line
from publisher.preflight import memory
from publisher.preflight.asking import Round, ask_all
from publisher.preflight.found import Link, line_of, links_of
from publisher.preflight.memory import Known, State
from publisher.reach import Answer, Kind, Reach, open_reach

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.settings import Settings

BUDGET_SECONDS = 20.0
_LONGEST = 200  # characters of a link that are shown
_STATES = {
    Kind.OK: State.ALIVE,
    Kind.MISSING: State.DEAD,
    Kind.NO_HOST: State.DEAD,
    Kind.CLOSED: State.DEAD,
    Kind.PRIVATE: State.PRIVATE,
    Kind.BROKEN: State.UNSURE,
    Kind.SLOW: State.UNSURE,
    Kind.UNREACHABLE: State.UNSURE,
}


def link_problems(
    settings: "Settings",
    library: "Library",
    items: Sequence[Item],
    *,
    now: datetime,
    budget: float = BUDGET_SECONDS,
    reach: Reach | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Problem, ...]:
    """Return a warning for each link of some items that leads nowhere.

    Servers that answer at all, but refuse programs or are asked too often, are left in peace.
    What is found is kept in var/cache, what answers for a week, the rest for an hour.

    budget  seconds; links beyond it are counted, those of the newest items come first
    """
    reach = reach or open_reach(settings)
    newest = sorted(items, key=lambda item: (-item.date.timestamp(), item.path))
    links = links_of(settings, library, newest, reach.lists)
    known = memory.load(settings.var_dir, now)
    asked = ask_all(reach, [one for one in links if one.url not in known], budget, on_progress)
    if asked.is_cut_off:
        problems = [_cut_off(asked)]
    else:
        new = {url: _known(answer, now) for url, answer in asked.answers.items()}
        memory.save(settings.var_dir, known | {url: one for url, one in new.items() if one}, now)
        known |= {url: one for url, one in new.items() if one}
        problems = [_not_reached(asked.unasked, budget)] if asked.unasked else []
    read = _Sources(settings)
    return (*_said(links, known, read), *problems)


def _known(answer: Answer, now: datetime) -> Known | None:
    """Return what is worth keeping of an answer; None of what we did not ask ourselves."""
    if answer.kind is Kind.REFUSED:
        return None
    is_ill = 500 <= answer.status < 600  # others, LinkedIn's 999 too, mean "not for programs"
    state = _STATES.get(answer.kind, State.UNSURE if is_ill else State.GUARDED)
    return Known(int(now.timestamp()), state, answer.detail)


def _said(links: Iterable[Link], known: dict[str, Known], read: "_Sources") -> Iterator[Problem]:
    unsure: set[str] = set()
    for link in links:
        found = known.get(link.url)
        if found is None or found.state in (State.ALIVE, State.GUARDED):
            continue
        shown = one_line(link.url[:_LONGEST])
        if found.state is State.DEAD:
            message = f"the link {shown} leads nowhere: {found.detail}"
            hint = "mend it or take it out"
        elif found.state is State.PRIVATE:
            message = f"the link {shown} leads to a private address"
            hint = "readers cannot follow it; mend it or take it out"
        elif link.host in unsure:
            continue
        else:
            unsure.add(link.host)
            message = f"links to {one_line(link.host)} could not be checked: {found.detail}"
            hint = f"look at {shown} yourself"
        yield read.problem(link, message, hint)


def _cut_off(asked: Round) -> Problem:
    tried = ", ".join(one_line(host) for host in sorted(asked.hosts_lost)[:4])
    return Problem(
        "content",
        0,
        f"links were not checked: this machine reaches no other host (tried {tried})",
        "look at its connection",
        Level.WARNING,
    )


def _not_reached(number: int, budget: float) -> Problem:
    links = "1 link was" if number == 1 else f"{number:,} links were"
    return Problem(
        "content",
        0,
        f"{links} not checked within {budget:g} seconds",
        "run it again: what was found is remembered",
        Level.WARNING,
    )


class _Sources:
    """The files that links stand in, read when somebody asks for a line."""

    def __init__(self, settings: "Settings") -> None:
        self._root = settings.root

    def problem(self, link: Link, message: str, hint: str) -> Problem:
        """Return a warning at the first file that has the link written out, and count the others."""
        places = [(path, line_of(self._text(path), link.url)) for path in link.paths[:20]]
        written = [place for place in places if place[1]] or places
        others = len(written) - 1 + len(link.paths[20:])
        more = f" (and in {others} more file{'s' if others > 1 else ''})" if others else ""
        path, line = written[0]
        return Problem(path, line, message + more, hint, Level.WARNING)

    def _text(self, path: str) -> str:
        try:
            return (self._root / path).read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            return ""
