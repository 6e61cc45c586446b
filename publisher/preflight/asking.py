"""Asking many links at once: several threads, few at one host, and no longer than agreed."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Condition, Thread

from publisher.preflight.found import Link
from publisher.reach import Answer, Kind, Reach

THREADS = 8
PER_HOST = 2
_HOSTS_LOST = 4  # so many hosts without any that answers: it is this machine that is cut off
_NO_HEAD = (400, 403, 405, 406, 501)  # statuses of servers that mind HEAD and not GET
_LOST = (Kind.NO_HOST, Kind.UNREACHABLE, Kind.SLOW)  # SLOW: a wall that swallows everything


@dataclass(slots=True)
class Round:
    """What came of asking some links."""

    answers: dict[str, Answer] = field(default_factory=dict)  # by URL
    unasked: int = 0  # for want of time
    hosts_lost: set[str] = field(default_factory=set)
    has_reached: bool = False  # some other machine said something

    @property
    def is_cut_off(self) -> bool:
        """Whether it looks as if this machine reached nobody; one host alone proves nothing."""
        if self.has_reached or not self.hosts_lost:
            return False
        return len(self.hosts_lost) > 1 or all(
            answer.kind is Kind.UNREACHABLE for answer in self.answers.values()
        )


def ask_all(
    reach: Reach,
    links: Sequence[Link],
    budget: float,
    on_progress: Callable[[int, int], None] | None = None,
) -> Round:
    """Ask links in their order, and return all that was heard within a budget of seconds."""
    asking = _Asking(reach, links, budget, on_progress)
    threads = [Thread(target=asking.work, daemon=True) for _ in range(min(THREADS, len(links)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asking.round.unasked = len(links) - len(asking.round.answers)
    return asking.round


class _Asking:
    """What the threads share."""

    def __init__(
        self,
        reach: Reach,
        links: Sequence[Link],
        budget: float,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        self.reach, self.left, self.total = reach, list(links), len(links)
        self.ends_at = time.monotonic() + budget
        self.busy: Counter[str] = Counter()
        self.turn = Condition()
        self.round = Round()
        self.tell = on_progress or (lambda done, total: None)

    def work(self) -> None:
        """Ask one link after the other until none is left or the time is over."""
        while (link := self._next()) is not None:
            answer = _asked(self.reach, link.url, self.ends_at)
            with self.turn:
                self.busy[link.host] -= 1
                self._note(link, answer)
                self.turn.notify_all()

    def _next(self) -> Link | None:
        """Return a link whose host is not too busy; waits for one, None when there is no more."""
        with self.turn:
            while self.left and not self._is_over():
                for at, link in enumerate(self.left):
                    if self.busy[link.host] < PER_HOST:
                        self.busy[link.host] += 1
                        return self.left.pop(at)
                self.turn.wait(max(self.ends_at - time.monotonic(), 0.01))
            return None

    def _is_over(self) -> bool:
        is_alone = not self.round.has_reached and len(self.round.hosts_lost) >= _HOSTS_LOST
        return is_alone or time.monotonic() >= self.ends_at

    def _note(self, link: Link, answer: Answer) -> None:
        if answer.kind is Kind.SLOW and time.monotonic() >= self.ends_at:
            return  # we were out of time, not the server
        self.round.answers[link.url] = answer
        if answer.kind in _LOST:
            self.round.hosts_lost.add(link.host)
        elif answer.kind not in (Kind.REFUSED, Kind.PRIVATE):
            self.round.has_reached = True
        self.tell(len(self.round.answers), self.total)


def _asked(reach: Reach, url: str, ends_at: float) -> Answer:
    answer = reach.ask("HEAD", url, seconds=ends_at - time.monotonic())
    if answer.status in _NO_HEAD or answer.kind in (Kind.MISSING, Kind.BROKEN):
        # Some servers say 404 to every HEAD or hang up on it; a link is dead only when GET says so.
        left = ends_at - time.monotonic()
        if left > 0:
            return reach.ask("GET", url, seconds=left, keep_body=False)
        return Answer(Kind.SLOW, url)
    return answer
