"""What comes back to a site: from a mail alias, from a Maildir, and by the clock."""

from datetime import datetime
from pathlib import Path

from publisher.app.site import App
from publisher.feedback import (
    Taken,
    Tally,
    forget_unproved,
    last_report,
    take_folder,
    take_message,
)
from publisher.store import read, write


def take_one(app: App, data: bytes) -> Taken | None:
    """Let a message take effect; None when it is no report."""
    return take_message(app.engine, app.keys, data, app.now())


def take_from(app: App, folder: Path, left: set[str] | None = None) -> Tally:
    """Let every report in a Maildir take effect; see `feedback.take_folder`."""
    return take_folder(app.engine, app.keys, folder, app.now(), left)


def heard_at(app: App) -> datetime | None:
    """Return when the last report came that was about somebody; makes no database."""
    engine = app.engine_if_there()
    if engine is None:
        return None
    with read(engine) as conn:
        return last_report(conn)


def forget_old_reports(app: App, before: datetime) -> int:
    """Forget reports that are about no delivery and came before a moment; return how many."""
    with write(app.engine) as conn:
        return forget_unproved(conn, before)
