"""An item's HTML as plain text: paragraphs parted by an empty line."""

import re
from html import unescape

MAX_SUMMARY = 600  # characters of a first paragraph that stands in for a summary

_PARAGRAPH_END = re.compile(
    r"</(?:p|h[1-6]|ul|ol|blockquote|pre|table|figure|figcaption|div|dl|dd|section|details|summary)>|<hr />"
)
_ITEM = re.compile(r"<li[^<>]*>\s*(?:<p[^<>]*>)?")
_CELL_END = re.compile(r"</t[dh]>\s*(?=<t[dh])")
_PRE = re.compile(r"<pre.*?</pre>", re.S)
_TAG = re.compile(r"<[^<>]*>")
_FIRST = re.compile(r"<p(?: [^<>]*)?>(.*?)</p>", re.S)
_BACK_TO_TEXT = re.compile(r'<a href="#[^"]*fnref[^"]*"[^<>]*>[^<]*</a>')
_FOOTNOTE_MARK = re.compile(r"<sup><a [^<>]*>[^<]*</a></sup>")
_ADDRESS = re.compile(r'<a [^<>]*?href="(https?://[^"]*)"')
_LINE, _PARAGRAPH = "\x0b", "\x0c"  # breaks that stay, while those of the HTML's own lines go


def plain_text(html: str) -> str:
    """Return what finished HTML says, without marks."""
    if "fnref" in html:
        html = _BACK_TO_TEXT.sub("", html)
    if "<pre" in html:
        html = _PRE.sub(lambda found: found[0].replace("\n", _LINE), html)
    if "<li" in html:
        html = _ITEM.sub(_LINE + "- ", html)
    if "</t" in html:
        html = _CELL_END.sub(" | ", html).replace("</tr>", _LINE)
    html = _PARAGRAPH_END.sub(_PARAGRAPH, html.replace("<br />", _LINE)).replace("\n", " ")
    text = unescape(_TAG.sub("", html)).replace(_LINE, "\n").replace(_PARAGRAPH, "\n\n")
    while "  " in text:
        text = text.replace("  ", " ")
    text = "\n".join([line.strip(" ") for line in text.split("\n")])
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip()


def with_addresses(text: str, html: str) -> str:
    """Return plain text followed by the web addresses that its words link to, a line each."""
    found = dict.fromkeys(unescape(address) for address in _ADDRESS.findall(html))
    return "\n\n".join(
        part for part in (text, "\n".join(one for one in found if one not in text)) if part
    )


def first_paragraph(html: str) -> str:
    """Return the first paragraph that says anything, on one line, cut at a word when it is long."""
    for found in _FIRST.finditer(html):
        inside = _FOOTNOTE_MARK.sub("", found[1]) if "<sup>" in found[1] else found[1]
        text = " ".join(unescape(_TAG.sub("", inside.replace("<br />", " "))).split())
        if text:
            return shortened(text)
    text = plain_text(html).partition("\n\n")[0]
    return shortened(" ".join(text.split()))


def shortened(text: str) -> str:
    """Return a text of at most MAX_SUMMARY characters, ended by an ellipsis when cut."""
    if len(text) <= MAX_SUMMARY:
        return text
    cut = text[: MAX_SUMMARY - 1]
    head = cut.rpartition(" ")[0]
    return (head if len(head) > MAX_SUMMARY // 2 else cut).rstrip(" ,;:.،؛") + "…"
