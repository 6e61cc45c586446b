"""The calendar files of one build: which there are, which number each event has, what is written.

An event gets a file of its own when it is coming or took place within a year, and keeps it as long
as it is published; under an older address too, because mails hold that. The calendar of a language
shows the events of the same time; when there are none, the last one that took place.
"""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.content.item import Event, EventState, Item
from publisher.feeds import ics
from publisher.feeds.calendar_address import (
    FOLDER,
    SUFFIX,
    all_events_path,
    calendar_path,
    event_of,
)
from publisher.feeds.calendar_facts import Number, facts_of
from publisher.feeds.ics_reader import numbers_in
from publisher.feeds.manifest import Row
from publisher.feeds.memory import digest, mark
from publisher.feeds.retired import is_retired_path

if TYPE_CHECKING:
    from publisher.feeds.work import Work

SHOWN_FOR = timedelta(days=366)  # after its end


class Calendars:
    """The calendar files of one build.

    own        ids of the events that have a file of their own
    gone       files whose event is published no more
    languages  those that have a calendar, or had one
    changes    moments at which an event leaves its language's calendar, in unix seconds
    """

    def __init__(self, work: "Work", published: Sequence[Item]) -> None:
        self._work = work
        self._events = {item.id: (item, event) for item in published if (event := event_of(item))}
        ends = {id_: event.last_moment + SHOWN_FOR for id_, (_, event) in self._events.items()}
        self.changes = [end.timestamp() for end in ends.values()]
        self._recent = {id_ for id_, end in ends.items() if end > work.now}
        known, languages = self._known()
        self.own = frozenset(self._recent | (set(known.values()) & self._events.keys()))
        languages |= {self._events[id_][0].language for id_ in self.own}
        retired = work.settings.feeds.retired
        self.languages = {
            tag for tag in languages if not is_retired_path(all_events_path(tag), retired)
        }
        self._files = {calendar_path(self._events[id_][0]): id_ for id_ in sorted(self.own)}
        for path, id_ in known.items():
            if id_ in self.own:
                self._files.setdefault(path, id_)
        self.gone = tuple(sorted(known.keys() - self._files.keys()))
        self._numbers: dict[str, Number] = {}
        self._prints: dict[str, str] = {}  # item id -> what its event is made of
        self._made: dict[str, bytes] = {}
        self._read: dict[str, dict[str, Number]] = {}

    def build(self) -> list[Row]:
        """Stage what changed; return a row for the calendar of each language."""
        work = self._work
        work.after.calendars = dict(sorted(self._files.items()))
        work.after.events = dict(work.before.events)  # one that was withdrawn may come back
        paths: dict[str, list[str]] = {}
        for path, id_ in self._files.items():
            paths.setdefault(id_, []).append(path)
        for id_ in sorted(self.own):
            self._put_event(id_, paths[id_])
        for path in self.gone:
            work.outputs.remove(path)
        return [self._row(language) for language in sorted(self.languages)]

    def _known(self) -> tuple[dict[str, str], set[str]]:
        """Return events' own files that there are or were, with their items' ids; and languages."""
        work = self._work
        known: dict[str, str] = dict(work.before.calendars)
        known_paths = (*work.rows, *work.before.outputs, *work.retired_before)
        named = {path for path in known_paths if path.endswith(SUFFIX)}
        heads = {path.partition("/")[0] for path in named}
        languages = {tag for tag in heads if all_events_path(tag) in named}
        for tag in _folders(work.folder):
            if (work.folder / all_events_path(tag)).is_file():
                languages.add(tag)
            for name in _calendars_in(work.folder / tag / FOLDER):
                path = f"{tag}/{FOLDER}/{name}"
                if path not in known:
                    known |= dict.fromkeys([path], next(iter(numbers_in(work.folder / path)), ""))
        return {path: id_ for path, id_ in known.items() if id_}, languages

    def _put_event(self, id_: str, paths: Sequence[str]) -> None:
        """Stage an event's own file where it is not what it must be."""
        work, (item, event) = self._work, self._events[id_]
        facts = facts_of(event, work.settings)
        number = self._numbers[id_] = Number(self._sequence(item, event, facts, paths), facts)
        updated = item.updated is not None and item.updated <= work.now
        print_ = digest(work.base, number, updated, item)
        stale = [path for path in paths if not work.outputs.is_as_left(path, print_, [path])]
        if stale:
            data = self._rendered(id_)
            if data is None:
                work.outputs.keep(paths)
                return
            for path in stale:
                work.outputs.put(path, ics.calendar((), [data]))
        work.after.prints.update(dict.fromkeys(paths, print_))
        work.after.events[id_] = [number.sequence, facts]
        self._prints[id_] = print_

    def _sequence(self, item: Item, event: Event, facts: str, paths: Sequence[str]) -> int:
        """Return an event's number: one more whenever its facts changed, and never less.

        What lies in feeds/ is asked where the memory does not know, and where a build was cut
        short after its files were in place. Where both are lost, an event that was moved or
        cancelled is taken for changed once.
        """
        work = self._work
        left = work.before.events.get(item.id)
        known = [Number(*left)] if left else []
        if not left or not all(self._is_untouched(path) for path in paths):
            known += self._numbers_on_disk(item, paths)
        if not known:
            return 0 if event.state is EventState.PLANNED else 1
        last = max(number.sequence for number in known)
        return last if Number(last, facts) in known else last + 1

    def _numbers_on_disk(self, item: Item, paths: Sequence[str]) -> list[Number]:
        for path in (*paths, all_events_path(item.language)):
            if path not in self._read:
                self._read[path] = numbers_in(self._work.folder / path)
        found = [self._read[path].get(item.id) for path in paths]
        found.append(self._read[all_events_path(item.language)].get(item.id))
        return [number for number in found if number]

    def _is_untouched(self, path: str) -> bool:
        left = self._work.before.outputs.get(path)
        return left is not None and mark(self._work.folder / path) == left[1:]

    def _rendered(self, id_: str) -> bytes | None:
        """Make an event; None when its item is broken."""
        from publisher.feeds.calendar_event import component

        work, (item, event) = self._work, self._events[id_]
        summary = work.bodies.summary(item)
        if summary is None:
            return None
        made = component(item, event, summary, self._numbers[id_], work.settings, work.now)
        self._made[id_] = made
        return made

    def _finished(self, id_: str) -> bytes:
        """Return an event as its own file has it, which is cheaper than making it again."""
        if id_ not in self._made:
            path = self._work.folder / calendar_path(self._events[id_][0])
            self._made[id_] = ics.events_of(path.read_bytes()) or self._rendered(id_) or b""
        return self._made[id_]

    def _shown(self, language: str) -> list[str]:
        """Return the events of a language's calendar in the order of their beginning."""
        theirs = [id_ for id_ in self._prints if self._events[id_][0].language == language]
        shown = [id_ for id_ in theirs if id_ in self._recent]
        if not shown and theirs:
            shown = [max(theirs, key=lambda id_: (self._events[id_][1].last_moment, id_))]
        return sorted(shown, key=lambda id_: (self._events[id_][1].start, id_))

    def _row(self, language: str) -> Row:
        work, path, shown = self._work, all_events_path(language), self._shown(language)
        print_ = digest(work.base, path, *[self._prints[id_] for id_ in shown])
        work.after.prints[path] = print_
        left = work.rows.get(path)
        if left and work.outputs.is_as_left(path, print_, [path]):
            return left
        from publisher.feeds import calendar_event
        from publisher.feeds.entry import changed_at

        events = [made for id_ in shown if (made := self._finished(id_))]
        is_new = work.outputs.put(
            path, ics.calendar(calendar_event.about(language, work.settings), events)
        )
        moments = [changed_at(self._events[id_][0], work.now).isoformat() for id_ in shown]
        now = work.now.isoformat(timespec="seconds")
        return Row(
            path=path,
            title=calendar_event.calendar_title(language, work.settings),
            language=language,
            sha256=work.outputs.hashes[path],
            entries=len(events),
            updated=max(moments, default=left.updated if left else now),
            changed=left.changed if left and not is_new else now,
        )


def _folders(folder: Path) -> list[str]:
    """Return the folders of languages under feeds/."""
    try:
        found = [entry.name for entry in os.scandir(folder) if entry.is_dir()]
    except OSError:
        return []
    return sorted(name for name in found if not name.startswith(".") and name != "files")


def _calendars_in(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(SUFFIX))
    except OSError:
        return []
