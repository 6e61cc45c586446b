"""Header fields written by ourselves, through one gate.

The standard library's `EmailMessage` is not used: it encodes a List-Unsubscribe URL longer than
76 characters as an encoded word, which kills one-click, and in Python 3.11.7 it turned an encoded
line end inside a subject into a real header (CVE-2024-6923).
"""

import re
from base64 import b64encode

from publisher import address
from publisher.errors import PublisherError, one_line

LONGEST_LINE = 998  # bytes, RFC 5322 section 2.1.1
FOLD_AT = 76  # characters; RFC 2047 section 2 for lines with encoded words, fine for all others
LONGEST_ENCODED_WORD = 75  # RFC 2047 section 2

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TOKEN = re.compile(r" *(?:<[^>]*>|[^ <]|<)+")
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
# What `address.parse` would return as it is: nearly every address, and it is asked for each message.
_TRAVELS = re.compile(
    r"(?=.{6,254}\Z)[A-Za-z0-9_+-]{1,30}(?:\.[A-Za-z0-9_+-]{1,30})?@"
    r"(?:(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:com|net|org|edu|gov|[a-z]{2})"
)
_MAILBOX = re.compile(r"(?P<phrase>.*?) *<(?P<inside>[^<>]*)>", re.DOTALL)
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_LONGEST_BARE_WORD = 400  # a longer run without a space is encoded, so that it can be folded
_FRAME = len("=?utf-8?b?") + len("?=")

_MAILBOX_FIELDS = frozenset({"from", "reply-to", "to"})
_PHRASE_FIELDS = frozenset({"list-id"})
_TEXT_FIELDS = frozenset({"subject"})


class HeaderError(PublisherError, ValueError):
    """A header value that could add a line, a header or a body of its own to a message."""

    def __init__(self, name: str, value: str, why: str) -> None:
        self.name, self.value = name, value
        super().__init__(f"the header {one_line(name)} cannot be {one_line(value[:100])!r}: {why}")


def gate(name: str, value: str) -> str:
    """Return a header value that may be written; every value passes here and nowhere else.

    Raises HeaderError for C0 and C1 controls, U+2028, U+2029 and lone surrogates.
    """
    found = _FORBIDDEN.search(value)
    if found:
        raise HeaderError(name, value, f"it holds the control character U+{ord(found[0]):04X}")
    return value.strip(" ")


def write_field(name: str, value: str) -> bytes:
    """Return one header field as bytes, folded, ending in CRLF.

    Subject may be any text; From, Reply-To, To and List-Id a name before `<…>`; any other field
    is written as it is and must be ASCII.

    Raises HeaderError.
    """
    if not _NAME.fullmatch(name):
        raise HeaderError(name, value, "a header's name is letters, digits and hyphens")
    value = gate(name, value)
    room = FOLD_AT - len(name) - 2
    kind = name.lower()
    if kind in _TEXT_FIELDS:
        tokens = _text_tokens(value, room)
    elif kind in _MAILBOX_FIELDS:
        phrase, mailbox = split_mailbox(value)
        inside = wire_address(mailbox)
        tokens = [*_phrase_tokens(phrase, room), f" <{inside}>" if phrase else f" {inside}"]
    elif kind in _PHRASE_FIELDS and (found := _MAILBOX.fullmatch(value)):
        inside = _bare(name, found["inside"])
        tokens = [*_phrase_tokens(_unquoted(found["phrase"]), room), f" <{inside}>"]
    else:
        tokens = _TOKEN.findall(" " + _bare(name, value))
    return _fold(name, tokens, value).encode()


def split_mailbox(value: str) -> tuple[str, str]:
    """Return the display name and the address of `Name <address>`; the name may be quoted."""
    found = _MAILBOX.fullmatch(value.strip(" "))
    if not found:
        return "", value.strip(" ")
    return _unquoted(found["phrase"]), found["inside"].strip(" ")


def wire_address(text: str) -> str:
    """Return an address as it travels: the domain as A-label, the local part as given.

    Raises AddressError. Not ASCII only if the local part is not; then SMTPUTF8 is needed.
    """
    if _TRAVELS.fullmatch(text):
        return text
    parsed = address.parse(text)
    return f"{parsed.local}@{parsed.domain}"


def encoded_words(text: str, first_room: int = LONGEST_ENCODED_WORD) -> list[str]:
    """Return text as RFC 2047 encoded words of at most 75 characters, no character split.

    Base64 words before the last hold a multiple of three bytes, so none of them is padded: readers
    built on GMime join the words before decoding and stop at the first padding. What does not come
    out even, and text that is mostly ASCII, is written in the Q encoding. A text is parted as
    seldom as can be, because Python's own reader leaves a space in a name where words meet.

    first_room  characters left for the first word on its line
    """
    is_mostly_ascii = sum(map(_q_length, text)) <= len(text.encode()) * 2
    words: list[str] = []
    while text:
        room = min(first_room, LONGEST_ENCODED_WORD) if not words else LONGEST_ENCODED_WORD
        taken = 0 if is_mostly_ascii else _even_chars(text, room)
        if not is_mostly_ascii and _FRAME + 4 * -(-len(text.encode()) // 3) <= room:
            taken = len(text)
        if taken:
            words.append(f"=?utf-8?b?{b64encode(text[:taken].encode()).decode()}?=")
        else:
            taken = _q_chars(text, room, stop_at_even=not is_mostly_ascii)
            words.append(f"=?utf-8?q?{''.join(map(_q, text[:taken]))}?=")
        text = text[taken:]
    return words


def _text_tokens(value: str, room: int) -> list[str]:
    longest = max(map(len, value.split(" ")))
    if value.isascii() and "=?" not in value and longest <= _LONGEST_BARE_WORD:
        return _TOKEN.findall(" " + value) if value else []
    return [" " + word for word in encoded_words(value, room)]


def _phrase_tokens(phrase: str, room: int) -> list[str]:
    if not phrase:
        return []
    if not phrase.isascii() or "=?" in phrase or len(phrase) > _LONGEST_BARE_WORD:
        return [" " + word for word in encoded_words(phrase, room)]
    if not _PLAIN_PHRASE.fullmatch(phrase):
        escaped = phrase.replace("\\", "\\\\").replace('"', '\\"')
        phrase = f'"{escaped}"'
    return re.findall(r" *[^ ]+", " " + phrase)


def _unquoted(phrase: str) -> str:
    if len(phrase) > 1 and phrase[0] == phrase[-1] == '"':
        return re.sub(r"\\(.)", r"\1", phrase[1:-1])
    return phrase


def _bare(name: str, value: str) -> str:
    if not value.isascii():
        raise HeaderError(name, value, "it must be ASCII")
    if re.search(r"=\?[^? ]*\?[BbQq]\?", value):
        raise HeaderError(name, value, "a reader would decode a part of it")
    return value


def _fold(name: str, tokens: list[str], value: str) -> str:
    """Join tokens, each with its leading space, breaking lines only before one of them."""
    lines = [f"{name}:"]
    for token in tokens:
        if len(lines) + len(lines[0]) > len(name) + 2 and len(lines[-1]) + len(token) > FOLD_AT:
            lines.append(token)
        else:
            lines[-1] += token
    if any(len(line.encode()) > LONGEST_LINE for line in lines):
        raise HeaderError(name, value, f"a line would be longer than {LONGEST_LINE} bytes")
    return "\r\n".join(lines) + "\r\n"


def _even_chars(text: str, room: int) -> int:
    """Return how many characters make the longest unpadded base64 word that fits, or 0."""
    most = (room - _FRAME) // 4 * 3
    size = best = 0
    for count, char in enumerate(text, start=1):
        size += len(char.encode())
        if size > most:
            break
        if size % 3 == 0:
            best = count
    return best


def _q_chars(text: str, room: int, *, stop_at_even: bool) -> int:
    """Return how many characters to write in Q: what fits, or up to where base64 can go on."""
    left = room - _FRAME
    for count, char in enumerate(text):
        left -= _q_length(char)
        if count and (left < 0 or (stop_at_even and _even_chars(text[count:], room))):
            return count
    return len(text)


def _q_length(char: str) -> int:
    return len(_q(char))


def _q(char: str) -> str:
    if char == " ":
        return "_"
    return "".join(chr(b) if b in _Q_SAFE else f"={b:02X}" for b in char.encode())
