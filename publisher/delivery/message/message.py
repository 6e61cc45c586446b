"""A body and a recipient become one RFC 5322 message; the same two always become the same bytes.

Nothing here knows the time or the machine: Date is the moment the delivery was queued, Message-ID
follows from purpose and recipient, the boundary from the body. So a repeat after a crash is
byte-equal. What all recipients of a body share is encoded once (`Compiled`); for each of them only
a few values are set in, which takes microseconds instead of milliseconds.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MultipartInvariantViolationDefect
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

from publisher.delivery.message.encoding import encode
from publisher.delivery.message.headers import HeaderError, split_mailbox, wire_address, write_field
from publisher.keyed import keyed_hash
from publisher.render import Parts, compile_parts

COMPOSER = 2  # the version of the form that `Compiled` gives a message; kept with each body

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
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/?^_`{|}~.@-]+", re.ASCII)
_PLAIN_LINK = re.compile(r"<(?:[!-;?-~]|=(?!\?)){1,900}>", re.ASCII)  # no space, no "=?"
_BETWEEN_LINKS = ",\r\n "
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
    key_id: str = ""  # of the site's key that signs its links; "": the newest
    selectors: tuple[str, ...] = ()  # of the DKIM keys that sign its messages
    composer: int = COMPOSER

    @property
    def sender(self) -> str:
        """The address in From, as it travels; bounces go to it where nobody names another."""
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
    queued_at: datetime | None = None  # when this delivery was; some links end a while after it


def message_id(secret: bytes, purpose: str, public_id: str, domain: str) -> str:
    """Return the Message-ID of one purpose and subscriber: always the same, and telling nothing.

    secret  the site's oldest key, so that adding a newer one does not change what a repeat says
    """
    told = "\0".join(("message-id", purpose, public_id)).encode()
    return f"<{keyed_hash(secret, told)[:20].hex()}@{domain}>"


@dataclass(frozen=True, slots=True)
class Composed:
    """One recipient's message, in the parts that a signature is made of."""

    fields: tuple[bytes, ...]  # each ends in CRLF
    body: tuple[bytes, ...]

    def data(self, signatures: bytes = b"") -> bytes:
        """Return the whole message; fields that sign it go in front."""
        return b"".join((signatures, *self.fields, b"\r\n", *self.body))

    def body_hash(self) -> bytes:
        """Return the SHA-256 of the body, which is its own relaxed canonical form."""
        digest = sha256()
        for piece in self.body:
            digest.update(piece)
        return digest.digest()


class Compiled:
    """A body cut at its marks and encoded once, ready for any number of recipients."""

    def __init__(self, body: Body) -> None:
        """Compile a body; raises HeaderError or AddressError when a header cannot be written."""
        _check_names(body)
        self.sender = body.sender
        parts = {name: compile_parts(value) for name, value in body.headers}
        parts["Subject"] = compile_parts(body.subject)
        names = _in_order(["Date", "To", "Message-ID", *parts])
        self._fields = [_fixed(name, parts[name]) if name in parts else b"" for name in names]
        self._spliced = tuple(
            (place, name, parts[name])
            for place, name in enumerate(names)
            if name in parts and parts[name].names
        )
        self._date, self._to, self._id = map(names.index, ("Date", "To", "Message-ID"))
        told = "\0".join((body.subject, body.plain, body.html)).encode()
        boundary = b"=_" + sha256(told).hexdigest()[:32].encode()  # never in QP nor in base64
        self._fields += [
            b"MIME-Version: 1.0\r\n",
            b'Content-Type: multipart/alternative;\r\n boundary="%s"\r\n' % boundary,
        ]
        self._plain = encode(compile_parts(body.plain), is_html=False)
        self._html = encode(compile_parts(body.html), is_html=True)
        self._heads = (
            b"--%s\r\n%s" % (boundary, _part_head(b"plain", self._plain.name)),
            b"\r\n--%s\r\n%s" % (boundary, _part_head(b"html", self._html.name)),
            b"\r\n--%s--\r\n" % boundary,
        )

    def compose(
        self, address: str, values: Mapping[str, str], message_id: str, date: datetime
    ) -> Composed:
        """Return the message for one recipient; see `compose_message`.

        address  as it travels: see `wire_address`
        """
        fields = self._fields.copy()
        fields[self._date] = _date_field(int(date.timestamp()))
        fields[self._to] = _to_field(address)
        fields[self._id] = b"Message-ID: %s\r\n" % message_id.encode()
        for place, name, parts in self._spliced:
            fields[place] = _spliced_field(name, parts, values)
        plain, html, end = self._heads
        body = (plain, *self._plain.pieces(values), html, *self._html.pieces(values), end)
        return Composed(tuple(fields), body)


def compose_message(
    body: Body, recipient: Recipient, values: Mapping[str, str], message_id: str, date: datetime
) -> bytes:
    """Return the whole message for one recipient: CRLF, no line over 998 bytes, ASCII unless the
    recipient's local part is not.

    values  what stands at the body's marks for this recipient
    date    when the delivery was queued (aware)

    Raises HeaderError, AddressError, or KeyError for a mark without a value.
    """
    address = wire_address(recipient.address)
    return _compiled(body).compose(address, values, message_id, date).data()


def header_names(body: Body) -> list[str]:
    """Return the names of the fields that every message of this body has, in their order."""
    brought = [name for name, _ in body.headers]
    names = _in_order(["Date", "To", "Subject", "Message-ID", *brought])
    return [*names, "MIME-Version", "Content-Type"]


def check(body: Body) -> None:
    """See that a body's headers can be written, before anybody is to get it.

    Raises HeaderError or AddressError.
    """
    _check_names(body)
    write_field("To", body.sender)
    for name, value in (*body.headers, ("Subject", body.subject)):
        write_field(name, value)


def verify(body: Body, data: bytes) -> None:
    """Read a composed message with another reader and see that it has our headers and no others.

    Raises HeaderError: something passed the gate that a reader takes for a header.
    """
    head, _, _ = data.partition(b"\r\n\r\n")
    found = BytesHeaderParser(policy=compat32).parsebytes(head + b"\r\n\r\n")
    names = [name for name in found.keys() if name != "DKIM-Signature"]  # noqa: SIM118 repeats count
    # Python 3.11.2, which Debian 12 has, finds fault with the head of a multipart read by itself.
    defects = [
        one for one in found.defects if not isinstance(one, MultipartInvariantViolationDefect)
    ]
    if names != header_names(body) or found.get_payload() or defects:
        raise HeaderError("Subject", body.subject, f"a reader finds {', '.join(names)}")


@lru_cache(maxsize=8)  # previews and tests compose one body for several people
def _compiled(body: Body) -> Compiled:
    return Compiled(body)


def _check_names(body: Body) -> None:
    taken = sorted(name.lower() for name, _ in body.headers)
    for name, value in body.headers:
        if name.lower() in _OURS:
            raise HeaderError(name, value, "delivery writes this field itself")
        if taken.count(name.lower()) > 1:
            raise HeaderError(name, value, "a body has it twice")


def _in_order(names: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda name: _RANK.get(name.lower(), len(_RANK)))


def _fixed(name: str, parts: Parts) -> bytes:
    return b"" if parts.names else write_field(name, parts.pieces[0])


def _part_head(kind: bytes, encoding: bytes) -> bytes:
    return b"Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n" % (
        kind,
        encoding,
    )


@lru_cache(maxsize=64)  # an edition is queued in a few seconds
def _date_field(at: int) -> bytes:
    return write_field("Date", format_datetime(datetime.fromtimestamp(at, UTC)))


def _to_field(address: str) -> bytes:
    if _PLAIN_ADDRESS.fullmatch(address):
        return b"To: %s\r\n" % address.encode()
    return write_field("To", address)


def _spliced_field(name: str, parts: Parts, values: Mapping[str, str]) -> bytes:
    """Write a field that holds a value; links in angle brackets, in a fiftieth of the time."""
    text = parts.join(values)
    if text.startswith("<"):
        links = text.split(", ")
        if all(map(_PLAIN_LINK.fullmatch, links)):
            return f"{name}: {_BETWEEN_LINKS.join(links)}\r\n".encode()
    return write_field(name, text)
