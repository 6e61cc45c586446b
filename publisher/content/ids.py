"""Which item a file is: `content/ids.json` keeps key and id of each over renames.

One line an item, sorted by path, every line ended alike, so that git merges two branches line by
line. A file is the item it was when its path and either its title and date or its bytes are the
same; a file at a new path is the item that is missing from its old one when the written id, the
bytes, or title and date agree. What is left at its old path was edited; what is left elsewhere is
new, and gets a key that nobody else has.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from publisher.content.facts import Facts
from publisher.errors import Level, Problem
from publisher.files import write_if_changed

PATH = "content/ids.json"


class Entry(NamedTuple):
    """What is remembered of one item."""

    id: str
    key: str
    language: str
    hash: str  # of the file when the line was written
    about: str  # of title and date


@dataclass(slots=True)
class Identities:
    """Every readable file's identity, and what is to be remembered."""

    of: dict[str, Entry] = field(default_factory=dict)  # by path; left out: not an item of its own
    entries: dict[str, Entry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


Last = Callable[[str], tuple[str, str] | None]  # path -> hash and about when last read


def load(path: Path) -> tuple[dict[str, Entry], list[Problem]]:
    """Read ids.json; lines that a merge has spoilt are passed over and reported."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return {}, [
            Problem(PATH, 0, f"the file cannot be read: {error.strerror}", "look at its rights")
        ]
    try:
        return {name: _entry(row) for name, row in json.loads(text).items() if name}, []
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return _load_lines(text)


def _load_lines(text: str) -> tuple[dict[str, Entry], list[Problem]]:
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() in ("{", "}", '"": {}', ""):
            continue
        try:
            ((name, row),) = json.loads("{" + line.rstrip().rstrip(",") + "}").items()
            entries[name] = _entry(row)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            problems.append(
                Problem(
                    PATH,
                    number,
                    "the line cannot be read",
                    "take it from git's history",
                    Level.WARNING,
                )
            )
    return entries, problems


def _entry(row: dict[str, str]) -> Entry:
    entry = Entry(row["id"], row["key"], row["language"], row["hash"], row["about"])
    "".join(entry)  # a TypeError when one is no text
    return entry


def save(path: Path, entries: dict[str, Entry]) -> bool:
    """Write ids.json whole; return whether it changed. Raises OSError."""
    # Texts alone go to the encoder: ten thousand dicts took it 70 ms, their texts take 20.
    told = json.JSONEncoder(ensure_ascii=False).encode
    rows = [
        f'{told(name)}: {{"id": {told(entry.id)}, "key": {told(entry.key)}, '
        f'"language": {told(entry.language)}, "hash": {told(entry.hash)}, '
        f'"about": {told(entry.about)}}},'
        for name, entry in sorted(entries.items())
    ]
    # The last line never changes, so that two branches can both add an item at the end.
    text = "\n".join(["{", *rows, '"": {}', "}", ""])
    return write_if_changed(path, text.encode())


def identify(
    files: Sequence[Facts],
    entries: dict[str, Entry],
    authority: str,
    present: Collection[str],
    last: Last,
) -> Identities:
    """Find out which item each file is.

    files      all readable files, sorted by path
    entries    what is remembered
    authority  [feeds] id_authority
    present    paths of all item files, readable or not
    """
    result = Identities(entries=dict(entries))
    unsettled: list[Facts] = []
    settled = result.of
    for facts in files:
        entry = entries.get(facts.path)
        if (
            entry is not None
            and entry.language == facts.language
            and (entry.about == facts.about or entry.hash == facts.hash)
        ):
            settled[facts.path] = entry
        else:
            unsettled.append(facts)
    if unsettled:
        unsettled = _find_moved(unsettled, entries, present, last, result)
        _mint(unsettled, files, authority, result)
    for facts in files:
        entry = settled.get(facts.path)
        if entry is None:
            continue
        if facts.id and facts.id != entry.id:
            entry = entry._replace(id=facts.id)
        if entry.about != facts.about:
            entry = entry._replace(hash=facts.hash, about=facts.about)
        settled[facts.path] = result.entries[facts.path] = entry
    _refuse_same_ids(files, result)
    return result


def _find_moved(
    unsettled: list[Facts],
    entries: dict[str, Entry],
    present: Collection[str],
    last: Last,
    result: Identities,
) -> list[Facts]:
    """Give files the entries of the paths they came from; return those that came from nowhere."""
    at_risk = {facts.path for facts in unsettled}
    here = set(present)
    free = {path: e for path, e in entries.items() if path in at_risk or path not in here}
    if not free:
        return unsettled
    taken: dict[str, str] = {}  # old path -> new path

    def match(tell: Callable[[Facts], str], told: Callable[[str, Entry], Iterable[str]]) -> None:
        olds: dict[tuple[str, str], list[str]] = defaultdict(list)
        for path, entry in free.items():
            if path not in taken:
                for sign in told(path, entry):
                    olds[entry.language, sign].append(path)
        for facts in unsettled:
            candidates = [
                path for path in olds.get((facts.language, tell(facts)), ()) if path not in taken
            ]
            if facts.path in result.of or not candidates:
                continue
            name = facts.path.rpartition("/")[2]
            old = min(candidates, key=lambda path: (path.rpartition("/")[2] != name, path))
            taken[old] = facts.path
            result.of[facts.path] = entries[old]

    def hashes(path: str, entry: Entry) -> Iterable[str]:
        known = last(path)
        return {entry.hash, known[0]} if known else (entry.hash,)

    match(lambda facts: facts.id or "\0", lambda _, entry: (entry.id,))
    match(lambda facts: facts.hash, hashes)
    match(lambda facts: facts.about, lambda _, entry: (entry.about,))
    for facts in unsettled:  # what is left at its old path was edited
        entry = free.get(facts.path)
        if (
            entry is not None
            and entry.language == facts.language
            and facts.path not in result.of
            and facts.path not in taken
        ):
            taken[facts.path] = facts.path
            result.of[facts.path] = entry
    for old, new in taken.items():
        if old != new:
            result.entries.pop(old, None)
    return [facts for facts in unsettled if facts.path not in result.of]


def _mint(new: list[Facts], files: Sequence[Facts], authority: str, result: Identities) -> None:
    """Give new files keys that fit their translations and that no other item has."""
    whole_of = {facts.path: facts.whole for facts in files}
    natural = {facts.path: facts.key for facts in files}
    users: dict[str, dict[str, str]] = defaultdict(dict)  # key -> language -> path
    siblings: dict[str, str] = {}  # whole -> key of the first remembered file there
    for path, entry in sorted(result.of.items()):
        users[entry.key][entry.language] = path
        siblings.setdefault(whole_of[path], entry.key)
    groups: dict[str, list[Facts]] = defaultdict(list)
    for facts in new:
        groups[facts.whole].append(facts)
    for whole, group in sorted(groups.items()):
        key = siblings.get(whole) or _free_key(whole, group, users, natural)
        for facts in group:
            other = users[key].get(facts.language)
            own = key
            if other is not None and whole_of[other] == whole:
                result.problems.append(
                    Problem(
                        f"content/{facts.path}",
                        0,
                        f"content/{other} is the same item in the same language",
                        "keep one of the two, or rename one",
                    )
                )
                continue
            if other is not None:
                own = _free_key(whole, [facts], users, natural)
            users[own][facts.language] = facts.path
            made = facts.id or f"tag:{authority}:{own}/{facts.language}"
            result.of[facts.path] = Entry(made, own, facts.language, facts.hash, facts.about)


def _free_key(
    whole: str, group: list[Facts], users: dict[str, dict[str, str]], natural: dict[str, str]
) -> str:
    short = group[0].key
    languages = {facts.language for facts in group}
    number = 1
    while True:
        key = (short, whole)[number - 1] if number < 3 else f"{whole}-{number - 1}"
        others = users.get(key, {})
        # Files of one bare name, one a language, are translations, though dated differently.
        may_join = number == 1 and all(natural[path] == short for path in others.values())
        if not others or (may_join and languages.isdisjoint(others)):
            return key
        number += 1


def _refuse_same_ids(files: Sequence[Facts], result: Identities) -> None:
    seen: dict[tuple[str, str], str] = {}
    for facts in files:
        entry = result.of.get(facts.path)
        if entry is None:
            continue
        first = seen.setdefault((entry.id, entry.language), facts.path)
        if first != facts.path:
            del result.of[facts.path]
            result.problems.append(
                Problem(
                    f"content/{facts.path}",
                    facts.lines.get("id", 0),
                    f'content/{first} has the same id "{entry.id}" in the same language',
                    "write another id in one of the two",
                )
            )
