"""Deliver over SMTP, one connection kept for many messages, one recipient each.

What decides is whether the final dot of a message has left: before it a failure is certain
non-delivery, after it only the server's reply counts, and no reply means we do not know.
Source: RFC 5321 sections 3.8, 4.2.4 and 4.5.3.2.
"""

import re
import smtplib
import ssl
from datetime import timedelta
from threading import Event

from publisher.delivery.outcome import Kind, Message, Outcome, answer_code, without_address
from publisher.delivery.wire import Lost, Wire
from publisher.errors import TransportDown
from publisher.settings.model import Smtp

REPLY_SECONDS = 300.0  # RFC 5321 section 4.5.3.2
FINAL_SECONDS = 600.0  # after the final dot: the server may be scanning, or delivering
QUIT_SECONDS = 1.0
STOP_SECONDS = 8.0  # after a wish to stop, which is to be met within ten

# A failure at RCPT or later may be about one recipient: the others get their turn before it.
_ASIDE = timedelta(minutes=1)
_LINE_DOT = re.compile(rb"^\.", re.MULTILINE)
_REMOTE_ID = re.compile(r"(?:queued as|\bid=)\s*([!-~]+)", re.IGNORECASE)


class _SessionError(Exception):
    """The server refused to go on with us, whoever the recipient; nothing was delivered."""

    def __init__(self, answer: str, retry_after: timedelta = timedelta(0)) -> None:
        super().__init__(answer)
        self.answer, self.retry_after = answer, retry_after


class SmtpTransport:
    """One SMTP connection, opened when first needed and again when the server ended it."""

    name = "smtp"

    def __init__(
        self,
        settings: Smtp,
        *,
        context: ssl.SSLContext | None = None,
        reply_seconds: float = REPLY_SECONDS,
        final_seconds: float = FINAL_SECONDS,
        stop: Event | None = None,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        """Prepare a connection.

        context  for tests with a certificate of their own
        stop     once set, the message under way is waited for seconds, not minutes
        """
        self._stop, self._stop_seconds = stop, stop_seconds
        self._settings = settings
        self._context = context
        self._reply_seconds = reply_seconds
        self._final_seconds = final_seconds
        self._wire: Wire | None = None

    def send(self, message: Message) -> Outcome:
        """Hand one message over, on a new connection if the one in use turns out to be over.

        Raises TransportDown when a fresh connection is refused too.
        """
        while True:
            is_fresh = self._wire is None
            wire = self._wire or self._connect()
            self._wire = wire
            try:
                return self._hand_over(wire, message, is_fresh)
            except _SessionError as over:
                self.close()
                if is_fresh:
                    words = without_address(over.answer, message.recipient)
                    raise TransportDown(self.name, words, retry_after=over.retry_after) from over

    def close(self) -> None:
        """Say QUIT and close; whatever the server does then is no matter to us."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.reply_seconds = QUIT_SECONDS
            try:
                wire.docmd("QUIT")
            except smtplib.SMTPException:
                pass
            finally:
                wire.close()

    def _connect(self) -> Wire:
        settings, wire = self._settings, None
        try:
            wire = Wire(self._reply_seconds, self._stop, self._stop_seconds)
            wire.dial(settings.host, settings.port, self._tls() if self._is_tls else None)
            if settings.security == "starttls":
                wire.secure(settings.host, self._tls())
            if settings.username:
                wire.login(settings.username, settings.password)
        except smtplib.SMTPResponseException as error:
            raise self._down(wire, _reply(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise self._down(wire, str(error)) from error
        return wire

    @property
    def _is_tls(self) -> bool:
        return self._settings.security == "tls"

    def _tls(self) -> ssl.SSLContext:
        return self._context or ssl.create_default_context()

    def _down(self, wire: Wire | None, answer: str) -> TransportDown:
        if wire is not None:
            wire.close()
        where = f"{self._settings.host}:{self._settings.port}"
        return TransportDown(
            self.name,
            f"{where}: {answer}",
            hint="check [delivery.smtp] host, port, security, username and the password",
        )

    def _hand_over(self, wire: Wire, message: Message, is_fresh: bool) -> Outcome:
        try:
            refused = self._envelope(wire, message, is_fresh)
            if refused is not None:
                return refused
            wire.send(_LINE_DOT.sub(b"..", message.data))
            wire.expect_silence()
        except Lost as lost:
            self._drop()
            return Outcome(Kind.DEFERRED, "", without_address(str(lost), message.recipient))
        try:
            # Even when this raises, the dot may have left: TLS and the kernel keep it to themselves.
            wire.send(b".\r\n")
            code, words = wire.reply_within(self._final_seconds)
        except Lost as lost:
            self._drop()
            return Outcome(Kind.UNKNOWN, "", without_address(str(lost), message.recipient))
        if 200 <= code < 300:
            found = _REMOTE_ID.search(words)
            return Outcome(
                Kind.ACCEPTED, answer_code(code, words), words, found[1] if found else ""
            )
        if code < 400:
            self._drop()
            return Outcome(Kind.UNKNOWN, "", f"a reply out of step: {_reply(code, words)}")
        return _negative(code, words, message)

    def _envelope(self, wire: Wire, message: Message, is_fresh: bool) -> Outcome | None:
        """Go as far as the server's 354; return an Outcome when it does not come to that."""
        options = ""
        if message.needs_smtputf8:
            if not wire.has_extn("smtputf8"):
                return Outcome(
                    Kind.REFUSED,
                    "5.6.7",  # RFC 6531 section 3.5
                    "the address is not ASCII and the mail server does not offer SMTPUTF8",
                )
            options = " SMTPUTF8 BODY=8BITMIME"
        try:
            code, words = wire.command(f"MAIL FROM:<{message.sender}>{options}")
        except Lost as lost:
            if is_fresh:
                raise
            # Servers close connections that were idle or carried enough messages.
            raise _SessionError(str(lost)) from lost
        if code >= 500 or code == 421:
            raise _SessionError(_reply(code, words))
        if code >= 300:
            return self._reset(wire, _negative(code, words, message))
        code, words = wire.command(f"RCPT TO:<{message.recipient}>")
        if code >= 300:
            return self._reset(wire, _negative(code, words, message))
        code, words = wire.command("DATA")
        if code == 354:
            return None
        return self._reset(wire, _negative(code, words, message))

    def _reset(self, wire: Wire, outcome: Outcome) -> Outcome:
        try:
            if wire.command("RSET")[0] != 250:
                self._drop()
        except Lost:
            self._drop()
        return outcome

    def _drop(self) -> None:
        """Close without a word: the two sides no longer agree on where they are."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def _negative(code: int, words: str, message: Message) -> Outcome:
    if code == 421:
        raise _SessionError(_reply(code, words), _ASIDE)
    if code < 400:
        raise Lost(f"a reply out of step: {_reply(code, words)}")
    kind = Kind.REFUSED if code >= 500 else Kind.DEFERRED
    text = without_address(_reply(code, words), message.recipient)
    return Outcome(kind, answer_code(code, words), text)


def _reply(code: int, words: str | bytes) -> str:
    if isinstance(words, bytes):
        words = words.decode("utf-8", "replace")
    return f"{code} {words}"
