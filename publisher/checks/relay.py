"""What the mail server offers to whoever sends through it, before anything is sent."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING

from publisher.checks.finding import Answer, Result

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.settings import Smtp

TIMEOUT = 10.0  # seconds for each step
# An HTML part may have 102,000 bytes; with base64, the text part and the headers it stays below.
LARGEST_MESSAGE = 300_000  # bytes
_TOLD = ("pipelining", "starttls", "8bitmime", "smtputf8", "size", "auth")
_LOGINS = ("PLAIN", "LOGIN")  # that we can


def offer(app: "App") -> Answer:
    """Ask the mail server what it can, and say what of it will be missed."""
    smtp = app.settings.delivery.smtp
    if app.settings.delivery.transport != "smtp":
        return Result.OK, "mail server's offer: none is used", ""
    try:
        first, then = _ask(smtp)
    except OSError as error:  # SMTPException is one
        return (
            Result.WARNING,
            f"mail server's offer: {smtp.host}:{smtp.port} could not be asked ({error})",
            "P014 says what to look at",
        )
    named = [" ".join([name, *then[name].split()]).upper() for name in _TOLD if name in then]
    said = f"mail server's offer: {', '.join(named) or 'nothing beyond plain SMTP'}"
    wanting = list(_wanting(smtp, first, then))
    if not wanting:
        return Result.OK, said, ""
    wanting.sort(key=lambda each: each[0] is not Result.FAILED)
    worst, _, advice = wanting[0]
    return worst, "; ".join([said, *(message for _, message, _ in wanting)]), advice


def _ask(smtp: "Smtp") -> tuple[dict[str, str], dict[str, str]]:
    """Return what is offered at first, and what once the line is as the settings want it.

    Raises OSError.
    """
    import smtplib

    if smtp.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIMEOUT)
    else:
        server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)
    with server:
        server.ehlo()
        first = dict(server.esmtp_features)
        if smtp.security == "starttls":
            server.starttls()
            server.ehlo()
        return first, dict(server.esmtp_features)


def _wanting(smtp: "Smtp", first: dict[str, str], then: dict[str, str]) -> Iterator[Answer]:
    is_near = _is_near(smtp.host)
    if smtp.username and smtp.security == "none" and not is_near:
        yield (
            Result.FAILED,
            "the password goes to it in the clear",
            'set [delivery.smtp] security to "starttls" or "tls"',
        )
    elif "starttls" in first and smtp.security == "none" and not is_near:
        advice = 'set [delivery.smtp] security = "starttls"'
        yield Result.WARNING, "messages go to it in the clear, though it has STARTTLS", advice
    logins = then.get("auth", "").upper().split()
    if smtp.username and not any(each in logins for each in _LOGINS):
        said = f"it takes no login that publisher has ({' and '.join(_LOGINS)})"
        yield Result.FAILED, said, "look at port and security: many take logins over TLS only"
    size = then.get("size", "").strip()
    if size.isdigit() and 0 < int(size) < LARGEST_MESSAGE:
        said = f"it takes {int(size):,} bytes a message, and a long edition has {LARGEST_MESSAGE:,}"
        yield Result.FAILED, said, "let it take larger ones, or lower `most` of the digest"
    if "pipelining" not in then:
        said = "without PIPELINING each message takes several ways there and back"
        yield Result.WARNING, said, "another server may be much faster; nothing else is wrong"
    if "smtputf8" not in then:
        said = "without SMTPUTF8 addresses with other letters before the @ cannot be reached"
        yield Result.OK, said, ""


def _is_near(host: str) -> bool:
    """Whether what goes to a host stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"
