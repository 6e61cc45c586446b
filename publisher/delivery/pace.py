"""How fast one server or one group of receivers may be served, as it has taught us.

Additive increase, multiplicative decrease: "too fast" halves the rate, and it then grows back by a
twentieth of what it was each second, so that after twenty quiet seconds all is as before.
"""

from dataclasses import dataclass, field

SLOWEST = 0.1  # messages per second
_MEASURED_OVER = 5  # seconds
_GROWS_BY = 1 / 20  # of the best rate, each second


@dataclass(slots=True)
class Pace:
    """A rate that is learnt; times are seconds of a clock that never goes back."""

    most: float = 0.0  # per second, set by the site; 0: as fast as it goes
    per_second: float | None = None  # what was learnt; None: nothing stands in the way
    _best: float = 0.0  # the rate to grow back to
    _changed_at: float = 0.0
    _next_at: float = 0.0
    _went: dict[int, int] = field(default_factory=dict)  # messages by second

    def wait_seconds(self, at: float) -> float:
        """Return how long to wait before the next message."""
        if not self.most and self.per_second is None:
            return 0.0  # nearly always; asked for every message
        return max(0.0, self._next_at - at) if self._limit(at) else 0.0

    def reserve(self, at: float) -> float:
        """Take the next free moment and return how far away it is."""
        second = int(at)
        if second not in self._went:
            self._went = {s: n for s, n in self._went.items() if s > second - _MEASURED_OVER}
        self._went[second] = self._went.get(second, 0) + 1
        if not self.most and self.per_second is None:
            return 0.0
        limit = self._limit(at)
        if not limit:
            return 0.0
        begins = max(self._next_at, at)
        self._next_at = begins + 1 / limit
        return begins - at

    def slower(self, at: float) -> None:
        """Halve the rate: it was too fast."""
        now = self._limit(at) or self._measured(at)
        self._best = max(self._best, self._measured(at), now) or 1.0
        self.per_second = max(now / 2, SLOWEST)
        self._changed_at = at
        self._next_at = max(self._next_at, at + 1 / self.per_second)

    def learnt(self, at: float) -> float | None:
        """Return the rate as it is by now; None when it has grown back."""
        self._limit(at)
        return self.per_second

    def remember(self, per_second: float | None, at: float) -> None:
        """Begin with what was learnt before."""
        self.per_second = per_second
        self._best = (per_second or 0.0) * 2
        self._changed_at = at

    def _limit(self, at: float) -> float:
        """Return the rate that holds at a moment; 0 when there is none."""
        if self.per_second is not None:
            self.per_second += self._best * _GROWS_BY * max(at - self._changed_at, 0)
            self._changed_at = at
            if self.per_second >= self._best:
                self.per_second = None
        if self.per_second is None:
            return self.most
        return min(self.per_second, self.most) if self.most else self.per_second

    def _measured(self, at: float) -> float:
        recent = sum(n for s, n in self._went.items() if s > at - _MEASURED_OVER - 1)
        return recent / _MEASURED_OVER
