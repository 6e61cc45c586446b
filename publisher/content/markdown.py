"""Markdown -> HTML, by comrak: tables, footnotes, strikethrough, bare links, raw HTML as it is.

What comes out is not safe yet: `sanitise` decides what stays.
"""

import re
from html import unescape

import comrak

MAX_SOURCE = 4_000_000  # characters of one text

# Hugo and Kramdown put an anchor's name behind a heading; it is no part of the heading.
_HEADING_ID = re.compile(r"^(#{1,6}[ \t][^\n]*?)[ \t]*\{[#.:][^{}\n]{0,200}\}[ \t]*#*[ \t]*$", re.M)
# Closing marks between a comma and a letter, and opening ones between a letter and a bracket, are
# no marks at all to CommonMark. A word glued to marks is common where "and" is one letter.
_LITERAL_BOLD = re.compile(
    r"(?<![*A-Za-z0-9_])\*\*[^\s*][^*\n<]{0,300}\*\*"
    r"|(?<![_\w])__[^\s_][^_\n<]{0,300}__"
    r"|(?<![*\w])\*[^\s*<][^*\n<]{0,300}[^\w\s*<]\*(?=[^\W\d_])"
)
_INLINE = re.compile(r"</?(?:a|em|strong|del|sup|sub|span|bdi)\b[^<>]*>")
_CODE = re.compile(r"<(code|pre)\b[^<>]*>.*?</\1>", re.S)


def _extensions() -> comrak.ExtensionOptions:
    options = comrak.ExtensionOptions()
    options.table = options.footnotes = options.strikethrough = options.autolink = True
    options.cjk_friendly_emphasis = True
    return options


def _rendering() -> comrak.RenderOptions:
    options = comrak.RenderOptions()
    options.unsafe_ = True
    return options


_EXTENSIONS, _PARSING, _RENDERING = _extensions(), comrak.ParseOptions(), _rendering()


def to_html(source: str) -> str:
    """Return a text's HTML, as its author wrote it."""
    if "{" in source:
        source = _HEADING_ID.sub(r"\1", source)
    html: str = comrak.render_markdown(source, _EXTENSIONS, _PARSING, _RENDERING)
    return html


def literal_marks(html: str) -> str:
    """Return the first text that was meant to stand out and shows its marks instead, or ""."""
    if "*" not in html and "__" not in html:
        return ""
    found = _LITERAL_BOLD.search(_INLINE.sub("", _CODE.sub("", html)))
    return unescape(found[0]) if found else ""
