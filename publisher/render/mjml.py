"""MJML to the HTML of an e-mail, through mrml, which accepts much that no mail reader does.

mrml takes unknown attributes, images without alt and a bare 0 in a padding without a word, names
no place for a tag left open, and dies of deep nesting. So the source is read here first, and
every fault is told by template and line.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from publisher.errors import RenderError

# Twice the nesting of any real message; at 10,000 mrml takes the whole process down.
DEEPEST = 100

Place = Callable[[int], tuple[str, int]]  # offset in characters -> template, line

_TAG = re.compile(
    r"<!--.*?-->|<!\[CDATA\[|<!doctype[^>]*>|"
    r"<(?P<close>/?)(?P<name>[A-Za-z][\w-]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(?P<self>/?)>|<",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"(?P<name>[^\s=\"'<>/]+)(?:\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"']+))?"
)
_KNOWN = frozenset(
    [
        "mjml",
        "mj-head",
        "mj-body",
        "mj-attributes",
        "mj-all",
        "mj-class",
        "mj-breakpoint",
        "mj-font",
        "mj-preview",
        "mj-style",
        "mj-title",
        "mj-raw",
        "mj-wrapper",
        "mj-section",
        "mj-group",
        "mj-column",
        "mj-text",
        "mj-image",
        "mj-button",
        "mj-divider",
        "mj-spacer",
        "mj-table",
        "mj-social",
        "mj-social-element",
        "mj-hero",
    ]
)
_UNSUPPORTED = {
    "mj-include": "loses the width of its columns; use Jinja's include",
    "mj-html-attributes": "is not supported; write the attribute in the template",
    "mj-preview": "is white on white, which spam filters count; write a preheader in mj-raw",
    "mj-font": "loads a font from the network; messages load nothing but images",
}
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
_TITLE = re.compile(r"(<mj-title>)(.*?)(</mj-title>)", re.DOTALL)
_SPOILED = re.compile(r"[^\x20-\x7e]|\\")
_QUOTED = re.compile(r"\"[^\"]*\"")
_LETTERS = frozenset(("Lu", "Ll", "Lt", "Lo", "Nd"))
_BARE_ZERO = re.compile(r"(?:^|\s)0(?=\s|$)")
_ROLE = re.compile(r'<div class="([^"]*?)\brole-main\b\s*([^"]*)"')


def to_html(source: str, place: Place | None = None) -> str:
    """Return the HTML of a message; an element of css-class "role-main" becomes its main landmark.

    place   says which template and line wrote a character of the source, for errors

    Raises RenderError for everything mail readers would trip over.
    """
    from mjml import mjml2html

    where = place or (lambda offset: ("MJML", source.count("\n", 0, offset) + 1))
    _check(source, where)
    try:
        # fonts: without this a link to Google Fonts is written into every message.
        html = str(mjml2html(_guarded(source), fonts={}))
    except ValueError as error:
        template, line = where(_refused_at(source))
        raise RenderError(template, line, f"MJML was refused: {error}") from error
    return _ROLE.sub(r'<div role="main" class="\1\2"', html)


def _guarded(source: str) -> str:
    """Return the source with references for what mrml would spoil in attributes.

    It writes their values as Rust writes strings for programmers: marks over letters, joiners and
    isolates become "\\u{64b}", a backslash two (seen in mrml of mjml-python 1.4.2). The text of
    mj-title goes into an attribute as well.
    """
    titled = _TITLE.sub(lambda title: title[1] + _references(title[2]) + title[3], source)
    return _TAG.sub(_guarded_tag, titled)


def _guarded_tag(tag: re.Match[str]) -> str:
    if not _SPOILED.search(tag["rest"] or ""):
        return tag[0]
    return _QUOTED.sub(lambda value: _references(value[0]), tag[0])


def _references(text: str) -> str:
    return "".join(sign if _is_kept(sign) else f"&#{ord(sign)};" for sign in text)


def _is_kept(sign: str) -> bool:
    if sign.isascii():
        return sign.isprintable() and sign != "\\"
    return unicodedata.category(sign) in _LETTERS and not unicodedata.combining(sign)


def _refused_at(source: str) -> int:
    """Return where mrml stops reading, in characters; 0 when it does not say."""
    from mjml import mjml2html

    try:
        mjml2html(source, fonts={})
    except ValueError as error:
        if found := re.search(r"position (\d+):\d+", str(error)):
            return _characters(source, int(found[1]))
    return 0


def _characters(source: str, offset: int) -> int:
    """Return an offset in characters for one in bytes, which is what mrml counts."""
    return len(source.encode()[:offset].decode(errors="ignore"))


def _check(source: str, where: Place) -> None:
    open_tags: list[tuple[str, int]] = []
    for tag in _TAG.finditer(source):
        fault = _step(tag, open_tags)
        if fault:
            raise RenderError(*where(tag.start()), fault)
    if open_tags:
        name, offset = open_tags[-1]
        raise RenderError(*where(offset), f"<{name}> is never closed; close it")


def _step(tag: re.Match[str], open_tags: list[tuple[str, int]]) -> str:
    name = (tag["name"] or "").lower()
    if not name:
        return _fault_of_nameless(tag[0])
    if open_tags and open_tags[-1][0] == "mj-style" and name != "mj-style":
        return ""  # CSS, where "<" cannot be a tag
    if tag["close"]:
        if not open_tags or open_tags[-1][0] != name:
            expected = f"</{open_tags[-1][0]}>" if open_tags else "nothing"
            return f"</{name}> closes what is not open; expected {expected}"
        open_tags.pop()
        return ""
    if not tag["self"] and name not in _VOID:
        open_tags.append((name, tag.start()))
        if len(open_tags) > DEEPEST:
            return f"more than {DEEPEST} elements stand inside each other; nest less"
    return _fault(name, tag["rest"])


def _fault_of_nameless(text: str) -> str:
    if text == "<":
        return 'a bare "<"; write &lt;'
    if text.upper().startswith("<![CDATA["):
        return "CDATA is not understood; escape the text instead"
    return ""


# The same few tags stand in every body of an edition: half of the reading is saved.
@lru_cache(maxsize=4096)
def _fault(name: str, rest: str) -> str:
    if name in _UNSUPPORTED:
        return f"<{name}> {_UNSUPPORTED[name]}"
    if name.startswith("mj") and name not in _KNOWN:
        return f"<{name}> is no MJML element; look for a slip of the pen"
    attributes = _attributes(rest)
    for attribute, value in attributes.items():
        if value[:1] != '"':
            return f"{attribute} of <{name}> needs a value in double quotes"
    if name in ("mj-image", "img") and "alt" not in attributes:
        return f'<{name}> has no alt; describe the picture, or write alt="" for an ornament'
    if name == "mj-style" and "inline" in attributes:
        return "<mj-style inline> is not supported; write style= where it is needed"
    if not name.startswith("mj"):
        return ""
    for attribute, value in attributes.items():
        if attribute.startswith(("padding", "inner-padding")) and _BARE_ZERO.search(value[1:-1]):
            return f"{attribute}={value} of <{name}> breaks the width of images; write 0px"
    return ""


def _attributes(rest: str) -> dict[str, str]:
    return {found["name"].lower(): found["value"] or "" for found in _ATTRIBUTE.finditer(rest)}
