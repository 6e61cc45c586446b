"""Which mail server to use: the first that is well, and how long one that refuses us is left alone.

Nothing here talks to a server. Connections tell what they met; the answer is when to try again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from publisher.delivery.pace import Pace
from publisher.errors import TransportDown

MOST_MISSES = 3  # refusals of one server in a row, within one run, before it is given up
FIRST_REST = 0.2  # seconds
LONGEST_REST = 15.0  # while it may only be busy
REST_WHEN_REFUSED = 60.0  # it does not want us, and will hardly change its mind in seconds
REST_FOR_QUOTA = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Health:
    """What is remembered of a server or receivers from one run to the next."""

    per_second: float | None = None
    failures: int = 0  # in a row
    rest_seconds: float = 0.0  # how long it is to be left alone from now on
    words: str = ""


@dataclass(slots=True)
class Server:
    """One mail server and how it has behaved."""

    host: str
    port: int
    pace: Pace = field(default_factory=Pace)
    failures: int = 0  # in a row, over runs
    misses: int = 0  # in a row, in this run
    rests_until: float = 0.0  # of the clock that never goes back
    open: int = 0  # connections
    words: str = ""  # what it said when it last refused us
    was_refused: bool = False

    @property
    def name(self) -> str:
        """What it is remembered by."""
        return f"server:{self.host}:{self.port}"

    def is_ready(self, at: float) -> bool:
        """Whether it may be tried now."""
        return self.rests_until <= at and not self.is_given_up

    @property
    def is_given_up(self) -> bool:
        """Whether it has had all its chances in this run."""
        return self.misses >= (1 if self.failures > MOST_MISSES else MOST_MISSES)

    def welcomed(self) -> None:
        """Note that it let us in."""
        self.failures = self.misses = 0
        self.rests_until = 0.0
        self.words = ""

    def refused(self, words: str, at: float, *, for_good: bool = False) -> None:
        """Note that it did not let us in, or that it sent us away.

        While other connections to it are in use it is not down, but wants fewer.

        for_good  it said so with a 5xx
        """
        self.failures += 1
        self.misses += 0 if self.open else 1
        self.words, self.was_refused = words, for_good
        if not for_good and not self.open:
            self.pace.slower(at)
        rest = min(FIRST_REST * 2 ** min(self.failures - 1, 16), LONGEST_REST)
        if for_good and self.misses >= MOST_MISSES:
            rest = REST_WHEN_REFUSED
        self.rests_until = at + rest

    def rest(self, words: str, at: float, length: timedelta) -> None:
        """Leave it alone for a time of its own choosing."""
        self.words = words
        self.failures += 1
        self.misses = MOST_MISSES
        self.rests_until = at + length.total_seconds()


class Servers:
    """The servers of a site in the order of preference."""

    def __init__(self, servers: Sequence[Server], transport: str, hint: str) -> None:
        """Take the servers; transport and hint are what TransportDown says."""
        self._servers = servers
        self._transport, self._hint = transport, hint

    def pick(self, at: float) -> tuple[Server, float]:
        """Return the server to try next and how long to wait before.

        Raises TransportDown when none of them is worth another try in this run.
        """
        left = [server for server in self._servers if not server.is_given_up]
        ready = [server for server in left if server.is_ready(at)]
        if ready:
            return ready[0], 0.0
        if not left:
            raise self.down(at)
        first = min(left, key=lambda server: server.rests_until)
        return first, first.rests_until - at

    def down(self, at: float) -> TransportDown:
        """Return what to say when no server can be used."""
        last = min(self._servers, key=lambda server: server.rests_until)
        said = "; ".join(f"{server.host}:{server.port}: {server.words}" for server in self._servers)
        return TransportDown(
            self._transport,
            said,
            retry_after=timedelta(seconds=max(last.rests_until - at, 0)),
            hint=self._hint,
            is_refusal=all(server.was_refused for server in self._servers),
        )

    def recall(self, known: Mapping[str, Health], at: float) -> None:
        """Begin with what earlier runs have learnt."""
        for server in self._servers:
            if found := known.get(server.name):
                server.failures, server.words = found.failures, found.words
                # Shorter rests are over when somebody runs us again: what was wrong may be mended.
                if found.rest_seconds > REST_WHEN_REFUSED:
                    server.rests_until = at + found.rest_seconds
                    server.misses = MOST_MISSES
                server.pace.remember(found.per_second, at)

    def learnt(self, at: float) -> dict[str, Health]:
        """Return what later runs should know."""
        return {
            server.name: Health(
                server.pace.learnt(at),
                server.failures,
                max(server.rests_until - at, 0.0),
                server.words,
            )
            for server in self._servers
        }
