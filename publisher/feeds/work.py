"""One build at work: what it reads, what it decides, what it writes."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from publisher.content.item import Item
from publisher.errors import Problem, RenderError
from publisher.feeds import halves, manifest, memory, plan, retired, used_files
from publisher.feeds.bodies import Bodies
from publisher.feeds.build import BuildReport, Progress
from publisher.feeds.calendars import Calendars
from publisher.feeds.memory import Memory
from publisher.feeds.outputs import Outputs
from publisher.feeds.plan import FORMATS, Feed
from publisher.feeds.withdrawal import check_withdrawal

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.feeds.channel import Channel

_Made = tuple[int, list[bytes]]  # how many entries, and the bytes of each format
_Apart = tuple[dict[str, _Made], dict[str, list[Any]], dict[str, Problem]]


class Work:
    """One build at work: what it reads, what it made so far."""

    def __init__(
        self, library: "Library", now: datetime, on_progress: Progress | None, patient: bool
    ) -> None:
        self.library, self.now, self.on_progress = library, now, on_progress
        self.settings = library.settings
        self.folder = self.settings.feeds_dir
        self.before = memory.load(self.settings.var_dir)
        self.base = memory.fingerprint_of(self.settings)
        self.after = Memory(self.base, library.stamp, memory.rules_of(self.settings))
        self.rows = manifest.read(self.folder)
        self.retired_before = manifest.read_retired(self.folder)
        self.outputs = Outputs(
            self.folder, self.before, self.rows, with_twins=self.settings.feeds.precompress
        )
        self.bodies = Bodies(library, self.before, self.base, now, patient=patient)
        self.problems: list[Problem] = []
        self.ready: dict[str, _Made] = {}  # feeds that the second process made
        self._channels: dict[str, Channel] = {}

    def run(self, withdraw: bool) -> BuildReport:
        """Decide, render and commit."""
        try:
            return self._run(withdraw)
        finally:
            self.outputs.close()

    def _run(self, withdraw: bool) -> BuildReport:
        published = self.library.published(self.now)
        self.after.published = {item.id: item.path for item in published}
        if not withdraw:
            check_withdrawal(self.before, self.after)
        memory.forget_now(self.settings.var_dir)
        self.calendars = Calendars(self, published)
        self.bodies.in_calendars = self.calendars.own
        most, retiring = self.settings.feeds.items, self.settings.feeds.retired
        feeds = retired.kept(plan.plan(published, most, self._ever_published()), retiring)
        rows = [*self._feeds(feeds), *self.calendars.build()]
        self._pages(feeds)
        self._files(published)
        self.outputs.put(manifest.NAME, manifest.render(rows, self._retire(retiring)))
        self.outputs.commit()
        self._remember(published)
        in_feeds = plan.wanted_items(feeds).keys() - self.bodies.broken.keys()
        return BuildReport(
            changed=tuple(self.outputs.changed),
            unchanged=len(self.outputs.hashes.keys() & self.after.outputs.keys())
            - len(self.outputs.changed),
            removed=tuple(self.outputs.removed),
            twins=self.outputs.twins.alone,
            entries=len(in_feeds),
            feeds=len(rows),
            problems=(*self.problems, *self.bodies.broken.values()),
        )

    def _ever_published(self) -> set[str]:
        """Return the paths of all feeds that were ever published, without their format."""
        known = (path for path in (*self.rows, *self.before.outputs, *self.retired_before))
        stems = (path.rpartition(".") for path in known)
        return {
            stem
            for stem, _, format_ in stems
            if format_ in FORMATS and stem != "manifest" and not stem.startswith("files/")
        }

    def _feeds(self, feeds: Sequence[Feed]) -> list[manifest.Row]:
        """Render what changed; return a row for each file of each feed, in their order."""
        theirs = halves.part(feeds) if not self.before.prints else []
        if theirs:
            self._begin(theirs[0])
            wait = halves.apart(lambda: self._made_apart(theirs))
        mine = [feed for feed in feeds if feed not in theirs]
        try:
            rows = {feed.path: self._rows(feed) for feed in self._told(mine, 0, len(feeds))}
        finally:
            found = wait() if theirs else None
        if theirs:
            self._take(found)
            for feed in self._told(theirs, len(mine), len(feeds)):
                rows[feed.path] = self._rows(feed)
        return [row for feed in feeds for row in rows[feed.path]]

    def _begin(self, feed: Feed) -> None:
        """Make a first entry, so that all it takes is imported once and not by both processes."""
        self._channel(feed)
        for item in feed.items[:1]:
            self.bodies.print_of(item)
            self.bodies.entry(item)

    def _told(self, feeds: Sequence[Feed], done: int, total: int) -> Iterator[Feed]:
        """Yield feeds, telling after each how many are done."""
        for place, feed in enumerate(feeds, done + 1):
            yield feed
            if self.on_progress:
                self.on_progress(place, total)

    def _made_apart(self, feeds: Sequence[Feed]) -> "_Apart":
        """Make feeds in a process that can change nothing but what it returns."""
        made = {}
        for feed in feeds:
            for item in feed.items:
                self.bodies.print_of(item)
            made[feed.path] = self._made(feed)
        return made, self.bodies.known, self.bodies.broken

    def _take(self, found: "_Apart | None") -> None:
        if found:
            self.ready, known, broken = found
            self.bodies.known.update(known)
            self.bodies.broken.update(broken)

    def _rows(self, feed: Feed) -> list[manifest.Row]:
        print_ = memory.digest(self.base, *map(self.bodies.print_of, feed.items))
        if self.outputs.is_as_left(feed.path, print_, [feed.file(name) for name in FORMATS]):
            rows = [self.rows[feed.file(name)] for name in FORMATS]
        else:
            rows = self._render_feed(feed)
        if not any(item.id in self.bodies.broken for item in feed.items):
            self.after.prints[feed.path] = print_
        return rows

    def _made(self, feed: Feed) -> "_Made":
        """Return how many entries a feed has, and its bytes in each format."""
        from publisher.feeds.formats import render

        channel = self._channel(feed)
        entries = [entry for item in feed.items if (entry := self.bodies.entry(item))]
        return len(entries), [render(channel, entries, format_) for format_ in FORMATS]

    def _render_feed(self, feed: Feed) -> list[manifest.Row]:
        channel = self._channel(feed)
        ready = self.ready.get(feed.path)
        count, texts = ready if ready else self._made(feed)
        rows = []
        for format_, data in zip(FORMATS, texts, strict=True):
            path = feed.file(format_)
            is_new = self.outputs.put(path, data)
            left = self.rows.get(path)
            changed = self.now.isoformat(timespec="seconds") if is_new or not left else left.changed
            rows.append(
                manifest.Row(
                    path=path,
                    title=channel.title,
                    language=channel.language,
                    sha256=self.outputs.hashes[path],
                    entries=count,
                    updated=channel.updated.isoformat(),
                    changed=changed,
                )
            )
        return rows

    def _channel(self, feed: Feed) -> "Channel":
        from publisher.feeds.channel import make_channel
        from publisher.feeds.entry import changed_at

        if feed.path not in self._channels:
            left = self.rows.get(feed.file("atom"))
            # A feed that lost all its entries keeps the time it had.
            empty = datetime.fromisoformat(left.updated) if left else self.now
            updated = max((changed_at(item, self.now) for item in feed.items), default=empty)
            self._channels[feed.path] = make_channel(feed, self.settings, updated)
        return self._channels[feed.path]

    def _pages(self, feeds: Sequence[Feed]) -> None:
        from publisher.feeds import pages

        calendars = sorted(self.calendars.languages)
        print_ = memory.digest(self.base, calendars, *(feed.path for feed in feeds))
        paths = pages.page_paths(sorted({feed.language for feed in feeds}))
        names = (*paths, pages.STYLESHEET, "feeds.opml")
        if not self.outputs.is_as_left("pages", print_, names):
            try:
                self._render_pages(paths, [self._channel(feed) for feed in feeds])
            except RenderError as error:
                self.problems.append(
                    Problem(f"templates/{error.template}", error.line, error.message)
                )
                self.outputs.keep(names)
                return
        self.after.prints["pages"] = print_

    def _render_pages(self, paths: dict[str, str], channels: Sequence["Channel"]) -> None:
        from publisher.feeds import opml, pages
        from publisher.render import Templates

        templates, calendars = Templates(self.settings), self.calendars.languages
        made = {
            path: pages.render_page(templates, self.settings, channels, language, calendars)
            for path, language in paths.items()
        }
        made[pages.STYLESHEET] = pages.render_stylesheet(templates)
        made["feeds.opml"] = opml.render(channels, self.settings)
        for path, data in made.items():
            self.outputs.put(path, data)

    def _retire(self, retiring: Collection[str]) -> dict[str, str]:
        """Take away what is retired; return the files of these feeds and since when they are."""
        known = (*self.rows, *self.before.outputs)
        files = retired.retired_files(known, self.retired_before, retiring, self.now)
        # A page goes with the last feed of its language.
        pages = [f"{path.partition('/')[0]}/index.html" for path in files if "/" in path]
        for path in sorted({*files, *pages} - self.outputs.hashes.keys()):
            if (self.folder / path).is_file():
                self.outputs.remove(path)
        return files

    def _files(self, published: Sequence[Item]) -> None:
        if self.settings.site.files_url:
            self.after.bodies = self.bodies.known
            return
        self.bodies.look_at(published)
        self.after.bodies = self.bodies.known
        wanted, outputs = used_files.wanted_files(published, self.after), self.outputs
        for problem in used_files.stage_files(
            self.library, outputs.stage, wanted, self.before, self.folder
        ):
            self.problems.append(problem)
        for path, (file, _) in wanted.items():
            outputs.hashes[path] = file.sha256
        outputs.changed += outputs.stage.kept(used_files.FOLDER)
        self.after.files, removed = used_files.stage_removals(
            outputs.stage, wanted, self.after.published, self.before, self.folder, self.now
        )
        outputs.removed += removed

    def _remember(self, published: Sequence[Item]) -> None:
        """Keep what the next build needs; a site with errors never counts as current: they are told."""
        self.after.outputs = self.outputs.left()
        memory.save(self.settings.var_dir, self.after)
        if self.problems or self.bodies.broken or any(p.is_error for p in self.library.problems):
            return
        moment = self.now.timestamp()
        moments = [item.date.timestamp() for item in published]
        moments += [item.updated.timestamp() for item in published if item.updated]
        moments += self.calendars.changes
        ahead = [at for at in moments if at > moment]
        due = self.library.next_change(self.now)
        ahead += [due.timestamp()] if due else []
        end_of_grace = used_files.next_removal(self.after.files)
        ahead += [end_of_grace] if end_of_grace else []
        memory.save_now(
            self.library,
            max((at for at in moments if at <= moment), default=0.0),
            min(ahead, default=None),
            {path: left[1:] for path, left in self.after.outputs.items()},
        )
