"""The forms of front-matter values: a node in, a plain fact out, or `WrongError` with what to do."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import tzinfo
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from publisher import language
from publisher.content import fields as table
from publisher.content import values
from publisher.content.facts import (
    PlainMoment,
)
from publisher.content.frontmatter import Node
from publisher.content.layout import slugify

_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f]")


class WrongError(ValueError):
    """A value that cannot be used."""

    def __init__(self, message: str, hint: str, line: int = 0) -> None:
        super().__init__(message)
        self.message, self.hint, self.line = message, hint, line


def text(node: Node, name: str, limit: int) -> str:
    """Return a text on one line, cleaned."""
    if not isinstance(node.value, str):
        raise WrongError(f"{name} is not a text", f"write `{name}: …` on one line", node.line)
    if len(node.value) > limit:
        raise WrongError(
            f"{name} has {len(node.value):,} characters, and {limit:,} are allowed",
            "shorten it",
            node.line,
        )
    return values.one_line(node.value)


def choice(node: Node, name: str, choices: Collection[str]) -> str:
    """Return one of a few words."""
    word = node.value.strip().lower() if isinstance(node.value, str) else ""
    if word in choices:
        return word
    from difflib import get_close_matches

    near = get_close_matches(word[:80], choices, 1)
    hint = f'did you mean "{near[0]}"?' if near else f"write one of: {', '.join(choices)}"
    raise WrongError(f'{name} cannot be "{word[:80]}"', hint, node.line)


def flag(node: Node, name: str) -> bool:
    """Return a yes or no."""
    word = node.value.strip().lower() if isinstance(node.value, str) else ""
    if word in table.TRUE:
        return True
    if word in table.FALSE:
        return False
    raise WrongError(
        f"{name} is neither true nor false", f"write `{name}: true` or leave it out", node.line
    )


def moment(node: Node, name: str, zone: tzinfo) -> PlainMoment:
    """Return a date or date-time."""
    if isinstance(node.value, str):
        try:
            return values.moment(node.value, zone)
        except ValueError as error:
            why = str(error)
    else:
        why = "it is not a date"
    shown = values.one_line(str(node.value))[:80]
    raise WrongError(
        f'{name} cannot be "{shown}": {why}', "write for instance 2026-03-02T10:00:00Z", node.line
    )


def slug(node: Node) -> tuple[str, bool]:
    """Return the written slug made fit for an address, and whether it had to be changed."""
    written = text(node, "slug", table.MAX_SLUG)
    raw = node.value if isinstance(node.value, str) else ""
    if "/" in written or "\\" in written or ".." in written or _CONTROL.search(raw.strip()):
        raise WrongError(
            "slug is one part of an address, not a path",
            "use letters, digits and hyphens",
            node.line,
        )
    kept = [
        c if c in "-\u200c\u200d" or unicodedata.category(c)[0] in "LMN" else " " for c in written
    ]
    made = "-".join("".join(kept).split()).strip("-")
    if len(made.encode()) > table.MAX_SLUG:
        made = slugify(made)
    if not made:
        raise WrongError(
            "slug holds no letter or digit", "use letters, digits and hyphens", node.line
        )
    return made, made != written


def address(node: Node) -> str:
    """Return a web address, or a path on the site itself."""
    written = text(node, "link", table.MAX_WORD)
    parts = parted(written, node)
    if (parts.scheme in ("http", "https") and parts.hostname) or (
        not parts.scheme and not parts.netloc
    ):
        return written
    raise WrongError(
        "link is not a web address", "write for instance https://example.org/x", node.line
    )


def web_page(node: Node, name: str = "video") -> str:
    """Return a full web address."""
    written = text(node, name, table.MAX_WORD)
    parts = parted(written, node)
    if parts.scheme in ("http", "https") and parts.hostname:
        return written
    raise WrongError(
        f"{name} is not a web address", "write for instance https://example.org/x", node.line
    )


def words(node: Node) -> tuple[str, ...]:
    """Return a list of words; one text is one word, or several parted by commas."""
    if isinstance(node.value, str):
        found = node.value.split(",")
    elif isinstance(node.value, list):
        found = [one.value for one in node.value if isinstance(one.value, str)]
        if len(found) != len(node.value):
            raise WrongError(
                "categories is not a list of words", "write `categories: [one, two]`", node.line
            )
    else:
        raise WrongError(
            "categories is not a list of words", "write `categories: [one, two]`", node.line
        )
    if len(found) > table.MAX_ENTRIES:
        raise WrongError(
            f"the item has {len(found):,} categories, and {table.MAX_ENTRIES} are allowed",
            "keep the few that readers choose by",
            node.line,
        )
    cleaned = [_word(word) for word in found]
    return tuple(dict.fromkeys([word for word in cleaned if word]))


@lru_cache(maxsize=4096)  # many items share few words
def _word(written: str) -> str:
    return values.one_line(written)[: table.MAX_WORD]


def joined(first: Node, second: Node) -> Node:
    """Return two lists of words as one."""
    both: list[Node] = []
    for node in (first, second):
        if isinstance(node.value, list):
            both += node.value
        elif isinstance(node.value, str) and node.value:
            both += [Node(node.line, word) for word in node.value.split(",")]
    return Node(first.line or second.line, both)


def translation(said: Mapping[str, Node]) -> tuple[str, bool, str]:
    """Return (of, is machine, by)."""
    node = said.get("translation")
    parts = node.value if node else {}
    if not isinstance(parts, dict):
        raise WrongError("translation is not a list of keys", "write `translation: {of: en}`")
    of = text(parts["of"], "translation.of", 35) if "of" in parts else ""
    if of:
        try:
            of = language.normalise(of)
        except ValueError:
            raise WrongError(
                "translation.of is not a language tag", 'write for instance "en"', parts["of"].line
            ) from None
    is_machine = (
        "method" in parts
        and choice(parts["method"], "translation.method", table.METHODS) == "machine"
    )
    by = text(parts["by"], "translation.by", table.MAX_WORD) if "by" in parts else ""
    if "machine_translated" in said and flag(said["machine_translated"], "machine_translated"):
        is_machine = True
    elif not parts:
        return "", False, ""
    return of, is_machine, by


def number(node: Node, name: str) -> int:
    """Return a whole number."""
    written = node.value.strip() if isinstance(node.value, str) else ""
    if not _NUMBER.fullmatch(written):
        raise WrongError(f"{name} is not a whole number", "write digits only", node.line)
    return int(written)


def parted(written: str, node: Node) -> SplitResult:
    """Return an address in its parts."""
    try:
        return urlsplit(written)
    except ValueError:
        raise WrongError(
            f'"{written[:120]}" is not an address', "mend it or remove it", node.line
        ) from None
