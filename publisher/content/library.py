"""All items of a site, read and checked: what every other room starts from."""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.content import cache, ids, reading, walk
from publisher.content.assemble import Assembly, missing_download
from publisher.content.facts import Facts, Unreadable, unpack
from publisher.content.files import Files
from publisher.content.item import Body, Item, LocalFile, Status
from publisher.content.unknown import unknown_keys
from publisher.content.walk import Scan, Stat
from publisher.errors import Level, Problem

if TYPE_CHECKING:
    from publisher.content.bodies import Bodies
    from publisher.content.item import Word
    from publisher.content.words import Words
    from publisher.settings import Settings


MOST_RELATED = 5  # items shown beside another


class Library:
    """The items of a site at one moment.

    items      every readable item of any status, newest first, then by path
    problems   of all files, in the order of their paths
    stamp      what `scan` says as long as nothing changes
    tree       the same of the files alone, whatever the settings are
    """

    def __init__(
        self,
        settings: "Settings",
        items: tuple[Item, ...],
        problems: tuple[Problem, ...],
        stamp: str,
        tree: str,
        files: Files,
        scan: Scan,
        fresh: dict[str, bytes],
        now: datetime,
    ) -> None:
        self._now = now
        self.settings, self.items, self.problems = settings, items, problems
        self.stamp, self.tree = stamp, tree
        self._files, self._scan, self._fresh = files, scan, fresh
        self._by_key: dict[str, dict[str, Item]] | None = None
        self._bodies: Bodies | None = None
        self._related: dict[str, tuple[Item, ...]] | None = None
        self._words: Words | None = None
        self._order = {tag: place for place, tag in enumerate(settings.site.languages)}

    def published(self, now: datetime) -> tuple[Item, ...]:
        """Return what readers may see at a moment, newest first."""
        ready = Status.READY
        return tuple([item for item in self.items if item.status is ready and item.date <= now])

    def find(self, key: str, language: str) -> Item | None:
        """Return the item of a key in a language, of any status."""
        return self._keys().get(key, {}).get(language)

    def translations(self, item: Item, now: datetime) -> tuple[Item, ...]:
        """Return the other published items of an item's key, in the order of [site] languages."""
        group = self._keys().get(item.key, {})
        if len(group) < 2:
            return ()
        others = [one for one in group.values() if one is not item and one.is_published(now)]
        others = [one for one in others if one.language != item.language]
        return tuple(sorted(others, key=lambda one: self._order.get(one.language, 99)))

    def related(self, item: Item, now: datetime) -> tuple[Item, ...]:
        """Return an event's published reports, or a report's announcements, newest first, at most 5.

        They are of the item's language, begin on the same day, and share page, place or city.
        """
        if item.event is None:
            return ()
        if self._related is None:
            from publisher.content.related import related_items

            self._related = related_items(self.items, self.settings.site.zone)
        others = [one for one in self._related.get(item.path, ()) if one.is_published(now)]
        return tuple(others[:MOST_RELATED])

    def word(self, digest: str, slot: str, language: str) -> "Word | None":
        """Return the editor's word for an edition in a language, None when there is none to use.

        slot    "2026-03-29T07:00", or "2026-03-29" for an edition that is named by its day

        Read from the file as it is now. A word for the hour goes before one for the whole day;
        one that cannot be read is among `problems`.
        """
        if not self._scan.words:
            return None
        return self._word_files().word(digest, slot, language)

    def body(self, item: Item) -> Body:
        """Return what the item's text becomes; never raises for what an editor wrote.

        Raises ContentError when the file is no longer the one the item was read from: a title of
        yesterday over a text of today would be a mix that nobody wrote. Open the library anew.
        """
        return self._renderer().body(item)

    def body_problems(self, items: Sequence[Item] | None = None) -> Iterator[Problem]:
        """Render items, all when none are given, and yield what is doubtful in the texts.

        Each unknown shortcode is named once; editors' words are looked at only with all items.
        """
        yield from self._renderer().problems(self.items if items is None else items)
        if items is None and self._scan.words:
            yield from self._word_files().text_problems(self._now)

    def path_of(self, file: LocalFile) -> Path:
        """Return where a file lies on this disk."""
        return self.settings.root / file.path

    def next_change(self, now: datetime) -> datetime | None:
        """Return the moment the next ready item becomes published, None when none waits."""
        ready = Status.READY
        return min(
            (item.date for item in self.items if item.date > now and item.status is ready),
            default=None,
        )

    def _keys(self) -> dict[str, dict[str, Item]]:
        if self._by_key is None:
            self._by_key = defaultdict(dict)
            for item in self.items:
                self._by_key[item.key][item.language] = item
        return self._by_key

    def _word_files(self) -> "Words":
        if self._words is None:
            from publisher.content.words import Words

            self._words = Words(self.settings, self._scan, self._renderer)
        return self._words

    def _renderer(self) -> "Bodies":
        if self._bodies is None:
            from publisher.content.bodies import Bodies

            self._bodies = Bodies(self.settings, self.items, self._files, self._scan, self._fresh)
        return self._bodies


def open_library(
    settings: "Settings",
    *,
    now: datetime,
    scan: Scan | None = None,
    remember: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Library:
    """Read all items of a site; unchanged files come from the cache.

    now          items of the future are read like all; words of editions long past are not
    scan         one made a moment ago, to save a walk
    remember     write content/ids.json, so that renamed files stay the items they are
    on_progress  called with (files read, files to read)

    Never raises for what editors wrote: see `problems`.
    """
    is_collecting = gc.isenabled()
    gc.disable()  # tens of thousands of small tuples and no cycle among them: collecting costs double
    try:
        return _open(settings, scan or walk.scan(settings), now, remember, on_progress)
    finally:
        if is_collecting:
            gc.enable()


def _open(
    settings: "Settings",
    found: Scan,
    now: datetime,
    remember: bool,
    on_progress: Callable[[int, int], None] | None,
) -> Library:
    known = cache.load(settings)
    rows, fresh = _rows(settings, found, known, on_progress)
    read = [unpack(rows[path][1]) for path in found.items]
    readable = [facts for facts in read if isinstance(facts, Facts)]
    problems = list(found.problems)
    entries, spoilt = ids.load(settings.content_dir / walk.IDS_NAME)
    problems += spoilt
    identities = ids.identify(
        readable, entries, settings.feeds.id_authority, found.items, _last(known)
    )
    problems += identities.problems
    files = Files(settings, found)
    assembly = Assembly(settings, files, identities.of)
    items = assembly.items(readable)
    problems += assembly.problems
    problems += _problems_of(read, found)
    problems += unknown_keys(readable, settings.content.known)
    kept = found.ids
    if remember and identities.entries != entries:
        kept = _remember(settings, found, identities.entries, problems)
    stamp, tree = walk.stamp_with(found.base, kept), walk.stamp_with(found.tree, kept)
    items.sort(key=lambda item: (-item.date.timestamp(), item.path))
    library = Library(settings, tuple(items), (), stamp, tree, files, found, fresh, now)
    if found.words:
        problems += library._word_files().problems(now)
    problems.sort(key=lambda problem: (problem.path, problem.line))
    library.problems = tuple(problems)
    return library


def _rows(
    settings: "Settings",
    scan: Scan,
    known: dict[str, reading.Row],
    on_progress: Callable[[int, int], None] | None,
) -> tuple[dict[str, reading.Row], dict[str, bytes]]:
    """Return the row of every item file, read now where the cache does not know it."""
    stats = scan.files
    changed = []
    rows: dict[str, reading.Row] = {}
    for path in scan.items:
        row = known.get(path)
        if row is not None and row[0] == stats[path]:
            rows[path] = row
        else:
            changed.append(path)
    fresh: dict[str, bytes] = {}
    if changed:
        result = reading.read_files(
            scan.root, changed, settings.site.languages, settings.site.zone, known, on_progress
        )
        rows.update(result.rows)
        fresh = result.fresh
    if changed or len(known) != len(rows):
        cache.save(settings, rows)
    return rows, fresh


def _last(known: dict[str, reading.Row]) -> ids.Last:
    """Return what files were when last read, so that a rename is seen after an edit too."""

    def last(path: str) -> tuple[str, str] | None:
        row = known.get(path)
        if row is None:
            return None
        facts = unpack(row[1])
        return (facts.hash, facts.about) if isinstance(facts, Facts) else (facts.hash, "")

    return last


def _remember(
    settings: "Settings", scan: Scan, entries: dict[str, ids.Entry], problems: list[Problem]
) -> Stat | None:
    path = settings.content_dir / walk.IDS_NAME
    try:
        ids.save(path, entries)
    except OSError as error:
        problems.append(
            Problem(
                ids.PATH,
                0,
                f"ids cannot be remembered: {error.strerror}",
                "look at the folder's rights",
            )
        )
        return scan.ids
    return walk.stat_of(path)


def _problems_of(read: list[Facts | Unreadable], scan: Scan) -> Iterator[Problem]:
    for facts in read:
        if isinstance(facts, Unreadable):
            for file, line in facts.needs:
                if file not in scan.files:
                    yield missing_download(facts.path, file, line)
        for line, message, hint, is_error in facts.problems:
            level = Level.ERROR if is_error else Level.WARNING
            yield Problem(f"content/{facts.path}", line, message, hint, level)
