"""Texts in the codings that readers' programs ask for: the same bytes for the same text.

A build has many of them packed at a time. Both compressors let Python go on, so threads do it
beside all else.
"""

import os
import threading
import zlib
from contextlib import suppress
from queue import Empty, SimpleQueue

SUFFIXES = {"gzip": ".gz", "br": ".br"}  # what a packed file's name ends with
_GZIP_LEVEL, _BROTLI_LEVEL = 6, 5  # brotli's best, 11, takes thirty times as long
_GZIP_FORM = 31  # zlib's word for its largest window inside a gzip file, without name and time
_MOST_THREADS = 4


def packed(text: bytes) -> dict[str, bytes]:
    """Return a text in each coding that makes it smaller."""
    import brotli  # only who packs needs it

    made = {
        "gzip": zlib.compress(text, _GZIP_LEVEL, wbits=_GZIP_FORM),
        "br": brotli.compress(text, quality=_BROTLI_LEVEL),
    }
    return {coding: data for coding, data in made.items() if len(data) < len(text)}


def unpacked(coding: str, data: bytes) -> bytes:
    """Return the text that was packed. Raises ValueError when it is not whole."""
    import brotli

    try:
        if coding == "br":
            return bytes(brotli.decompress(data))
        return zlib.decompress(data, wbits=_GZIP_FORM)
    except (zlib.error, brotli.error) as error:
        raise ValueError(str(error)) from error


class Packing:
    """Texts that threads pack while the caller goes on; `close` it however that ends."""

    def __init__(self) -> None:
        self._given: SimpleQueue[tuple[str, bytes] | None] = SimpleQueue()
        self._packed: dict[str, dict[str, bytes]] = {}
        self._failed: list[Exception] = []
        self._threads: list[threading.Thread] = []

    def give(self, name: str, text: bytes) -> None:
        """Have a text packed."""
        self._given.put((name, text))
        if len(self._threads) < min(_MOST_THREADS, os.cpu_count() or 1):
            thread = threading.Thread(target=self._work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def wait(self) -> dict[str, dict[str, bytes]]:
        """Return every text's codings by its name, when all are packed."""
        self._end()
        if self._failed:
            raise self._failed[0]
        return self._packed

    def close(self) -> None:
        """Let go of what is not packed yet."""
        with suppress(Empty):
            while True:
                self._given.get_nowait()
        self._end()

    def _end(self) -> None:
        for _ in self._threads:
            self._given.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _work(self) -> None:
        while given := self._given.get():
            name, text = given
            try:
                self._packed[name] = packed(text)
            except Exception as error:  # told to who waits
                self._failed.append(error)
