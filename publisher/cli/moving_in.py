"""What a folder already says about itself, so that `init` need not ask.

Hugo's and Jekyll's settings are read for address, name, languages and permalinks; without them
the languages follow from the names of folders and files below content/.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publisher import language
from publisher.cli.report import note
from publisher.errors import Problem
from publisher.settings import read_toml

HUGO = ("hugo.toml", "config.toml", "hugo.yaml", "hugo.yml", "config.yaml", "config.yml")
JEKYLL = ("_config.yml", "_config.yaml")
_JEKYLL_STYLES = {
    "date": "/:year/:month/:day/:title.html",
    "pretty": "/:year/:month/:day/:title/",
    "none": "/:title.html",
}
_PARTS = {
    "year": "{year}",
    "month": "{month}",
    "day": "{day}",
    "slug": "{slug}",
    "title": "{slug}",
    "filename": "{slug}",
    "contentbasename": "{slug}",
    "slugorfilename": "{slug}",
    "slugorcontentbasename": "{slug}",
    "i_month": "{month}",
    "i_day": "{day}",
}
_DROPPED = ("categories", "section", "sections", "collection", "output_ext")
_SUFFIX = re.compile(r"\.([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)\.(?:md|markdown)$")
_ENOUGH = 20_000  # files looked at


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a site before anybody was asked."""

    source: str = ""  # the file it comes from
    url: str = ""
    name: str = ""
    languages: tuple[str, ...] = ()
    item_url: str = ""
    time_zone: str = ""


def has_content(folder: Path) -> bool:
    """Return whether somebody has already written a site into this folder."""
    if any((folder / name).is_file() for name in (*HUGO, *JEKYLL)):
        return True
    return (folder / "_posts").is_dir() or next(_markdown(folder / "content"), None) is not None


def look_around(folder: Path) -> Found:
    """Return what a folder with content says about itself."""
    for names, reader in ((HUGO, _hugo), (JEKYLL, _jekyll)):
        for name in names:
            if (folder / name).is_file():
                table = _table(folder / name)
                return reader(folder, name if table else "", table)
    return Found(languages=_languages_of_files(folder / "content"))


def _table(path: Path) -> Mapping[str, Any]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if path.suffix == ".toml":
        return read_toml(text, path.name)
    import yaml

    try:
        table = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return _not_yaml(path.name, line)
    except (yaml.YAMLError, ValueError, RecursionError):
        return _not_yaml(path.name, 0)
    return table if isinstance(table, dict) else {}


def _not_yaml(name: str, line: int) -> Mapping[str, Any]:
    said = "the file stops being YAML here, so nothing was taken from it"
    note(str(Problem(name, line, said, "write into publisher.toml what it says")))
    return {}


def _hugo(folder: Path, name: str, table: Mapping[str, Any]) -> Found:
    known = {key.lower(): value for key, value in table.items()}  # Hugo does not mind the case
    original = _tag(known.get("defaultcontentlanguage") or known.get("languagecode") or "en")
    listed = known.get("languages")
    listed = listed if isinstance(listed, dict) else {}
    weights = {
        tag: each.get("weight", 0) if isinstance(each, dict) else 0 for tag, each in listed.items()
    }
    tags = [_tag(tag) for tag in sorted(weights, key=lambda tag: (weights[tag], tag))]
    tags = tags or list(_languages_of_files(folder / "content"))
    languages = tuple(dict.fromkeys([original, *filter(None, tags)])) if original else tuple(tags)
    several = len(languages) > 1
    pattern = _hugo_permalink(known.get("permalinks"))
    path = _translated(pattern) if pattern else "/{key}/"
    item_url = ("{url}/{language}" if several else "{url}") + path if path else ""
    zone = _zone(known.get("timezone"))
    return Found(
        name, _url(known.get("baseurl")), _text(known.get("title")), languages, item_url, zone
    )


def _hugo_permalink(value: Any) -> str:
    """Return the pattern of posts: permalinks.page.posts, permalinks.posts, or the first one."""
    table = value.get("page", value) if isinstance(value, dict) else {}
    if not isinstance(table, dict):
        return ""
    patterns = [str(table[name]) for name in ("posts", "post", "blog", "news") if name in table]
    patterns += [str(each) for each in table.values() if isinstance(each, str)]
    return patterns[0] if patterns else ""


def _jekyll(folder: Path, name: str, table: Mapping[str, Any]) -> Found:
    written = str(table.get("permalink") or "date")
    path = _translated(_JEKYLL_STYLES.get(written, written))
    base = "/" + str(table.get("baseurl") or "").strip("/")
    url = _url(table.get("url"))
    tag = _tag(table.get("lang") or table.get("locale") or "en")
    return Found(
        name,
        (url + base).rstrip("/") if url else "",
        _text(table.get("title") or table.get("name")),
        (tag or "en",),
        "{url}" + path if path else "",
        _zone(table.get("timezone")),
    )


def _translated(pattern: str) -> str:
    """Return a permalink pattern in our words, "" for one that cannot be said in them."""
    path = "/" + pattern.strip().lstrip("/")
    for part in _DROPPED:
        path = re.sub(rf"/?:{part}(?:\[[^\]]*\])?(?![a-z_])", "", path)
    path = re.sub(r":([a-z_]+)", lambda found: _PARTS.get(found[1], "?"), path)
    path = path if path.startswith("/") else "/" + path
    return "" if "?" in path or "{slug}" not in path else path


def _languages_of_files(content: Path) -> tuple[str, ...]:
    from babel.localedata import locale_identifiers

    known = {name.partition("_")[0] for name in locale_identifiers()}
    numbers: dict[str, int] = {}
    for path in _markdown(content):
        parts = path.relative_to(content).parts
        suffix = _SUFFIX.search(path.name)
        for word in (parts[0] if len(parts) > 1 else "", suffix[1] if suffix else ""):
            tag = _tag(word)
            if tag and language.base(tag) in known:
                numbers[tag] = numbers.get(tag, 0) + 1
    return tuple(sorted(numbers, key=lambda tag: (-numbers[tag], tag)))


def _markdown(content: Path) -> Iterator[Path]:
    for number, path in enumerate(content.rglob("*")):
        if number > _ENOUGH:
            return
        is_word = content / "editions" in path.parents  # the editor's, for an edition: no item
        if path.suffix in (".md", ".markdown") and not is_word:
            yield path


def _tag(value: Any) -> str:
    try:
        return language.normalise(str(value))
    except ValueError:
        return ""


def _zone(value: Any) -> str:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(str(value)).key if value else ""
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return ""


def _url(value: Any) -> str:
    url = str(value or "").strip().rstrip("/")
    return url if re.match(r"https?://[^/\s]+", url) else ""


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""
