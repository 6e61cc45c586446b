"""HTML that anybody wrote -> HTML that is safe everywhere it will be shown.

An allow-list, applied once, here: feeds, mails and pages all get the same clean text. Depth and
size are capped first, because the sanitiser itself takes seconds for tens of thousands of nested
tags and the mail renderer dies of them.
"""

import re
from html import escape, unescape
from urllib.parse import urlsplit

import nh3

MAX_DEPTH = 100
MAX_HTML = 900_000  # characters

_TAGS_WORDS = """
a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt
em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp
section small span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr
"""
TAGS = frozenset(_TAGS_WORDS.split())
_GONE_WITH_TEXT_WORDS = """
script style noscript template title textarea select object svg math audio canvas xml
"""
_GONE_WITH_TEXT = frozenset(_GONE_WITH_TEXT_WORDS.split())
_ATTRIBUTES = {
    "*": {"dir", "lang", "title", "id"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "col": {"span"},
    "ol": {"start", "reversed"},
    "li": {"value"},
    "time": {"datetime"},
    "details": {"open"},
    "bdo": {"dir"},
}
_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(_GONE_WITH_TEXT),
    attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
    strip_comments=True,
    link_rel=None,
    url_schemes={"http", "https", "mailto", "tel"},
)
_FEW_TAGS_WORDS = """
a abbr b bdi bdo blockquote br cite code del div em i ins kbd li mark ol p q s samp small span
strong sub sup time u ul var wbr
"""
_FEW_TAGS = frozenset(_FEW_TAGS_WORDS.split())
_FEW_CLEANER = nh3.Cleaner(
    tags=set(_FEW_TAGS),
    attributes={tag: set(names) for tag, names in _ATTRIBUTES.items() if tag in (*_FEW_TAGS, "*")},
    link_rel=None,
    url_schemes={"http", "https", "mailto", "tel"},
)
_PARAGRAPH_LIKE = re.compile(r"<(/?)(?:h[1-6]|t[dh]|caption|d[td]|figcaption|summary|pre)\b[^<>]*>")
_EMPTY_PARAGRAPH = re.compile(r"<p>\s*</p>\n?")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_WHOLE_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")
# Void, or closed by the next of their kind: these cannot nest by being left open.
_FLAT_WORDS = """
area base br col embed hr img input link meta param source track wbr p li td th tr dt dd
option
"""
_FLAT = frozenset(_FLAT_WORDS.split())
_EMBED = re.compile(r"<(iframe|video|embed)\b([^<>]{0,4000})>", re.I)
_ATTRIBUTE = re.compile(r"""\b(src|title|poster)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)
_PLAYER = re.compile(r"https?://(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]{6,20})", re.ASCII)


def clean(html: str) -> str:
    """Return HTML of allowed tags only, at most MAX_DEPTH deep (comments and what runs are gone)."""
    if "<" not in html:
        return html
    lower = html.lower() if "<i" in html or "<I" in html or "<v" in html or "<e" in html else ""
    if lower and ("<iframe" in lower or "<video" in lower or "<embed" in lower):
        html = _EMBED.sub(_link_instead, html)
    if is_deeper(html, MAX_DEPTH):
        html = flattened(html, MAX_DEPTH)
        if is_deeper(html, MAX_DEPTH):  # tags hidden in quotes: nobody writes that in good faith
            html = escape(_WHOLE_TAG.sub(" ", html), quote=False)
    return _CLEANER.clean(html)


def plain_words(html: str) -> str:
    """Return clean HTML with only paragraphs, links, emphasis and lists left; other words stay.

    Headings, cells and captions become paragraphs; pictures are gone.
    """
    few = _FEW_CLEANER.clean(_PARAGRAPH_LIKE.sub(r"<\1p>", html))
    return _EMPTY_PARAGRAPH.sub("", few).strip()


def is_deeper(html: str, depth: int) -> bool:
    """Return whether tags may be nested more than so deep; unclosed ones count as open."""
    opening = html.count("<") - html.count("</")
    if opening - sum(map(html.count, ("<p>", "<li>", "<td", "<th", "<tr"))) <= depth:
        return False
    now = 0
    for closing, name in _TAG.findall(html):
        if name in _FLAT:
            continue
        if closing:
            now = max(0, now - 1)
        else:
            now += 1
            if now > depth:
                return True
    return False


def flattened(html: str, depth: int) -> str:
    """Return HTML without the tags that lie deeper; their text stays."""
    now = 0

    def keep(found: re.Match[str]) -> str:
        nonlocal now
        name = found[2].lower()
        if name in _FLAT and name not in ("p", "li", "td", "th", "tr", "dt", "dd"):
            return found[0]
        if name in _FLAT:
            return found[0] if now <= depth else " "
        if found[1]:
            now = max(0, now - 1)
            return found[0] if now < depth else " "
        now += 1
        return found[0] if now <= depth else " "

    return _WHOLE_TAG.sub(keep, html)


def _link_instead(found: re.Match[str]) -> str:
    """Return a link to what a player would have shown."""
    values = {name.lower(): unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(found[2])}
    source = values.get("src", "").strip()
    if source.startswith("//"):
        source = "https:" + source
    if player := _PLAYER.match(source):
        source = f"https://www.youtube.com/watch?v={player[1]}"
    if not source or source.lower().startswith(("javascript:", "data:", "vbscript:")):
        return found[0]
    try:
        words = values.get("title") or urlsplit(source).hostname or source
    except ValueError:
        return found[0]
    poster = values.get("poster", "")
    picture = f'<img src="{escape(poster)}" alt="{escape(words)}">' if poster else ""
    return f'<p><a href="{escape(source)}">{picture or escape(words)}</a></p>{found[0]}'
