"""From the facts of single files to items: shared facts filled in, words and files resolved."""

import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from publisher.content import addresses
from publisher.content.facts import Facts, PlainDownload, PlainEvent, PlainImage, PlainMoment
from publisher.content.files import Files, media_type
from publisher.content.ids import Entry
from publisher.content.item import (
    SPREAD,
    Author,
    Download,
    Event,
    EventState,
    Image,
    Item,
    Kind,
    Status,
    Translation,
)
from publisher.errors import Level, Problem

if TYPE_CHECKING:
    from publisher.settings import Settings

_SPREAD_SECONDS = SPREAD // timedelta(seconds=1)
_KINDS = {kind.value: kind for kind in Kind}
_STATUSES = {status.value: status for status in Status}


class Assembly:
    """One library being put together."""

    def __init__(self, settings: "Settings", files: Files, identities: dict[str, Entry]) -> None:
        self.site_url = settings.site.url
        self.order = {tag: place for place, tag in enumerate(settings.site.languages)}
        self.first = settings.site.languages[0]
        self.files, self.identities = files, identities
        self.link = addresses.linker(settings)
        self.has_categories = bool(settings.categories)
        self.words = _words(settings)
        self.problems: list[Problem] = []
        self.unknown_words: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.word_lists: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.author_lists: dict[tuple[tuple[str, str, str], ...], tuple[Author, ...]] = {}

    def items(self, readable: Sequence[Facts]) -> list[Item]:
        """Return the items of all files, sorted by path; what is wrong is added to problems."""
        own = self.identities
        originals = self._originals(readable)
        dated: list[tuple[Facts, Facts, int]] = []
        dates: dict[str, int] = {}
        for facts in readable:
            entry = own.get(facts.path)
            if entry is None:
                continue
            original = originals.get(entry.key, facts)
            moment = facts.date or original.date
            if moment is None:
                self._error(
                    facts,
                    0,
                    "the item has no date",
                    "write `date: 2026-03-02`, or put it into the file name",
                )
                continue
            date = dates[facts.path] = self._seconds(moment, entry)
            dated.append((facts, original, date))
        slugs, taken = addresses.slugs([facts for facts, _, _ in dated], dates)
        self.problems += taken
        found = []
        for facts, original, date in dated:
            slug = slugs.get(facts.path)
            if slug is not None:
                item = self._item(facts, original, own[facts.path], date, slug)
                if item is not None:
                    found.append(item)
        self._report_words()
        return found

    def _originals(self, readable: Sequence[Facts]) -> dict[str, Facts]:
        """Return, for each key with translations, the item of the first language that has one."""
        first: dict[str, Facts] = {}
        several: dict[str, Facts] = {}
        order = self.order
        for facts in readable:
            entry = self.identities.get(facts.path)
            if entry is None:
                continue
            other = first.setdefault(entry.key, facts)
            if other is not facts:
                if order.get(facts.language, 99) < order.get(other.language, 99):
                    first[entry.key] = other = facts
                several[entry.key] = other
        return several

    def _item(
        self, facts: Facts, original: Facts, entry: Entry, date: int, slug: str
    ) -> Item | None:
        before = len(self.problems)
        if facts is original:
            kind, status, video, digest = facts.kind, facts.status, facts.video, facts.digest
            words, authors, image = facts.categories, facts.authors, facts.image
            downloads, event = facts.downloads, facts.event
        else:
            kind = facts.kind or original.kind
            status = facts.status or original.status
            video = facts.video or original.video
            digest = facts.digest or original.digest
            words = original.categories if facts.categories is None else facts.categories
            authors = original.authors if facts.authors is None else facts.authors
            downloads = original.downloads if facts.downloads is None else facts.downloads
            image = _inherited_image(facts.image, original.image)
            event = _inherited_event(facts.event, original.event)
        link = self.link(facts, entry, slug, date)
        made_image = None if image is None else self._image(image, link)
        made_downloads = self._downloads(facts, downloads, original) if downloads else ()
        made_event = None if event is None else self._event(facts, event, kind)
        if kind == "event" and event is None:
            self._warn(
                facts, 0, "an event without a start is in no calendar", "write `event: {start: …}`"
            )
        if len(self.problems) > before and any(p.is_error for p in self.problems[before:]):
            return None
        updated = self._seconds(facts.updated, entry) if facts.updated else 0
        if facts.correction and updated <= date:
            self._warn(
                facts,
                facts.lines.get("correction", 0),
                "the correction has no `updated` after the date, so feed readers will not show the "
                "item as changed",
                "write `updated:` with the moment it was corrected",
            )
        return Item(
            entry.key,
            facts.language,
            entry.id,
            "content/" + facts.path,
            facts.title,
            self._moment(date),
            self._moment(updated) if updated > date else None,
            _KINDS[kind or "news"],
            facts.summary,
            slug,
            link,
            self._categories(facts, words, words is facts.categories) if words else (),
            self._authors(authors) if authors else (),
            made_image,
            addresses.percent_encoded(video) if video else "",
            made_downloads,
            made_event,
            self._translation(facts, original),
            facts.correction,
            _STATUSES[status or "ready"],
            digest or "",
            facts.hash,
        )

    def _translation(self, facts: Facts, original: Facts) -> Translation | None:
        """Return how an item was translated; what a machine translated without saying from what
        was translated from the key's original, else from the site's first language."""
        if facts.translation is None:
            return None
        of, is_machine, by = facts.translation
        if is_machine and not of:
            source = self.first if facts is original else original.language
            of = source if source != facts.language else ""
        return Translation(of, is_machine, by)

    def _seconds(self, moment: PlainMoment, entry: Entry) -> int:
        seconds, is_day = moment
        return seconds + zlib.crc32(entry.id.encode()) % _SPREAD_SECONDS if is_day else seconds

    def _moment(self, seconds: int) -> datetime:
        return datetime.fromtimestamp(seconds, UTC)

    def _categories(self, facts: Facts, words: tuple[str, ...], is_own: bool) -> tuple[str, ...]:
        known = self.word_lists.get(words)
        if known is not None:
            return known
        slugs = []
        is_all_known = True
        for word in words:
            slug = self.words.get(word) or self.words.get(_folded(word))
            if slug:
                slugs.append(slug)
                continue
            is_all_known = False
            if is_own:
                self.unknown_words[word].append((facts.path, facts.lines.get("categories", 0)))
        found = tuple(dict.fromkeys(slugs))
        if is_all_known:
            self.word_lists[words] = found
        return found

    def _authors(self, plain: tuple[tuple[str, str, str], ...]) -> tuple[Author, ...]:
        made = self.author_lists.get(plain)
        if made is None:
            made = self.author_lists[plain] = tuple(Author(*author) for author in plain)
        return made

    def _image(self, image: PlainImage, link: str) -> Image | None:
        if not image.src:
            return None
        path = image.src.lstrip("/")
        is_address = image.src.startswith(("http://", "https://"))
        if not is_address and (file := self.files.get(path)):
            size = (image.width, image.height)
            width, height = size if all(size) else self.files.picture_size(path)
            return Image(self.files.url(file), image.alt, width, height, file)
        base = self.site_url + "/" if image.src.startswith("/") else link
        name = image.src if is_address or image.src.startswith("/") else path.rpartition("/")[2]
        src = addresses.percent_encoded(urljoin(base, name))
        return Image(src, image.alt, image.width, image.height)

    def _downloads(
        self, facts: Facts, downloads: Sequence[PlainDownload], original: Facts
    ) -> tuple[Download, ...]:
        found = []
        for plain in downloads:
            name = (plain.file or plain.url.partition("?")[0]).rstrip("/").rpartition("/")[2]
            if not plain.file:
                url = addresses.percent_encoded(plain.url)
                media = plain.type or media_type(name)
                found.append(Download(url, plain.title or name, media, plain.size))
            elif file := self.files.get(plain.file):
                title = plain.title or unicodedata.normalize("NFC", name)
                found.append(
                    Download(self.files.url(file), title, plain.type or file.type, file.size, file)
                )
            else:
                source = facts if downloads is facts.downloads else original
                problem = missing_download(source.path, plain.file, plain.line)
                if source is facts or problem not in self.problems:
                    self.problems.append(problem)
                else:
                    self._error(
                        facts,
                        0,
                        f"it shares a missing download with {problem.path}",
                        "mend it there",
                    )
        return tuple(found)

    def _event(self, facts: Facts, event: PlainEvent, kind: str | None) -> Event | None:
        line = facts.lines.get("event") or facts.lines.get("event_start") or 0
        if event.start is None:
            if event.end is not None or kind == "event":
                self._warn(
                    facts,
                    line,
                    "the event has no start, so it is in no calendar",
                    "write event.start",
                )
            return None
        end = event.end
        if end is not None and end[0] < event.start[0]:
            self._error(
                facts, line, "event.end is before event.start", "swap them or remove event.end"
            )
            return None
        return Event(
            start=self._moment(event.start[0]),
            end=self._moment(end[0]) if end else None,
            is_whole_day=event.start[1] and (end is None or end[1]),
            place=event.place or "",
            city=event.city or "",
            country=event.country or "",
            url=addresses.percent_encoded(event.url) if event.url else "",
            state=EventState(event.state or "planned"),
            offset=event.offset,
        )

    def _error(self, facts: Facts, line: int, message: str, hint: str) -> None:
        self.problems.append(Problem(f"content/{facts.path}", line, message, hint))

    def _warn(self, facts: Facts, line: int, message: str, hint: str) -> None:
        self.problems.append(Problem(f"content/{facts.path}", line, message, hint, Level.WARNING))

    def _report_words(self) -> None:
        """Say each unknown word once; a site without categories hears only that it has none."""
        if not self.unknown_words:
            return
        if not self.has_categories:
            path, line = next(iter(self.unknown_words.values()))[0]
            count = len(self.unknown_words)
            used = "one category is" if count == 1 else f"{count} different categories are"
            message = f"{used} used, but the site has none"
            hint = "list those that readers may choose as [categories.<slug>] in publisher.toml"
            self.problems.append(Problem(f"content/{path}", line, message, hint, Level.WARNING))
            return
        for word, places in self.unknown_words.items():
            path, line = places[0]
            more = f" (and {len(places) - 1} more times)" if len(places) > 1 else ""
            self.problems.append(
                Problem(
                    f"content/{path}",
                    line,
                    f'"{word}" is no category of the site{more}',
                    "add it to `also` of a category in publisher.toml, or remove it",
                    Level.WARNING,
                )
            )


def missing_download(path: str, file: str, line: int) -> Problem:
    """Return the problem of a download that is not there."""
    return Problem(
        f"content/{path}",
        line,
        f'there is no file "content/{file}" to download',
        "put it there, or mend its path; it starts at the item's folder, or with / at content/",
    )


def _words(settings: "Settings") -> dict[str, str]:
    words: dict[str, str] = {}
    for slug, category in settings.categories.items():
        for word in (*category.name.values(), *category.also):
            words.setdefault(_folded(word), slug)
    for slug in settings.categories:
        words[slug] = words[_folded(slug)] = slug
    return words


def _folded(word: str) -> str:
    return " ".join(unicodedata.normalize("NFC", word).casefold().split())


def _inherited_image(own: PlainImage | None, original: PlainImage | None) -> PlainImage | None:
    if own is None or own.src or original is None:
        return original if own is None else own
    return original._replace(alt=own.alt)


def _inherited_event(own: PlainEvent | None, original: PlainEvent | None) -> PlainEvent | None:
    """Return the event with each field that a translation does not say taken from its original."""
    if own is None or original is None:
        return own or original
    merged = PlainEvent._make(
        theirs if mine is None else mine for mine, theirs in zip(own, original, strict=True)
    )
    return merged if own.start is None else merged._replace(offset=own.offset)
