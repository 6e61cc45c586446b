"""Reading a body up to a limit, of what comes over the line and of what it unpacks to.

Unpacking is ours, a piece at a time: older urllib3 unpacks a whole piece before anybody can count
it, and a megabyte of gzip may be a gigabyte of zeros.
"""

import zlib
from collections.abc import Callable

_PIECE = 65_536  # bytes
_GZIP_OR_ZLIB = 47  # zlib's word for "either, see by the head"


class TooLargeError(Exception):
    """The body is longer than was allowed."""


class CodingError(Exception):
    """The body is packed in a way we did not ask for, or badly."""


def read_body(read: Callable[[int], bytes], coding: str, limit: int) -> bytes:
    """Return a body, unpacked.

    read    returns at most so many bytes of it, none at its end
    coding  the Content-Encoding
    limit   bytes, counted before and after unpacking

    Raises TooLargeError, CodingError, and what read raises.
    """
    unpack = _unpacker(coding)
    raw = 0
    body = bytearray()
    while piece := read(_PIECE):
        raw += len(piece)
        while piece:
            made, piece = unpack(piece)
            body += made
            if len(body) > limit:
                raise TooLargeError
        if raw > limit:
            raise TooLargeError
    return bytes(body)


def _unpacker(coding: str) -> Callable[[bytes], tuple[bytes, bytes]]:
    """Return a function that turns packed bytes into unpacked ones and what is left to unpack."""
    name = coding.strip().lower()
    if name in ("", "identity"):
        return lambda piece: (piece, b"")
    if name not in ("gzip", "x-gzip", "deflate"):
        raise CodingError(f"it is packed as {name[:40]}")
    machine = zlib.decompressobj(_GZIP_OR_ZLIB)

    def unpack(piece: bytes) -> tuple[bytes, bytes]:
        if machine.eof:  # what follows the end belongs to nothing
            return b"", b""
        try:
            return machine.decompress(piece, _PIECE), machine.unconsumed_tail
        except zlib.error:
            raise CodingError("it cannot be unpacked") from None

    return unpack
