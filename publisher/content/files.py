"""Local files that items use: their size, media type, hash, place in the web, and picture size.

Only regular files that the scan found under `content/` are ever used, so no path that an editor
writes can reach beyond it. Hashes are remembered in var/cache/files.txt, a line a file.
"""

import hashlib
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from publisher.content.item import LocalFile
from publisher.content.walk import Scan

if TYPE_CHECKING:
    from publisher.settings import Settings

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "epub": "application/epub+zip",
    "zip": "application/zip",
    "gz": "application/gzip",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "rtf": "application/rtf",
    "json": "application/json",
    "geojson": "application/geo+json",
    "xml": "application/xml",
    "txt": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
    "md": "text/markdown",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
}
_HEADER_BYTES = 262_144  # of a picture; JPEG thumbnails may come before the size
_UNSAFE_NAME = re.compile(r"[^\w.()+-]+")
_SVG_SIZE = re.compile(rb'\b(width|height)\s*=\s*["\']\s*(\d{1,5})(?:\.\d+)?(?:px)?\s*["\']')
_SVG_BOX = re.compile(rb'\bviewBox\s*=\s*["\'][\d.+-]+[\s,]+[\d.+-]+[\s,]+(\d+)[\d.]*[\s,]+(\d+)')


def media_type(name: str) -> str:
    """Return the media type that a file's ending stands for, the same on every machine."""
    return MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


class Files:
    """The files of one scan, measured when first asked for."""

    def __init__(self, settings: "Settings", scan: Scan) -> None:
        self._scan = scan
        self._base = settings.files_url
        self._is_beside_feeds = not settings.site.files_url
        self._memory = settings.var_dir / "cache" / "files.txt"
        self._hashes: dict[str, str] | None = None
        self._found: dict[str, LocalFile | None] = {}
        self._sizes: dict[str, tuple[int, int]] = {}

    def has(self, path: str) -> bool:
        """Return whether there is such a file under `content/`."""
        return path in self._scan.files

    def get(self, path: str) -> LocalFile | None:
        """Return the file at a path under `content/`, None when there is none or it is unreadable."""
        if path not in self._found:
            self._found[path] = self._measure(path)
        return self._found[path]

    def url(self, file: LocalFile) -> str:
        """Return where readers find the file."""
        if self._is_beside_feeds:
            return f"{self._base}/{file.sha256[:16]}/{quote(file.name)}"
        return f"{self._base}/{quote(file.path.removeprefix('content/'))}"

    def picture_size(self, path: str) -> tuple[int, int]:
        """Return a picture's width and height in pixels, (0, 0) when unknown."""
        if path not in self._sizes:
            try:
                with Path(f"{self._scan.root}/{path}").open("rb") as handle:
                    self._sizes[path] = picture_size(handle.read(_HEADER_BYTES))
            except OSError:
                self._sizes[path] = (0, 0)
        return self._sizes[path]

    def _measure(self, path: str) -> LocalFile | None:
        stat = self._scan.files.get(path)
        if stat is None:
            return None
        if self._hashes is None:
            self._hashes = dict(_remembered(self._memory))
        mark = f"{stat[0]} {stat[1]} {stat[2]} {path}"
        digest = self._hashes.get(mark)
        if digest is None:
            try:
                digest = _sha256(f"{self._scan.root}/{path}", stat[0])
            except OSError:
                return None
            self._hashes[mark] = digest
            self._remember(f"{digest} {mark}\n")
        name = path.rpartition("/")[2]
        return LocalFile(f"content/{path}", safe_name(name), stat[0], media_type(name), digest)

    def _remember(self, line: str) -> None:
        if not line.rstrip("\n").isprintable():
            return
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            with self._memory.open("a", encoding="utf-8") as memory:
                memory.write(line)
        except OSError:
            return


def safe_name(name: str) -> str:
    """Return a file name that is safe in a URL, a header and on any disk; its ending stays."""
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, ending) if dot else (ending, "")
    stem = _UNSAFE_NAME.sub("-", stem).strip(".-") or "file"
    ending = _UNSAFE_NAME.sub("", ending)[:10]
    stem = stem.encode(errors="ignore")[:150].decode(errors="ignore")
    return f"{stem}.{ending}" if ending else stem


def _remembered(memory: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = memory.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        digest, _, mark = line.partition(" ")
        if len(digest) == 64 and mark.count(" ") >= 3:
            yield mark, digest


def _sha256(path: str, size: int) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if os.fstat(handle).st_size != size:
            raise OSError("the file changed while it was being read")
    return digest


def picture_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the first bytes of a PNG, GIF, JPEG, WebP or SVG, else (0, 0)."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            width, height = struct.unpack(">II", data[16:24])
            return width, height
        if data[:6] in (b"GIF87a", b"GIF89a"):
            width, height = struct.unpack("<HH", data[6:10])
            return width, height
        if data.startswith(b"\xff\xd8"):
            return _jpeg_size(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp_size(data)
        if b"<svg" in data[:4096]:
            return _svg_size(data[:4096])
    except (struct.error, IndexError):
        pass
    return 0, 0


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return 0, 0
        marker = data[at + 1]
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return 0, 0


def _webp_size(data: bytes) -> tuple[int, int]:
    form = data[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if form == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _svg_size(data: bytes) -> tuple[int, int]:
    start = data.find(b"<svg")
    tag = data[start : data.find(b">", start)]
    sizes = {name: int(value) for name, value in _SVG_SIZE.findall(tag)}
    if b"width" in sizes and b"height" in sizes:
        return sizes[b"width"], sizes[b"height"]
    box = _SVG_BOX.search(tag)
    return (int(box[1]), int(box[2])) if box else (0, 0)
