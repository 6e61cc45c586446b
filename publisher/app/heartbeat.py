"""The heartbeat: an address that is asked for after each finished slot, so that silence is noticed."""

import threading
from typing import TYPE_CHECKING

from publisher.ops import log
from publisher.reach import Limits, open_reach, place_of

if TYPE_CHECKING:
    from publisher.settings import Settings

SECONDS = 5.0  # for the whole request
_SIZE = 64_000  # bytes of an answer that nobody reads

_log = log.get("heartbeat")


class Heartbeat:
    """Asks for one address, in a thread that nobody waits for; complains of one trouble once."""

    def __init__(self) -> None:
        self._complaint = ""

    def beat(self, settings: "Settings") -> threading.Thread | None:
        """Say that a slot is finished; return the thread that does, None when nobody listens.

        It ends within SECONDS, which a process that ends meanwhile waits for.
        """
        if not settings.ops.heartbeat:
            return None
        thread = threading.Thread(target=self._ask, args=[settings], name="heartbeat")
        thread.start()
        return thread

    def _ask(self, settings: "Settings") -> None:
        url = settings.ops.heartbeat
        # The operator named this server: it may lie in a network of their own.
        limits = Limits(seconds=SECONDS, size=_SIZE)
        reach = open_reach(settings, only=frozenset({place_of(url)}), limits=limits)
        answer = reach.ask("GET", url, keep_body=False)
        trouble = "" if answer.is_ok else f"{answer.kind} {answer.status or ''}".strip()
        # The address itself is a secret where it is all that such a service asks for.
        if trouble and trouble != self._complaint:
            _log.warning("the heartbeat was not heard", reason=trouble)
        elif self._complaint and not trouble:
            _log.info("the heartbeat is heard again")
        self._complaint = trouble
