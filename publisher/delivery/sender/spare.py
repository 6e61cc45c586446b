"""Room kept for the last answers: a file that is given up when the disk is full.

When nothing can be written any more, messages have just been taken by the server whose answers
nobody could note; they would be sent a second time. So a little room is kept for them.
"""

from pathlib import Path

SIZE = 512 * 1024  # bytes; the answers of a hundred connections take a tenth of it


class Spare:
    """A file of no use but its size."""

    def __init__(self, folder: Path) -> None:
        """Know the file; nothing is written yet."""
        self._path = folder / "spare"

    def keep(self) -> None:
        """Write the file unless it is there; without room for it there is none to keep."""
        try:
            if not self._path.exists():
                self._path.write_bytes(bytes(SIZE))
        except OSError:
            self._path.unlink(missing_ok=True)

    def give_up(self) -> bool:
        """Make its room free; return whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
