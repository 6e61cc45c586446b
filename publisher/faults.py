"""The moments at which a crash costs most, counted, so that a test can end the process at each.

`point()` stands just before every commit, every fsync-and-rename and every socket send. It does
nothing until `arm` was called, which only the command line does, and only for tests.
"""

import os
import threading

_left = 0
_counting = threading.Lock()


def arm(count: int) -> None:
    """End this process just before its count-th point, as a power cut would; 0 disarms."""
    global _left
    _left = count


def point() -> None:
    """Mark a moment at which the process may be ended."""
    global _left
    if _left:
        with _counting:
            _left -= 1
            if _left == 0:
                os._exit(9)
