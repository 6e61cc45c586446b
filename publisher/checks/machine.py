"""Checks of what a site runs on: database, disk, clock, folders, secret, mail server."""

import os
import shutil
import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from publisher.checks.finding import Answer, Result
from publisher.errors import SettingsError

if TYPE_CHECKING:
    from publisher.app import App

FULL = 100 * 1024**2  # bytes left on a disk: below it, sending would soon stop
TIGHT = 1024**3  # bytes left: worth a warning
OLDEST_NOW = datetime(2025, 1, 1, tzinfo=UTC)  # before this version was written
_LEEWAY = timedelta(minutes=5)
_SAFE_SQLITE = (3, 51, 3)  # earlier ones can spoil a database that two processes write at once


def database(app: "App") -> Answer:
    """Say which database there is, and whether its schema is this version's."""
    engine = app.engine_if_there()
    if engine is None:
        return Result.OK, "database: none yet; it is made when it is first needed", ""
    return Result.OK, f"database: {engine.dialect.name}, with this version's schema", ""


def database_version(app: "App") -> Answer:
    """Say how old SQLite is."""
    if not app.settings.database.url.startswith("sqlite"):
        return Result.OK, "database engine: kept by its server", ""
    said = f"database engine: SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info < _SAFE_SQLITE:
        said += "; let no other program write to the file (before 3.51.3 that can spoil it)"
    return Result.OK, said, ""


def disk(app: "App") -> Answer:
    """Say how much room is left."""
    left = shutil.disk_usage(app.settings.root).free
    said = f"disk: {left / 1024**3:.1f} GB left"
    if left < FULL:
        return Result.FAILED, said, "make room: with less, mails and feeds cannot be written"
    if left < TIGHT:
        return Result.WARNING, said, "make room soon"
    return Result.OK, said, ""


def clock(app: "App") -> Answer:
    """See that the machine's clock has not gone back."""
    now = app.now()
    said = f"clock: {now:%Y-%m-%d %H:%M} UTC, {now.astimezone(app.settings.site.zone):%H:%M} here"
    hint = "set this machine's clock; editions go by it"
    if now < OLDEST_NOW:
        return Result.FAILED, said, hint
    last = _last_opening(app)
    if last and last > now + _LEEWAY:
        return Result.FAILED, f"{said}, but an edition was opened on {last:%Y-%m-%d %H:%M}", hint
    return Result.OK, said, ""


def _last_opening(app: "App") -> datetime | None:
    engine = app.engine_if_there()
    if engine is None:
        return None
    from sqlalchemy import func, select

    from publisher.store import read
    from publisher.store.tables import editions

    with read(engine) as conn:
        at = conn.scalar(select(func.max(editions.c.opened_at)))
    return datetime.fromtimestamp(at, UTC) if at else None


def folders(app: "App") -> Answer:
    """See that what is built, kept and sent can be written."""
    settings = app.settings
    wanted = [settings.feeds_dir, settings.var_dir]
    if settings.delivery.transport == "maildir":
        wanted.append(settings.outbox_dir)
    closed = [str(folder) for folder in wanted if not _is_writable(folder)]
    if closed:
        hint = "let the one who runs publisher write there"
        if any(folder.exists() and not folder.is_dir() for folder in wanted):
            hint = "it is a file; move it out of the way"
        return Result.FAILED, f"folders: {', '.join(closed)} cannot be written", hint
    names = ", ".join(f"{folder.name}/" for folder in wanted)
    return Result.OK, f"folders: {names} can be written", ""


def _is_writable(folder: Path) -> bool:
    place = folder
    while not place.exists():
        place = place.parent
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def secret(app: "App") -> Answer:
    """See that the secret is there when it is needed, and readable by its owner only."""
    path = app.settings.secret_file
    if not path.exists():
        if app.has_subscribers():
            return (
                Result.FAILED,
                "secret: var/secret is missing, but there are subscribers",
                "bring it back from a backup: without it every link in their mails is dead",
            )
        return Result.OK, "secret: none yet; it is made when it is first needed", ""
    if not path.is_file():
        hint = "move it away and bring the file back from a backup"
        return Result.FAILED, "secret: var/secret is no file", hint
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return (
            Result.FAILED,
            f"secret: var/secret can be read by others (mode {mode:04o})",
            f"chmod 600 {path}",
        )
    return Result.OK, "secret: var/secret, readable by its owner only", ""


def mail_server(app: "App") -> Answer:
    """Talk to the mail server, or to the provider's API, without sending anything."""
    smtp = app.settings.delivery.smtp
    if app.settings.delivery.transport != "smtp":
        return _provider(app)
    import smtplib

    place = f"{smtp.host}:{smtp.port}"
    if smtp.username and not smtp.password:
        return (
            Result.FAILED,
            f"mail server: {place} wants {smtp.username} to log in, and there is no password",
            "set PUBLISHER_DELIVERY_SMTP_PASSWORD, or [delivery.smtp] password_file",
        )
    kind: Any = smtplib.SMTP_SSL if smtp.security == "tls" else smtplib.SMTP
    try:
        with kind(smtp.host, smtp.port, timeout=10) as server:
            server.ehlo()
            if smtp.security == "starttls":
                server.starttls()
                server.ehlo()
            if smtp.username:
                server.login(smtp.username, smtp.password)
    except (OSError, smtplib.SMTPException) as error:
        return (
            Result.FAILED,
            f"mail server: {place} cannot be used ({error})",
            "look at host, port, security and the password",
        )
    return Result.OK, f"mail server: {place} answers", ""


def _provider(app: "App") -> Answer:
    from publisher.delivery import look_at_account

    try:
        account = look_at_account(app.settings)
    except SettingsError as error:
        (problem,) = error.problems
        return Result.FAILED, f"mail server: {problem.message}", problem.hint
    if account is None:
        return Result.OK, "mail server: none is used", ""
    result = Result.WARNING if account.hint else Result.OK
    said = f"mail server: {account.said}"
    return result if account.is_usable else Result.FAILED, said, account.hint
