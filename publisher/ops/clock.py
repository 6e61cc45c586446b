"""What time it is: the machine's, or for the sample site and tests one that starts elsewhere."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that starts from a moment and runs on at the pace of real time."""

    def __init__(self, start: datetime | None = None) -> None:
        """Start from an aware moment; without one, follow the machine's clock."""
        if start is not None and start.tzinfo is None:
            raise ValueError("a clock starts from an aware moment")
        self._start = start.astimezone(UTC) if start else None
        self._started = time.monotonic()

    @property
    def is_real(self) -> bool:
        return self._start is None

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        if self._start is None:
            return datetime.now(UTC)
        return self._start + timedelta(seconds=time.monotonic() - self._started)
