"""Clean HTML -> the HTML of one item: absolute links, directions, picture sizes, well-formed XML.

Works on the sanitiser's output, whose form is known: every tag in small letters, every attribute
in double quotes, no bare `<` or `&` anywhere. That lets one pass over the tags do everything.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape

from publisher import language as languages
from publisher.content.values import odd_bytes, printable

_OPENING = re.compile(r"<([a-z][a-z0-9]*)((?: [^<>]*)?)>")
_WITH_ATTRIBUTES = re.compile(r"<([a-z][a-z0-9]*)( [^/<>][^<>]*)>")
_ATTRIBUTE = re.compile(r' ([a-z-]+)(?:="([^"]*)")?')
_ID = re.compile(r' id="([^"]*)"')
_ANY_TAG = re.compile(r"<[^<>]*>")
RTL = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
LTR = re.compile(
    "[A-Za-z\u00aa-\u02b8\u0370-\u058f\u0900-\u1fff\u2c00-\ufb17\U00020000-\U0003ffff]"
)
_RTL_LEADS = frozenset((*range(0xD6, 0xE1), 0xEF, 0xF0))  # their first bytes in UTF-8
_BARE = ("br", "hr", "wbr", "col")  # void, and mostly without attributes
_VOID = frozenset(("br", "hr", "img", "col", "wbr"))
_BOXES_WORDS = """
ul ol li table blockquote dl figure section div details
"""
_BOXES = frozenset(_BOXES_WORDS.split())
_LEAVES_WORDS = """
p h1 h2 h3 h4 h5 h6 td th caption figcaption dt dd summary
"""
_LEAVES = frozenset(_LEAVES_WORDS.split())
_CODE = frozenset(("pre", "code", "kbd", "samp"))


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a picture of the text is, and how large."""

    src: str
    width: int = 0
    height: int = 0


@dataclass(slots=True)
class Finished:
    """One item's HTML, and what was doubtful in it."""

    html: str = ""
    pictures_without_alt: list[str] = field(default_factory=list)


def finish(
    html: str,
    language: str,
    prefix: str,
    link: Callable[[str], str],
    picture: Callable[[str], Picture],
) -> Finished:
    """Turn clean HTML into an item's own.

    language   of the item
    prefix     put before every id, so that footnotes of two items in one page stay apart
    link       address as written -> absolute address, "" when it leads nowhere
    picture    the same for pictures
    """
    result = Finished()
    html = printable(html.replace("&nbsp;", "\u00a0"))
    ids = set(_ID.findall(html)) if ' id="' in html else set()
    is_rtl = languages.is_rtl(language)
    may_be_rtl = is_rtl or not odd_bytes(html).isdisjoint(_RTL_LEADS)
    has_directions = is_rtl or (may_be_rtl and RTL.search(html) is not None)
    for name in _BARE:
        html = html.replace(f"<{name}>", f"<{name} />")

    def direction(name: str, end: int) -> str:
        if is_rtl and name in _CODE:
            return ' dir="ltr"'
        if name in _LEAVES:
            stop = html.find(f"</{name}", end)
            inside = html[end : stop if stop >= 0 else len(html)]
            return _direction_of(inside, is_rtl)
        return ' dir="rtl"' if is_rtl and name in _BOXES else ""

    def tag(found: re.Match[str]) -> str:
        name, attributes = found.groups()
        if not attributes or attributes == " /":
            extra = direction(name, found.end()) if has_directions else ""
            return f"<{name}{extra}{attributes}>"
        values = dict(_ATTRIBUTE.findall(attributes))
        if name == "a":
            _mend_link(values, prefix, ids, link)
            if is_rtl and "dir" not in values and _reads_ltr(html, found.end()):
                values["dir"] = "ltr"
        elif name == "img" and not _mend_picture(values, picture, result):
            return ""
        if "id" in values:
            values["id"] = prefix + values["id"]
        if values.get("dir") not in (None, "ltr", "rtl", "auto"):
            del values["dir"]
        extra = direction(name, found.end()) if has_directions and "dir" not in values else ""
        written = "".join([f' {key}="{value}"' for key, value in values.items()])
        return f"<{name}{extra}{written} />" if name in _VOID else f"<{name}{extra}{written}>"

    result.html = (_OPENING if has_directions else _WITH_ATTRIBUTES).sub(tag, html).strip()
    return result


def _direction_of(inside: str, is_rtl: bool) -> str:
    text = _ANY_TAG.sub("", inside) if "<" in inside else inside
    if is_rtl:
        return ' dir="rtl"' if RTL.search(text) or not LTR.search(text) else ' dir="ltr"'
    if not RTL.search(text) or not LTR.search(text):
        return ' dir="rtl"' if RTL.search(text) else ""
    # A quotation with some foreign word in it: it begins in its own script, and most of it is.
    is_turned = languages.first_strong(text) == "rtl" and len(RTL.findall(text)) > len(
        LTR.findall(text)
    )
    return ' dir="rtl"' if is_turned else ""


def _reads_ltr(html: str, start: int) -> bool:
    """Return whether the words of a link at this place are an address, a name or a phone number.

    Between words from right to left the last "/" of an address would be shown before its first
    letter, and the groups of a phone number in reverse.
    """
    end = html.find("</a", start)
    text = _ANY_TAG.sub("", html[start : end if end >= 0 else len(html)])
    return not RTL.search(text) and (LTR.search(text) is not None or "+" in text)


def _mend_link(
    values: dict[str, str], prefix: str, ids: set[str], link: Callable[[str], str]
) -> None:
    written = values.get("href")
    if written is None:
        return
    if written[:1] == "#" and written[1:] in ids:
        values["href"] = f"#{prefix}{written[1:]}"
        return
    target = link(unescape(written))
    if target:
        values["href"] = target.replace("&", "&amp;")
    else:
        del values["href"]


def _mend_picture(
    values: dict[str, str], picture: Callable[[str], Picture], result: Finished
) -> bool:
    """Make a picture's address absolute and give it its size; return whether it stays."""
    written = unescape(values.get("src", ""))
    found = picture(written)
    if not found.src:
        return False
    if not values.get("alt", "").strip():
        result.pictures_without_alt.append(written)
        values.setdefault("alt", "")
    values["src"] = found.src.replace("&", "&amp;")
    for key in ("width", "height"):
        if key in values and not values[key].isdecimal():
            del values[key]
    if found.width and found.height and "width" not in values and "height" not in values:
        values["width"], values["height"] = str(found.width), str(found.height)
    return True
