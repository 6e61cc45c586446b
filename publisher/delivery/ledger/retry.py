"""When a deferred delivery is tried again, and when we stop trying.

A pure calendar: no clock, no database, no randomness. The same delivery always gets the same
waiting times, so a retry can be predicted, explained and tested.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32


@dataclass(frozen=True, slots=True)
class RetryRule:
    """How patient we are with a receiver that says "later"."""

    first_wait: timedelta = timedelta(minutes=5)
    longest_wait: timedelta = timedelta(hours=2)
    give_up_after: timedelta = timedelta(hours=48)

    def next_attempt(
        self,
        subscriber_id: int,
        attempts: int,
        queued_at: datetime,
        now: datetime,
        server_asked: timedelta = timedelta(0),
    ) -> datetime | None:
        """Return when to try again, or None when it is time to give up.

        The wait doubles with each attempt, plus up to 10 % of spread, so that one outage does
        not bring every deferred message back in the same second.

        attempts      tries made so far, at least 1
        queued_at     when the delivery could first have been tried (aware, UTC)
        server_asked  the receiver's own wish, honoured when it is longer

        Raises ValueError when attempts is below 1.
        Source: RFC 5321 section 4.5.4.1 asks for patience; five minutes is what greylisting
        servers ask for, and news older than two days is better left to the next edition.
        """
        if attempts < 1:
            raise ValueError(f"a retry follows at least one attempt, got {attempts}")
        doubled = self.first_wait * 2 ** min(attempts - 1, 16)
        wait = max(min(doubled, self.longest_wait), server_asked)
        spread = wait * (crc32(b"%d:%d" % (subscriber_id, attempts)) % 1000) / 10_000
        again = now + wait + spread
        return again if again - queued_at <= self.give_up_after else None
