"""Files and pictures that front matter names: paths under content/, or web addresses.

A path is judged by its letters here; whether there is such a file shows beside the other files.
"""

import posixpath
import re
from urllib.parse import unquote

from publisher.content import fields as table
from publisher.content import values
from publisher.content.facts import PlainDownload, PlainImage
from publisher.content.forms import WrongError, number, parted, text
from publisher.content.frontmatter import Node

_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile("[\x00-\x1f\x7f]")


def local_path(written: str, folder: str, line: int) -> str:
    """Return the path under content/ that an item's file names.

    folder   of the item's own file; a leading "/" starts at content/ instead

    Raises WrongError when it leaves content/ or cannot be a file's name.
    """
    shown = values.one_line(written)[:120]
    if _CONTROL.search(written) or "\\" in written or _DRIVE.match(written):
        raise WrongError(f'"{shown}" is not a path of a file', 'write "/" between folders', line)
    base = "" if written.startswith("/") else folder
    path = posixpath.normpath(posixpath.join("/", base, written.lstrip("/")))[1:]
    depth = 0 if not base else base.count("/") + 1
    for part in written.split("/"):
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        if depth < 0:
            raise WrongError(
                f'"{shown}" lies outside content/', "put the file beside the item", line
            )
    if not path:
        raise WrongError("a file has no name", "write its path", line)
    return path


def _file_or_url(node: Node, name: str, folder: str) -> tuple[str, str]:
    written = text(node, name, table.MAX_WORD)
    parts = parted(written, node)
    if parts.scheme in ("http", "https") and parts.hostname:
        return "", written
    if parts.scheme and not _DRIVE.match(written):
        raise WrongError(
            f'"{written[:120]}" is neither a web address nor a path under content/',
            "put the file beside the item and write its name",
            node.line,
        )
    return local_path(unquote(written) if "%" in written else written, folder, node.line), ""


def downloads(node: Node, folder: str, faults: list[WrongError]) -> tuple[PlainDownload, ...]:
    """Return the files offered with an item; every wrong one is added to faults."""
    entries = node.value if isinstance(node.value, list) else [node]
    if len(entries) > table.MAX_ENTRIES:
        raise WrongError(
            f"the item has more than {table.MAX_ENTRIES} downloads", "offer fewer", node.line
        )
    found = []
    for entry in entries:
        try:
            found.append(_download(entry, folder))
        except WrongError as error:
            faults.append(error)
    return tuple(found)


def _download(node: Node, folder: str) -> PlainDownload:
    if not isinstance(node.value, dict):
        file, url = _file_or_url(node, "downloads", folder)
        return PlainDownload(file, url, "", "", 0, node.line)
    parts = node.value
    source = parts.get("file") or parts.get("url") or parts.get("src")
    if source is None:
        raise WrongError(
            "a download has neither file nor url", "write `file: report.pdf`", node.line
        )
    file, url = _file_or_url(source, "downloads", folder)
    title = text(parts["title"], "downloads.title", table.MAX_WORD) if "title" in parts else ""
    media = text(parts["type"], "downloads.type", 100) if "type" in parts else ""
    if media and not re.fullmatch(r"[\w.+-]+/[\w.+-]+", media, re.ASCII):
        raise WrongError(
            "downloads.type is not a media type", 'write "application/pdf"', parts["type"].line
        )
    size = number(parts["size"], "downloads.size") if "size" in parts else 0
    return PlainDownload(file, url, title, media, size, node.line)


def image(node: Node, folder: str, faults: list[WrongError]) -> PlainImage | None:
    """Return the item's picture; a path that is not a file stands for an address on the site."""
    if isinstance(node.value, list) and node.value:
        node = node.value[0]
    parts = node.value if isinstance(node.value, dict) else {"src": node}
    source = parts.get("src") or parts.get("url") or parts.get("path")
    if source is None and "alt" in parts:  # a translation's own words for its original's picture
        return PlainImage("", text(parts["alt"], "image.alt", table.MAX_TEXT), 0, 0)
    if source is None:
        raise WrongError("image has no src", "write `image: {src: photo.jpg, alt: …}`", node.line)
    try:
        file, url = _file_or_url(source, "image", folder)
        alt = text(parts["alt"], "image.alt", table.MAX_TEXT) if "alt" in parts else ""
        width = number(parts["width"], "image.width") if "width" in parts else 0
        height = number(parts["height"], "image.height") if "height" in parts else 0
    except WrongError as error:
        faults.append(error)
        return None
    written = text(source, "image", table.MAX_WORD)
    return PlainImage(url or ("/" if written.startswith("/") else "") + file, alt, width, height)
