"""Say that a program which runs on is at work, to whoever started it and waits for that."""

import socket
from contextlib import suppress


def say_ready() -> None:
    """Tell systemd, for a unit with Type=notify, that the start is done; else do nothing.

    Source: sd_notify(3). A name that begins with @ is one outside the file system.
    """
    from publisher.settings import notify_socket

    name = notify_socket()
    if not name:
        return
    place = "\0" + name[1:] if name.startswith("@") else name
    # Nobody listens there any more: then nobody waits either.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.sendto(b"READY=1", place)
