"""Write a file whole or not at all, and only when it would differ."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from publisher import faults


def write_if_changed(path: Path, data: bytes, mode: int = 0o644) -> bool:
    """Put data at path atomically; return whether the file changed.

    An unchanged file keeps its time stamp, so feed readers that send
    If-Modified-Since are answered 304 after a rebuild that changed nothing.

    Raises OSError, which names the path; the old file is then still in place.
    """
    if path.is_file() and path.read_bytes() == data:
        return False
    try:
        _write(path, data, mode)
    except OSError as error:
        # A full disk is reported without any name, all else with that of the draft.
        if error.filename2 is None and error.filename not in (str(path.parent), path.parent):
            error.filename = str(path)
        raise
    return True


def _write(path: Path, data: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as draft:
        try:
            draft.write(data)
            draft.flush()
            os.fchmod(draft.fileno(), mode)
            faults.point()
            os.fsync(draft.fileno())
            Path(draft.name).replace(path)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise


def sync_folder(folder: Path) -> None:
    """Make the renames in a folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
