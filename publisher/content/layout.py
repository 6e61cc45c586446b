"""What a file's path alone says about its item: key, language, date, and the slug to fall back on.

Decided per file, from its path under `content/` and `[site] languages`, and from nothing else:
`x.ar.md`, `ar/blog/x.md`, `x/index.ar.md` and `_posts/2026-03-02-x.md` may stand side by side.
"""

import posixpath
import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from publisher import language

SUFFIXES = (".md", ".markdown")
SLUG_BYTES = 120  # a slug becomes a file name, with an ending, in UTF-8
_DATE_PREFIX = re.compile(r"(\d{4}-\d{2}-\d{2})[-_](?=.)", re.ASCII)
_DATE_FOLDERS = re.compile(r"(?:^|/)(\d{4})/(\d{2})/(\d{2})/", re.ASCII)
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
_UNFIT_IN_KEY = re.compile(r"""[\s\x00-\x20\x7f"#%<>?\\^`{|}]+""")
# ISO 639-1, and some three-letter tags that news sites use; other suffixes are part of the name.
_KNOWN_WORDS = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy
hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg
li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or
os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta
te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ckb fil
haw hmn prs
"""
_KNOWN = frozenset(_KNOWN_WORDS.split())


class Place(NamedTuple):
    """Where an item's file lies, read as facts."""

    whole: str  # the key with its date prefix: files with one `whole` are surely one item
    key: str
    language: str  # "" when the path does not say
    date: str  # "2026-03-02", or ""
    slug: str
    folder: str  # slug of the folder the name stands in, "" at the top


class UnlistedLanguageError(ValueError):
    """A file name ends in a language tag that the site does not list."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


def is_item(path: str) -> bool:
    """Return whether a path under `content/` names an item, by its form alone."""
    if not path.endswith(SUFFIXES):
        return False
    name = path.rpartition("/")[2]
    if name[0] not in "._rR":
        return True
    return name[0] != "." and name.partition(".")[0].lower() not in ("_index", "readme")


def place(path: str, languages: Collection[str]) -> Place:
    """Read a path under `content/`, "/" between parts.

    languages   `[site] languages`, normalised

    Raises UnlistedLanguageError when the name's suffix looks like a tag that is not listed.
    """
    if not path.isascii():
        path = unicodedata.normalize("NFC", path)
    above, _, name = path.rpartition("/")
    stem = posixpath.splitext(name)[0]
    first, _, rest = above.partition("/")
    tag = listed(first, languages) if above else ""
    if tag:
        above = rest
    if "." in stem:
        head, _, suffix = stem.rpartition(".")
        if found := listed(suffix, languages):
            stem, tag = head, found
        elif head and looks_like_language(suffix):
            raise UnlistedLanguageError(language.normalise(suffix))
    if stem == "index" and above:
        above, _, stem = above.rpartition("/")
    folder = _folder(above)
    dated = _DATE_PREFIX.match(stem)
    bare = stem[dated.end() :] if dated else stem
    whole = folder.lead + fit_for_key(stem)
    return Place(
        whole=whole,
        key=folder.lead + fit_for_key(bare) if dated else whole,
        language=tag,
        date=dated[1] if dated else folder.date,
        slug=slugify(bare),
        folder=folder.slug,
    )


def listed(text: str, languages: Collection[str]) -> str:
    """Return the listed language that a suffix or folder names, or ""."""
    if text in languages:
        return text
    if not 2 <= len(text) <= 20 or not text.isascii():
        return ""
    try:
        tag = language.normalise(text)
    except ValueError:
        return ""
    return tag if tag in languages else ""


def looks_like_language(text: str) -> bool:
    """Return whether a suffix is so much like a language tag that it cannot be anything else."""
    try:
        return language.base(language.normalise(text)) in _KNOWN
    except ValueError:
        return False


def slugify(text: str) -> str:
    """Return text as a slug: letters and digits of any script, hyphens between, maybe ""."""
    text = text.lower()
    if text.isascii():
        slug = _NOT_PLAIN.sub("-", text).strip("-")
    else:
        text = unicodedata.normalize("NFC", text)
        kept = [c if unicodedata.category(c)[0] in "LMN" else " " for c in text]
        slug = "-".join("".join(kept).split())
    if len(slug) * 4 > SLUG_BYTES:
        slug = slug.encode()[:SLUG_BYTES].decode(errors="ignore").rstrip("-")
    return slug


def fit_for_key(text: str) -> str:
    """Return a path with what has no place in an identifier turned into hyphens."""
    return _UNFIT_IN_KEY.sub("-", text)


class _Folder(NamedTuple):
    """What the folders above a file say."""

    lead: str  # of every key below
    date: str
    slug: str


@lru_cache(maxsize=1024)  # many files share a folder
def _folder(path: str) -> _Folder:
    if not path:
        return _Folder("", "", "")
    found = _DATE_FOLDERS.search(path + "/")
    date = "-".join(found.groups()) if found else ""
    return _Folder(fit_for_key(path + "/"), date, slugify(path.rpartition("/")[2]))
