"""What only an older reader of bounces knows: flufl.bounce and its dozens of servers' own forms.

It is asked last, and of nothing but what came to a return path of ours; it only says that a message
came back. Its word on why is not heard: of 328 soft bounces it called 310 permanent.
"""

from email import message_from_bytes

LONGEST = 200_000  # bytes; it reads line by line, some dozens of times


def is_bounce(data: bytes) -> bool:
    """Return whether flufl.bounce finds a failed address in a message; never raises."""
    from flufl.bounce import all_failures

    if len(data) > LONGEST:
        return False
    try:
        temporary, permanent = all_failures(message_from_bytes(data))
    except Exception:  # whatever a stranger's message does to it, it is a message we do not know
        return False
    return bool(temporary or permanent)
