"""What comes back to a site: from a mail alias, from a Maildir, and by the clock."""

from datetime import datetime
from pathlib import Path

from publisher import feedback
from publisher.app.site import App
from publisher.feedback import Taken, Tally
from publisher.store import read


def take_message(app: App, data: bytes) -> Taken | None:
    """Let a message that came back take effect; None when it is no report."""
    return feedback.take_message(app.engine, app.keys, data, app.now())


def take_maildir(app: App, folder: Path, *, is_again: bool = False) -> Tally:
    """Let every report in a Maildir take effect; see `feedback.take_folder`.

    is_again  whoever looks every minute: what was looked at before is not read again
    """
    left = app.left_alone if is_again else None
    return feedback.take_folder(app.engine, app.keys, folder, app.now(), left)


def heard_at(app: App) -> datetime | None:
    """Return when a report about anybody last came back; makes no database."""
    engine = app.engine_if_there()
    if engine is None:
        return None
    with read(engine) as conn:
        return feedback.last_report(conn)
