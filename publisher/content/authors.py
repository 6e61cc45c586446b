"""Who wrote an item, in every form that front matter says it in."""

import re
from functools import lru_cache

from publisher.content import fields as table
from publisher.content import values
from publisher.content.facts import PlainAuthor
from publisher.content.forms import WrongError, text
from publisher.content.frontmatter import Node

_LINKED_AUTHOR = re.compile(r"\[([^\[\]]{1,300})\]\(([^()\s]{1,1000})\)\s*(\([^()]{1,200}\))?")
_MAIL_AUTHOR = re.compile(r"([^<>]{1,300}?)\s*<([^<>@\s]{1,64}@[^<>\s]{1,255})>")


def authors(node: Node) -> tuple[PlainAuthor, ...]:
    """Return who wrote it: names, {name, email, url}, or Hugo's `[Name](url) (Org), …`."""
    entries = node.value if isinstance(node.value, list) else [node]
    if len(entries) > table.MAX_ENTRIES:
        raise WrongError(
            f"the item has more than {table.MAX_ENTRIES} authors", "name fewer", node.line
        )
    found: list[PlainAuthor] = []
    for entry in entries:
        if isinstance(entry.value, dict):
            found.append(_author_of(entry))
        else:
            found += _written_authors(text(entry, "authors", table.MAX_TEXT))
    return tuple(dict.fromkeys(author for author in found if author[0]))


def _author_of(node: Node) -> PlainAuthor:
    assert isinstance(node.value, dict)
    parts = {
        key: text(node.value[key], f"authors.{key}", table.MAX_WORD)
        for key in ("name", "email", "url")
        if key in node.value
    }
    if not parts.get("name"):
        raise WrongError("an author has no name", "write `{name: …}`", node.line)
    url = parts.get("url", "")
    if url and not url.startswith(("http://", "https://")):
        raise WrongError("an author's url is not a web address", "write https://…", node.line)
    return parts["name"], parts.get("email", ""), url


@lru_cache(maxsize=1024)  # few people write many items
def _written_authors(written: str) -> tuple[PlainAuthor, ...]:
    if "](" in written and (linked := _LINKED_AUTHOR.findall(written)):
        return tuple(
            (values.one_line(name), "", url if url.startswith(("http://", "https://")) else "")
            for name, url, _ in linked
        )
    if mail := _MAIL_AUTHOR.fullmatch(written):
        return ((mail[1].strip(), mail[2], ""),)
    return ((written[: table.MAX_WORD], "", ""),)
