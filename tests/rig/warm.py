"""Imported once, by the process that the rig's commands are forked from: does all a command does.

So that each of some hundred commands need not compile the same templates, patterns and schemas
anew before it comes to what is to be tried. It sends one message into a folder that is gone after.
"""

import contextlib
import gc
import io
import os
import shutil
import tempfile
from pathlib import Path

from publisher.cli import subscribers as _subscribers  # noqa: F401 imported for the children
from publisher.cli.main import run
from publisher.delivery.transports import smtp as _smtp  # noqa: F401
from publisher.store import postgres as _postgres  # noqa: F401
from tests.rig import site


def send_once() -> None:
    """Open an edition for three readers and send it into a Maildir."""
    folder = Path(tempfile.mkdtemp(prefix="publisher-rig-"))
    wishes = {"PUBLISHER_TESTING": "1", "PUBLISHER_NOW": site.DUE.isoformat()}
    before = dict(os.environ)
    os.environ.update(wishes)
    try:
        site.configure(folder, transport="maildir")
        site.make_site(folder, 3)
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run(["--site", str(folder), "send"])
        assert code == 0, said.getvalue()
    finally:
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder)


send_once()
gc.freeze()
