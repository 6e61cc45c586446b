"""Markdown -> HTML, by comrak: tables, footnotes, strikethrough, bare links, raw HTML as it is.

What comes out is not safe yet: `sanitise` decides what stays.
"""

import re

import comrak

MAX_SOURCE = 4_000_000  # characters of one text

# Hugo and Kramdown put an anchor's name behind a heading; it is no part of the heading.
_HEADING_ID = re.compile(r"^(#{1,6}[ \t][^\n]*?)[ \t]*\{[#.:][^{}\n]{0,200}\}[ \t]*#*[ \t]*$", re.M)
# In Arabic script, closing marks after a comma and before a letter are no closing marks at all.
_LITERAL_BOLD = re.compile(
    r"(?<![*\w])\*\*[^\s*][^*\n<]{0,300}\*\*|(?<![_\w])__[^\s_][^_\n<]{0,300}__"
)
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


def literal_bold(html: str) -> str:
    """Return the first text that was meant to be bold and shows its asterisks instead, or ""."""
    if "**" not in html and "__" not in html:
        return ""
    found = _LITERAL_BOLD.search(_CODE.sub("", html))
    return found[0] if found else ""
