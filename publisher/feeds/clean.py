"""Make text and addresses fit for XML and for every reader: the last gate before a feed.

Content is already clean; this room still checks what it writes, because one forbidden character
makes a whole feed unreadable.
"""

import re
from html import escape
from urllib.parse import quote, urlsplit, urlunsplit

from publisher.language import direction, first_strong, is_rtl

RIGHT_TO_LEFT_MARK = "\u200f"

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BLANKS = re.compile(r"\s+")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_ADDRESS = re.compile(r"""(?<=\s)(href|src|cite|poster)=("[^"]*"|'[^']*')""")
_SAFE = "%/:=&?~#+!$,;'@()*[]-._"  # what may stand in an address as it is


def xml_text(text: str) -> str:
    """Return a text without the characters that XML 1.0 forbids (section 2.2), on any line."""
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """Return a text for a title or a name: clean, on one line, single blanks."""
    return _BLANKS.sub(" ", xml_text(text)).strip()


def title_text(text: str, language: str) -> str:
    """Return a title that stands on the right side in readers that guess from its first letter.

    Only a title in a right-to-left language that begins with a Latin word needs the mark.
    """
    title = one_line(text)
    needs_mark = is_rtl(language) and first_strong(title) == "ltr"
    return RIGHT_TO_LEFT_MARK + title if needs_mark else title


def looks_like_markup(text: str) -> bool:
    """Return whether a reader that takes plain text for HTML would misread this text."""
    return "<" in text or bool(_ENTITY.search(text))


def as_markup(text: str) -> str:
    """Return a plain text written as HTML, changed only where that is needed."""
    return _ENTITY.sub("&amp;", text).replace("<", "&lt;") if looks_like_markup(text) else text


def web_address(address: str) -> str:
    """Return an address in ASCII: the host as in DNS, all else percent-encoded.

    Arabic letters in an RSS link are an error to validators and a dead link to some readers.
    """
    address = _BLANKS.sub("", xml_text(address))
    if address.isascii():
        return quote(address, safe=_SAFE)
    parts = urlsplit(address)
    host = parts.netloc
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            host = quote(host, safe=_SAFE)
    return quote(urlunsplit(parts._replace(netloc=host)), safe=_SAFE)


def html_text(html: str) -> str:
    """Return HTML without characters XML forbids and with every address in ASCII."""
    html = xml_text(html)
    if html.isascii():
        return html
    return _ADDRESS.sub(lambda m: f"{m[1]}={m[2][0]}{web_address(m[2][1:-1])}{m[2][0]}", html)


def wrap(html: str, language: str) -> str:
    """Return HTML in one block that says its language and direction, whatever surrounds it."""
    return f'<div dir="{direction(language)}" lang="{escape(language)}">{html}</div>'
