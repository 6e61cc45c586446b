"""A body and a recipient become one RFC 5322 message; the same two always become the same bytes.

Nothing here knows the time or the machine: Date is the moment the delivery was queued, Message-ID
and boundary follow from purpose and recipient. So a repeat after a crash is byte-equal.
"""

import hmac
import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

from publisher.delivery.headers import HeaderError, split_mailbox, wire_address, write_field
from publisher.render import Parts, compile_parts

# The order in which fields stand in every message. A body may bring those that are not ours, and
# others (X-…), which follow in the order given.
_ORDER = (
    "Date",
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Help",
    "List-Archive",
    "List-Owner",
    "List-Post",
    "Feedback-ID",
    "Precedence",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
)
# b2a_qp forgets that an encoded space at the end of a line is three bytes (seen on Python 3.11).
_ONE_TOO_LONG = re.compile(rb"([^\r\n]{74})(=[0-9A-F]{2})(?=\r\n|\Z)")
_RANK = {name.lower(): rank for rank, name in enumerate(_ORDER)}
_OURS = frozenset(
    (
        *("date", "to", "cc", "bcc", "subject", "message-id", "sender", "return-path", "received"),
        *("mime-version", "content-type", "content-transfer-encoding", "dkim-signature"),
    )
)


@dataclass(frozen=True, slots=True)
class Body:
    """What a segment's readers or a letter's one reader get, before their own values are set in."""

    id: int
    digest: str  # "" for letters
    language: str
    headers: tuple[tuple[str, str], ...]  # From and the rest but Subject; values may hold marks
    subject: str
    html: str
    plain: str

    @property
    def sender(self) -> str:
        """The address in From, which is also the envelope's sender, as it travels."""
        values = [value for name, value in self.headers if name.lower() == "from"]
        if len(values) != 1:
            raise HeaderError("From", "", "a body needs exactly one")
        return wire_address(split_mailbox(values[0])[1])


@dataclass(frozen=True, slots=True)
class Recipient:
    """The subscriber a message is for, as far as a message depends on them."""

    subscriber_id: int
    public_id: str
    address: str
    languages: tuple[str, ...]
    confirmed_at: datetime | None


def message_id(secret: bytes, purpose: str, public_id: str, domain: str) -> str:
    """Return the Message-ID of one purpose and subscriber: always the same, and telling nothing.

    secret  the site's oldest key, so that adding a newer one does not change what a repeat says
    """
    told = "\0".join(("message-id", purpose, public_id)).encode()
    return f"<{hmac.digest(secret, told, 'sha256')[:20].hex()}@{domain}>"


def compose_message(
    body: Body, recipient: Recipient, values: Mapping[str, str], message_id: str, date: datetime
) -> bytes:
    """Return the whole message for one recipient: CRLF, no line over 998 bytes, ASCII unless the
    recipient's local part is not.

    values  what stands at the body's marks for this recipient
    date    when the delivery was queued (aware)

    Raises HeaderError, AddressError, or KeyError for a mark without a value.
    """
    cut = _cut(body)
    boundary = "=_" + sha256(message_id.encode()).hexdigest()[:32]  # never in QP nor in base64
    own = (
        ("Date", format_datetime(date.astimezone(UTC))),
        ("To", recipient.address),
        ("Subject", cut.subject.join(values)),
        ("Message-ID", message_id),
    )
    brought = ((name, parts.join(values)) for name, parts in cut.headers)
    lines = [write_field(name, value) for name, value in _in_order([*own, *brought])]
    lines.append(b"MIME-Version: 1.0\r\n")
    lines.append(b'Content-Type: multipart/alternative;\r\n boundary="%s"\r\n' % boundary.encode())
    for kind, text in (
        ("plain", cut.plain.join(values)),
        ("html", cut.html.join(values, is_html=True)),
    ):
        lines.append(b"\r\n--%s\r\n" % boundary.encode())
        lines.extend(_part(kind, text))
    lines.append(b"\r\n--%s--\r\n" % boundary.encode())
    return b"".join(lines)


def header_names(body: Body) -> list[str]:
    """Return the names of the fields that every message of this body has, in their order."""
    names = [("Date", ""), ("To", ""), ("Subject", ""), ("Message-ID", ""), *body.headers]
    return [name for name, _ in _in_order(names)] + ["MIME-Version", "Content-Type"]


def check(body: Body) -> None:
    """See that a body's headers can be written, before anybody is to get it.

    Raises HeaderError or AddressError.
    """
    _cut(body)
    write_field("To", body.sender)
    for name, value in (*body.headers, ("Subject", body.subject)):
        write_field(name, value)


def verify(body: Body, data: bytes) -> None:
    """Read a composed message with another reader and see that it has our headers and no others.

    Raises HeaderError: something passed the gate that a reader takes for a header.
    """
    head, _, _ = data.partition(b"\r\n\r\n")
    found = BytesHeaderParser(policy=compat32).parsebytes(head + b"\r\n\r\n")
    if found.keys() != header_names(body) or found.get_payload() or found.defects:
        raise HeaderError("Subject", body.subject, f"a reader finds {', '.join(found.keys())}")


@dataclass(frozen=True, slots=True)
class _Cut:
    headers: tuple[tuple[str, Parts], ...]
    subject: Parts
    html: Parts
    plain: Parts


@lru_cache(maxsize=8)  # a run goes through an edition segment by segment
def _cut(body: Body) -> _Cut:
    taken = sorted(name.lower() for name, _ in body.headers)
    for name, value in body.headers:
        if name.lower() in _OURS:
            raise HeaderError(name, value, "delivery writes this field itself")
        if taken.count(name.lower()) > 1:
            raise HeaderError(name, value, "a body has it twice")
    return _Cut(
        tuple((name, compile_parts(value)) for name, value in body.headers),
        compile_parts(body.subject),
        compile_parts(body.html),
        compile_parts(body.plain),
    )


def _in_order(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(fields, key=lambda field: _RANK.get(field[0].lower(), len(_RANK)))


def _part(kind: str, text: str) -> Iterator[bytes]:
    data = "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).encode()
    # The first line end tells b2a_qp which kind its own soft line breaks shall have.
    quoted = b2a_qp(data + b"\r\n", istext=True).removesuffix(b"\r\n")
    quoted = _ONE_TOO_LONG.sub(rb"\1=\r\n\2", quoted)
    coded = encodebytes(data).replace(b"\n", b"\r\n").removesuffix(b"\r\n")
    is_quoted = len(quoted) <= len(coded)
    encoding = b"quoted-printable" if is_quoted else b"base64"
    yield b"Content-Type: text/%s; charset=utf-8\r\n" % kind.encode()
    yield b"Content-Transfer-Encoding: %s\r\n\r\n" % encoding
    yield quoted if is_quoted else coded
