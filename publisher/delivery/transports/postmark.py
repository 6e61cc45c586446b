"""Deliver through Postmark's API, one recipient a call.

Postmark takes no finished message over HTTP, only its parts: ours is taken apart here, and what it
makes of them is its own. Message-ID and the List-Unsubscribe fields stay ours; Date and MIME do
not. What it may measure is switched off.
Source: https://postmarkapp.com/developer/user-guide/send-email-with-api and
https://postmarkapp.com/developer/api/overview (both November 2026).
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message as Mime
from email.parser import BytesParser
from email.policy import compat32
from threading import Event
from typing import Any

from publisher.delivery.http.api import (
    NOT_ASCII,
    by_status,
    need,
    open_channel,
    patiently,
    told,
    unanswered,
    words,
)
from publisher.delivery.message.headers import split_mailbox
from publisher.delivery.outcome import Kind, Message, Outcome
from publisher.errors import TransportDown
from publisher.reach import Answer, Channel
from publisher.settings.model import Postmark, Settings

PATH = "/email"
_HINT = "look at [delivery.postmark] message_stream, the token, and the server in Postmark"

# Error codes that are a matter of the account, the sender or the stream: token, sender signature,
# not allowed to send, pending, not approved, server, entitlement, stream, our own address.
_ACCOUNT = frozenset({10, 400, 401, 405, 412, 413, 422, 614, 1235, 1236, 1480})
_INVALID, _INACTIVE = 300, 406
_ABOUT_TO = re.compile(r"\s*(?:Invalid|Error\s+parsing)\s+'To'", re.IGNORECASE)
_ABOUT_SENDER = re.compile(r"\s*(?:Invalid|Error\s+parsing)\s+'(?:From|Reply-?To)'", re.IGNORECASE)

# Fields that have a place of their own in the request, or that Postmark writes itself. A signature
# of ours would not survive what it changes.
_NOT_HANDED_ON = frozenset(
    (
        *("from", "reply-to", "to", "subject", "date", "mime-version", "content-type"),
        *("content-transfer-encoding", "dkim-signature"),
    )
)


def open_postmark(settings: Settings, stop: Event | None) -> "PostmarkTransport":
    """Return a transport for the site's server; raises SettingsError when it has no token."""
    postmark = settings.delivery.postmark
    need("postmark", token=postmark.token)
    channel = open_channel(settings, postmark.url + PATH, stop, is_ours=bool(postmark.endpoint))
    return PostmarkTransport(postmark, channel, stop=stop)


class PostmarkTransport:
    """One connection to Postmark, opened when first needed and again when the server ended it."""

    name = "postmark"

    def __init__(
        self,
        settings: Postmark,
        channel: Channel,
        *,
        stop: Event | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare a transport.

        stop  once set, nothing is waited for that is not under way
        now   the real time, against which a Retry-After is read
        """
        self._settings, self._channel = settings, channel
        self._stop, self._now = stop or Event(), now

    def send(self, message: Message) -> Outcome:
        """Hand one message over.

        Raises TransportDown when Postmark cannot be reached, or does not want mail from us now.
        """
        if message.needs_smtputf8:
            return NOT_ASCII
        fields = request_of(message)
        if isinstance(fields, Outcome):
            return fields
        body = json.dumps({**fields, "MessageStream": self._settings.message_stream}).encode()
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-Postmark-Server-Token": self._settings.token,
        }
        answer = patiently(
            lambda: self._channel.post(headers, body), lambda a: a.status == 429, self._stop
        )
        return self._judged(answer, message)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _judged(self, answer: Answer, message: Message) -> Outcome:
        if not answer.status:
            return unanswered(self.name, answer, message)
        said = told(answer)
        code, remote_id = said.get("ErrorCode"), said.get("MessageID")
        about = str(said.get("Message") or "")
        text = words(answer, about, message, self._settings.token)
        if answer.is_ok:
            if code == 0 and isinstance(remote_id, str) and remote_id:
                return Outcome(Kind.ACCEPTED, str(answer.status), answer.detail, remote_id)
            return Outcome(Kind.UNKNOWN, "", f"an answer that Postmark never gives: {text}")
        if code == _INACTIVE:
            # A bounce, a complaint or somebody's wish: it does not say which. So it is no proof
            # that the mailbox is dead, as 5.1.1 would be; RFC 3463: X.2.1 is "mailbox disabled".
            return Outcome(Kind.REFUSED, "5.2.1", text)
        if code == _INVALID and _ABOUT_TO.match(about):
            return Outcome(Kind.REFUSED, "5.1.3", text)
        if code in _ACCOUNT or (code == _INVALID and _ABOUT_SENDER.match(about)):
            raise TransportDown(self.name, text, hint=_HINT)
        return by_status(self.name, answer, text, self._now(), hint=_HINT)


def request_of(message: Message) -> dict[str, Any] | Outcome:
    """Return the fields of Postmark's request that a message comes to; a refusal if there are none.

    Only text and HTML can be handed on: what else a message holds would be lost without a word.
    """
    mime = BytesParser(policy=compat32).parsebytes(message.data)
    bodies = {"text/plain": "", "text/html": ""}
    for part in mime.walk():
        kind = part.get_content_type()
        if part.is_multipart():
            continue
        if kind not in bodies or bodies[kind]:
            return Outcome(Kind.REFUSED, "5.6.1", f"Postmark would lose a part of type {kind}")
        bodies[kind] = _text(part)
    headers = [
        {"Name": name, "Value": _unfolded(value)}
        for name, value in mime.items()
        if name.lower() not in _NOT_HANDED_ON
    ]
    fields = {
        "From": _mailbox(mime["From"]),
        "To": message.recipient,
        "ReplyTo": _mailbox(mime.get("Reply-To", "")),
        "Subject": _decoded(mime.get("Subject", "")),
        "HtmlBody": bodies["text/html"],
        "TextBody": bodies["text/plain"],
        # Without the second field Postmark puts a Message-ID of its own in the place of ours.
        "Headers": [*headers, {"Name": "X-PM-KeepID", "Value": "true"}],
        "TrackOpens": False,
        "TrackLinks": "None",
    }
    return {name: value for name, value in fields.items() if value != ""}


def _text(part: "Mime[str, str]") -> str:
    payload = part.get_payload(decode=True)
    charset = part.get_content_charset("utf-8")
    return payload.decode(charset, "replace") if isinstance(payload, bytes) else ""


def _unfolded(value: str) -> str:
    return re.sub(r"\r?\n(?=[ \t])", "", value).strip()


def _decoded(value: str) -> str:
    """Return a header's text; this reader joins parted words, where the newer one leaves a space."""
    return str(make_header(decode_header(_unfolded(value))))


def _mailbox(value: str) -> str:
    """Return a name and address as Postmark reads them: the name in quotes, in any script."""
    phrase, address = split_mailbox(_unfolded(value))
    if not phrase:
        return address
    escaped = _decoded(phrase).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>'
