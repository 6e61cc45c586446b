"""Complaints: what a provider sends when a reader presses "this is spam" (ARF, RFC 5965).

Providers black out the address. What they leave are our own signed tokens in the copy of the
message; they say whose it was.
"""

from collections.abc import Sequence

from publisher.feedback.mime import Part, read_fields

# "not-spam" takes a complaint back, "auth-failure" is about us and not about a reader (RFC 6591).
COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", "opt-out"})
AUTH_FAILURE = "auth-failure"


def feedback_type(parts: Sequence[Part]) -> str:
    """Return what a feedback report is about, as "abuse"; "" when a message is none."""
    for part in parts:
        if part.kind == "message/feedback-report":
            found, _ = read_fields(part.decoded.strip())
            return dict(reversed(found)).get("feedback-type", "").strip().lower()[:40]
        if part.is_quoted and part.first("x-hmxmroriginalrecipient"):
            return "abuse"  # Microsoft's junk mail reporting, whose reports are no ARF
    return ""


def copies_in(parts: Sequence[Part]) -> list[Part]:
    """Return the heads of the messages that a report brings back."""
    heads = []
    for part in parts[1:]:
        if part.kind == "text/rfc822-headers":
            heads.append(Part(*read_fields(part.decoded.lstrip())))
        elif part.first("message-id") or part.first("list-unsubscribe"):
            heads.append(part)
    return heads
