"""From the bytes of a message to what it says: a report, or nothing that concerns us."""

from collections.abc import Sequence
from hashlib import sha256

from publisher.feedback.addresses import bounce_tags, tokens_of_ours, unsubscribe_tokens
from publisher.feedback.bounce import is_unknown, read_bounce
from publisher.feedback.complaint import AUTH_FAILURE, COMPLAINTS, copies_in, feedback_type
from publisher.feedback.last_resort import is_bounce
from publisher.feedback.mime import MOST_PARTS, Part, read_message
from publisher.feedback.report import Kind, Report


def read_report(data: bytes) -> Report | None:
    """Return what a message says that came back; None for one that should be left to people.

    Whatever it holds, nothing is raised, and no more than the first million bytes is looked at.
    """
    parts = read_message(data)
    about = feedback_type(parts)
    if about:
        return _complaint(parts, about)
    message = parts[0]
    judged = read_bounce(parts)
    if judged is not None:
        kind, code, words = judged
        return Report(kind, _identity(message), code, words, bounce_tags=bounce_tags(message))
    tokens = unsubscribe_tokens(message)
    if tokens and message.kind != "multipart/report":
        return Report(Kind.UNSUBSCRIBE, _identity(message), unsubscribe_tokens=tokens)
    tags = bounce_tags(message)
    if tags and len(parts) < MOST_PARTS and is_unknown(parts) and is_bounce(data):
        return Report(Kind.UNCLEAR, _identity(message), bounce_tags=tags)
    return None


def _complaint(parts: Sequence[Part], about: str) -> Report | None:
    identity = _identity(parts[0])
    copies = copies_in(parts)
    tags, tokens = tokens_of_ours(copies)
    tags = (*bounce_tags(parts[0]), *tags)
    if about == AUTH_FAILURE:
        return Report(Kind.BLOCKED, identity, about, bounce_tags=tags)
    if about not in COMPLAINTS:
        return None
    return Report(
        Kind.COMPLAINT,
        identity,
        about,
        bounce_tags=tags,
        unsubscribe_tokens=tokens,
        copied=tuple(copy.first("message-id") for copy in copies),
    )


def _identity(message: Part) -> str:
    """Return what a message is known by when it comes again: over another way, or once more."""
    told = message.first("message-id").encode() or _said(message)
    return sha256(told).hexdigest()[:40]


def _said(message: Part) -> bytes:
    """Return what is the same in every copy of a message without a Message-ID."""
    fields = (message.first(name) for name in ("from", "to", "date", "subject"))
    return "\0".join(fields).encode() + b"\0" + message.body
