"""What a client may not do on the wire; each function returns the violations in what it is given.

Sources: RFC 5321 (2.3.8, 4.1.1, 4.5.2, 4.5.3.1), RFC 2920 (3.1), RFC 6152, RFC 6531, RFC 1870.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_COMMAND = 512  # octets with CRLF, RFC 5321 section 4.5.3.1.4
_PARAMETERS = 64  # what the extensions' parameters may add to MAIL and RCPT
LONGEST_LINE = 998  # octets without CRLF

_LONG = re.compile(rb"[^\r\n]{%d}" % (LONGEST_LINE + 1))
_LONE_DOT = re.compile(rb"(?:\A|\n)\.(?!\.)")
_ENVELOPE = re.compile(rb"(?:MAIL FROM|RCPT TO):<([^<>\s]*)>((?: [!-~]+)*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the server says it can do."""

    pipelining: bool = True
    eight_bit: bool = True
    smtputf8: bool = True
    size: int = 0  # 0: not offered
    starttls: bool = False
    auth: bool = False  # once encrypted, where STARTTLS is offered
    is_stubborn: bool = False  # answers DATA with 354 though no recipient was accepted


def in_command(line: bytes, offer: Offer) -> Iterator[str]:
    """Look at one command, without its CRLF."""
    if b"\r" in line or b"\n" in line:
        yield "a bare CR or LF in a command"
    verb = line[:4].upper()
    is_envelope = verb in (b"MAIL", b"RCPT")
    if len(line) + 2 > LONGEST_COMMAND + _PARAMETERS * is_envelope:
        yield f"a command of {len(line) + 2} octets"
    if not line.isascii() and not offer.smtputf8:
        yield "a command that is not ASCII, and SMTPUTF8 was not offered"
    if is_envelope:
        yield from _in_envelope(line, verb, offer)


def _in_envelope(line: bytes, verb: bytes, offer: Offer) -> Iterator[str]:
    found = _ENVELOPE.fullmatch(line)
    if not found:
        yield f"{verb.decode()} in no known form: {line[:80]!r}"
        return
    words = {word.partition(b"=")[0].upper() for word in found[2].split()}
    known = {b"BODY": offer.eight_bit, b"SMTPUTF8": offer.smtputf8, b"SIZE": bool(offer.size)}
    for word in sorted(words):
        if verb == b"RCPT" or not known.get(word):
            yield f"{verb.decode()} with {word.decode(errors='replace')}, which was not offered"
    if verb == b"MAIL" and not found[1].isascii() and b"SMTPUTF8" not in words:
        yield "MAIL with an address that is not ASCII, without SMTPUTF8"


def in_content(data: bytes, *, may_be_eight_bit: bool) -> Iterator[str]:
    """Look at a message as it was sent, dots still doubled, with the CRLF of its last line."""
    pairs = data.count(b"\r\n")
    if data.count(b"\n") != pairs or data.count(b"\r") != pairs:
        yield "a bare CR or LF in a message"
    if _LONG.search(data):
        yield f"a line of more than {LONGEST_LINE} octets"
    if _LONE_DOT.search(data):
        yield "a line that begins with a dot, not doubled"
    if b"\0" in data:
        yield "a NUL in a message"
    if not may_be_eight_bit and not data.isascii():
        yield "8-bit content that was not announced"
