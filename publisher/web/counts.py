"""What the web did, in numbers, for /metrics. Kept by the event loop alone, so without a lock."""

from collections import defaultdict


class Counts:
    """Requests by route and status, and the time that each route took."""

    def __init__(self) -> None:
        self.requests: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def add(self, route: str, status: int, seconds: float = 0.0) -> None:
        """Count one answer.

        route  a route's pattern, never a path: there are few of them, and they name nobody
        """
        self.requests[route, status] += 1
        if seconds:
            self.seconds[route] += seconds
