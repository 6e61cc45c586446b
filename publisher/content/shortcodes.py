"""Hugo's shortcodes and Liquid's tags: what is understood, what is taken out, what is left alone.

Nothing is ever evaluated. `comment` goes with what it holds; `figure`, `youtube`, `ref` and
`relref` become Markdown; any other tag goes and its text stays. In code they are text.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from html import escape

_MARK = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)"
    r"|(?P<ticks>`+)|(?P<tag>\{\{|\{%)",
    re.M,
)
_TICKS = re.compile(r"`+")
_BLANK = re.compile(r"\n[ \t]*\n")
_NAME = re.compile(r"\s*[-~]?\s*(/?)\s*([\w./\[\]-]*)")
_ARGUMENT = re.compile(
    r"""(?:([\w-]+)\s*=\s*)?(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|'([^']*)'|([^\s"'`]+))"""
)
_END_COMMENT = re.compile(r"\{\{[<%]\s*/\s*comment\s*[>%]\}\}|\{%[-~]?\s*endcomment\s*[-~]?%\}")
_END_RAW = re.compile(r"\{%[-~]?\s*endraw\s*[-~]?%\}")
_VIDEO_ID = re.compile(r"[\w-]{6,20}", re.ASCII)
_INDENTED = re.compile(r"(?: {4}|\t)")
_LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")


@dataclass(slots=True)
class Expanded:
    """A text without shortcodes."""

    text: str
    removed: dict[str, int] = field(default_factory=dict)  # name -> first place in the source


def expand(source: str) -> Expanded:
    """Take shortcodes and Liquid out of Markdown, outside of code."""
    if "{{" not in source and "{%" not in source:
        return Expanded(source)
    return _Scanner(source).run()


class _Scanner:
    def __init__(self, source: str) -> None:
        self.source = source
        self.out: list[str] = []
        self.removed: dict[str, int] = {}
        self.missing: set[str] = set()  # endings that do not come any more
        self.ticks: dict[int, list[int]] | None = None
        self.blanks: list[int] = []

    def run(self) -> Expanded:
        at, source = 0, self.source
        while found := _MARK.search(source, at):
            if found["tag"]:
                self.out.append(source[at : found.start()])
                at = self.tag(found.start())
                continue
            end = self.code_end(found)
            self.out.append(source[at:end])
            at = end
        self.out.append(source[at:])
        return Expanded("".join(self.out), self.removed)

    def code_end(self, found: re.Match[str]) -> int:
        """Return where the code that begins here ends; just past the mark when it is none."""
        fence = found["fence"]
        if fence and not (fence[0] == "`" and "`" in found["info"]):
            closing = re.compile(rf"^[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$", re.M)
            end = closing.search(self.source, found.end())
            return end.end() if end else len(self.source)
        run = fence or found["ticks"]
        start = found.start("fence") if fence else found.start("ticks")
        if self.ticks is None:
            self.ticks = {}
            for ticks in _TICKS.finditer(self.source):
                self.ticks.setdefault(len(ticks[0]), []).append(ticks.start())
            self.blanks = [blank.start() for blank in _BLANK.finditer(self.source)]
        after = start + len(run)
        same = self.ticks.get(len(run), [])
        place = bisect_left(same, after)
        if place == len(same):
            return after
        close = same[place]
        blank = bisect_left(self.blanks, after)
        if blank < len(self.blanks) and self.blanks[blank] < close:
            return after
        return close + len(run)

    def tag(self, start: int) -> int:
        """Deal with the tag at start; return where the text goes on."""
        source = self.source
        opening = source[start : start + 3]
        ending = {"{{<": ">}}", "{{%": "%}}"}.get(opening) or ("%}" if opening[1] == "%" else "}}")
        skip = 3 if len(ending) == 3 else 2
        end = -1 if ending in self.missing else source.find(ending, start + skip)
        if end < 0:
            self.missing.add(ending)
            self.out.append(source[start : start + 2])
            return start + 2
        inside, after = source[start + skip : end], end + len(ending)
        if _in_indented_code(source, start):
            self.out.append(source[start:after])
            return after
        if inside.startswith("/*") and inside.endswith("*/"):
            self.out.append(escape(source[start : start + skip] + inside[2:-2] + ending))
            return after
        found = _NAME.match(inside)
        is_end, name = (bool(found[1]), found[2]) if found else (False, "")
        arguments = inside[found.end() :] if found else ""
        is_variable = ending == "}}"
        if not is_end and not is_variable and name in ("comment", "raw"):
            return self.whole(name, start, after)
        if not is_end and not is_variable and (made := _made(name, arguments)) is not None:
            self.out.append(made)
            return after
        if not is_end and not (ending == "%}" and name.startswith("end")):
            self.removed.setdefault(name or "{{}}", start)
        return self.without_brackets(after)

    def whole(self, name: str, start: int, after: int) -> int:
        """Drop a comment with all it holds, or keep raw text as it is."""
        closing = _END_COMMENT if name == "comment" else _END_RAW
        end = None if name in self.missing else closing.search(self.source, after)
        if end is None:
            self.missing.add(name)
            self.removed.setdefault(name, start)
            return after
        if name == "raw":
            self.out.append(self.source[after : end.start()])
        return end.end()

    def without_brackets(self, after: int) -> int:
        """Take the `<` and `>` of an address that was nothing but a tag."""
        if self.source[after : after + 1] == ">" and self.out and self.out[-1].endswith("<"):
            self.out[-1] = self.out[-1][:-1]
            return after + 1
        return after


def _made(name: str, arguments: str) -> str | None:
    """Return the Markdown that a tag stands for, None for a tag that is not understood."""
    if name not in ("figure", "youtube", "ref", "relref", "highlight", "endhighlight"):
        return None
    if name == "highlight":
        word = arguments.split()
        return f"\n\n```{word[0] if word and word[0].isalnum() else ''}\n"
    if name == "endhighlight":
        return "\n```\n\n"
    named: dict[str, str] = {}
    plain: list[str] = []
    for key, *texts in _ARGUMENT.findall(arguments):
        value = next((text for text in texts if text), "")
        if key:
            named[key.lower()] = value
        else:
            plain.append(value)
    first = plain[0] if plain else ""
    if name == "figure":
        return _figure(named, first)
    if name == "youtube":
        video = named.get("id", first)
        return f"<https://www.youtube.com/watch?v={video}>" if _VIDEO_ID.fullmatch(video) else ""
    return (named.get("path") or first).replace(" ", "%20")


def _figure(named: dict[str, str], first: str) -> str:
    source = named.get("src", first)
    words = [" ".join(named.get(key, "").split()) for key in ("title", "caption", "attr")]
    caption = escape(" – ".join(word for word in words if word))
    alt = escape(
        " ".join((named.get("alt") or named.get("caption") or named.get("title") or "").split())
    )
    size = "".join(
        f' {key}="{named[key]}"' for key in ("width", "height") if named.get(key, "").isdecimal()
    )
    picture = f'<img src="{escape(source)}" alt="{alt}"{size}>' if source else ""
    if picture and (link := named.get("link")):
        picture = f'<a href="{escape(link)}">{picture}</a>'
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"<figure>{picture}{below}</figure>"


def _in_indented_code(source: str, at: int) -> bool:
    """Return whether a place stands in a code block made by four spaces."""
    start = source.rfind("\n", 0, at) + 1
    if not _INDENTED.match(source, start):
        return False
    first = start
    for _ in range(200):
        if first == 0:
            return True
        before = source.rfind("\n", 0, first - 1) + 1
        line = source[before : first - 1]
        if line.strip() and not _INDENTED.match(line):
            return (
                not _LIST_ITEM.match(line) and not source[first : source.find("\n", first)].strip()
            )
        first = before
    return False
