"""The editor's word at the head of an edition: a message's few elements, styled for mail readers.

It comes as the clean HTML of a content file. Mail knows less than a page does, and a digest keeps
its headings for its items, so what is shown is built anew from the little that mail needs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from publisher.digests.compose.text import clean, sentence, shorten
from publisher.language import base, is_rtl, normalise
from publisher.render import directed_lines, without_marks

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from publisher.content.item import Word

WORD_LENGTH = 3000  # characters: a page; a digest is a list and not a letter
_SUBJECT_LENGTH = 200  # characters before its fields are filled; inboxes show 40 to 80
_PREHEADER_LENGTH = 200  # characters; inboxes show about half of it
_MARKUP_LENGTH = 12_000  # characters of tags and addresses, which cost room and show nothing
_LONGEST_LINK = 2000
_DEEPEST = 20

# What content leaves in a word, less what mail readers know nothing of; the text of others stays.
_KEPT_WORDS = "bdi br code del em ins li ol p q s span strong sub sup ul"
_KEPT = frozenset(_KEPT_WORDS.split())
_BLOCKS = frozenset(("blockquote", "div", "li", "ol", "p", "ul"))
_GONE = frozenset(("iframe", "math", "object", "script", "style", "svg", "template", "title"))
_UPRIGHT = frozenset(("ja", "ko", "yue", "zh"))  # whose script knows no slant, as Arabic's
_OTHERS = ("mailto", "tel")  # schemes of links that need no host
_STYLES = {"p": "margin:8px 0 0", "ul": "margin:8px 0 0", "ol": "margin:8px 0 0"}


@dataclass(frozen=True, slots=True)
class Opening:
    """What an edition's word gives its body; "" where the digest's own is to stand."""

    subject: str = ""
    preheader: str = ""
    html: str = ""  # elements for the masthead
    plain: str = ""  # lines of the text part


def opening(word: "Word | None", language: str, accent: str) -> Opening:
    """Return an editor's word as it may stand in a body of this language.

    accent   the colour of links in light mode
    """
    if word is None:
        return Opening()
    source = word.html if word.html.strip() else _paragraphs(word.text)
    dressed = _Dressed(accent, language)
    html = dressed.html(source) if source.strip() else ""
    return Opening(
        subject=sentence(word.subject, _SUBJECT_LENGTH),
        preheader=sentence(word.preheader, _PREHEADER_LENGTH),
        html=without_marks(html),
        plain=_plain(word.text or dressed.text, dressed.links, language),
    )


class _Dressed:
    """Clean HTML built anew from what mail needs, until there is enough of it."""

    def __init__(self, accent: str, language: str) -> None:
        self.links: list[str] = []
        self.text = ""
        self._left, self._room = WORD_LENGTH, _MARKUP_LENGTH
        self._styles = _STYLES | {"a": f"color:{accent};text-decoration:underline"}
        if is_rtl(language) or base(language) in _UPRIGHT:
            self._styles["em"] = "font-style:normal;font-weight:600"

    def html(self, source: str) -> str:
        """Return the elements of a source; raises nothing, whatever it holds."""
        from lxml.html import document_fromstring

        body = document_fromstring(f"<html><body>{clean(source)}</body></html>").find("body")
        return "" if body is None else "".join(self._inside(body, 0)).strip()

    def _inside(self, element: "HtmlElement", depth: int) -> Iterator[str]:
        yield self._words(element.text)
        for child in element:
            # Comments have a function for a tag.
            if isinstance(child.tag, str) and child.tag not in _GONE and self._has_room:
                yield from self._element(child, depth + 1)
            yield self._words(child.tail)

    @property
    def _has_room(self) -> bool:
        return self._left > 0 and self._room > 0

    def _words(self, text: str | None) -> str:
        if not text or not self._has_room:
            return ""
        if len(text) > self._left:
            text, self._left = shorten(text, self._left), 0
        self._left -= len(text)
        self.text += text
        return escape(text)

    def _element(self, element: "HtmlElement", depth: int) -> Iterator[str]:
        tag = _shown_as(element)
        self.text += "\n\n" if element.tag in _BLOCKS else ""
        if tag == "br":
            self.text += "\n"
            self._room -= len("<br />")
            yield "<br />"
        elif (tag == "a" and self._takes(element)) or (tag in _KEPT and depth < _DEEPEST):
            opening_tag, closing_tag = f"<{tag}{self._attributes(tag, element)}>", f"</{tag}>"
            self._room -= len(opening_tag) + len(closing_tag)
            yield opening_tag
            yield from self._inside(element, depth)
            yield closing_tag
        else:
            yield from self._inside(element, depth)

    def _takes(self, link: "HtmlElement") -> bool:
        """Return whether a link leads somewhere mail may lead, and note where."""
        address = _address(link.get("href"))
        if address and address not in self.links:
            self.links.append(address)
        return bool(address)

    def _attributes(self, tag: str, element: "HtmlElement") -> str:
        given = {"lang": _language(element.get("lang")), "dir": (element.get("dir") or "").lower()}
        if given["dir"] not in ("ltr", "rtl", "auto"):
            given["dir"] = ""
        if tag == "a":
            given |= {"class": "accent", "href": _address(element.get("href"))}
        given["style"] = self._styles.get(tag, "")
        return "".join(f' {name}="{escape(value)}"' for name, value in given.items() if value)


def _shown_as(element: "HtmlElement") -> str:
    """Return the tag that an element becomes in a mail."""
    if element.tag == "div" and not any(child.tag in _BLOCKS for child in element):
        return "p"  # what holds paragraphs of its own cannot be one
    return {"b": "strong", "i": "em"}.get(str(element.tag), str(element.tag))


def _address(text: str | None) -> str:
    """Return where a link of a mail may lead, or ""."""
    address = (text or "").strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    is_whole = parts.netloc if parts.scheme in ("http", "https") else parts.scheme in _OTHERS
    return address if is_whole and len(address) <= _LONGEST_LINK else ""


def _language(tag: str | None) -> str:
    try:
        return normalise(tag or "")
    except ValueError:
        return ""


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())


def _plain(text: str, links: list[str], language: str) -> str:
    """Return the lines of the text part; where links lead stands below, each on its own line."""
    text = clean(text).strip()
    if len(text) > WORD_LENGTH:
        text = text[: WORD_LENGTH - 1].rsplit(None, 1)[0] + "…"
    lines = "\n".join(line.strip() for line in text.splitlines())
    shown = directed_lines(re.sub(r"\n{3,}", "\n\n", lines), language)
    return "\n".join([shown, *(link for link in links if link not in text)]).strip("\n")
