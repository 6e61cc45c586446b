"""A check of the way that bounces, complaints and unsubscribing by mail come back."""

import os
from typing import TYPE_CHECKING

from publisher.app.incoming import heard_at
from publisher.checks.finding import Answer, Result

if TYPE_CHECKING:
    from pathlib import Path

    from publisher.app import App

_HOW = "see docs/how-to/receive-bounces.md; set [feedback] domain to a domain whose mail comes here"


def comes_back(app: "App") -> Answer:
    """Say what is lost without a domain that mail comes back to, or when something last came back."""
    settings = app.settings
    domain, folder = settings.feedback.domain, settings.feedback_dir
    if folder is not None and (wrong := _wrong_with(folder)):
        return (
            Result.FAILED,
            f"feedback: [feedback] maildir {folder} {wrong}, so nothing that comes back takes effect",
            "let the mail server deliver there once, and let publisher's user read and write it",
        )
    if not domain:
        return _without_domain(app)
    way = f"from {folder}" if folder else "when the mail server calls `publisher feedback`"
    heard = heard_at(app)
    last = f"last {heard:%Y-%m-%d %H:%M} UTC" if heard else "nothing yet"
    return Result.OK, f"feedback: mail to {domain} is taken {way}; {last}", ""


def _without_domain(app: "App") -> Answer:
    transport = app.settings.delivery.transport
    if transport == "maildir":
        return Result.OK, "feedback: not used, since messages go to outbox/", ""
    cost = "nobody can unsubscribe by mail, which is all that some mail programs offer"
    if transport == "smtp":
        box = app.settings.sender.address
        cost += (
            f"; bounces and complaints go to {box}, where nobody counts them, and dead addresses are "
            "mailed for ever, which costs the others their place in the inbox"
        )
    return Result.WARNING, f"feedback: [feedback] domain is empty: {cost}", _HOW


def _wrong_with(folder: "Path") -> str:
    for part in (folder / "new", folder / "cur"):
        if not part.is_dir():
            return f"has no {part.name}/"
        if not os.access(part, os.R_OK | os.W_OK | os.X_OK):
            return f"cannot be read and written ({part.name}/)"
    return ""
