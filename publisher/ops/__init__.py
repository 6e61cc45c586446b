"""Operations: the clock that commands go by, and the log that says what happened.

A log line is an event with fields. Addresses never stand in one, only subscriber ids; so a log
can be kept, shipped and shown without a thought for privacy.
"""

from publisher.ops import log
from publisher.ops.clock import Clock
from publisher.ops.log import Log

__all__ = ["Clock", "Log", "log"]
