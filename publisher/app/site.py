"""One site, opened: its parts, each made when first asked for, and the verbs of the business.

A build touches no database, and a look at the queue makes none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Event, RLock
from typing import TYPE_CHECKING

from publisher.errors import MigrationNeeded, PublisherError, SiteHeld, WithdrawalRefused
from publisher.ops import Clock, log
from publisher.settings import load

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from publisher.app.editing import Told
    from publisher.app.heartbeat import Heartbeat
    from publisher.content import Library
    from publisher.delivery import (
        Outcome,
        Outlook,
        SendReport,
        Signer,
        SiteHold,
    )
    from publisher.digests import (
        Acted,
        Draft,
        Forecast,
        ItemExplained,
        Opened,
        PersonExplained,
        Slot,
        Story,
    )
    from publisher.editors import Proof
    from publisher.errors import Problem
    from publisher.feedback import Taken, Tally
    from publisher.feeds import BuildReport
    from publisher.render import Templates
    from publisher.settings import Settings
    from publisher.tokens import Keys

REWRITING = frozenset({"ses", "postmark"})  # they change what a signature would cover, and sign
Progress = Callable[[int, int], None]
_log = log.get("app")


@dataclass(frozen=True, slots=True)
class Sent:
    """What one call of `send` did."""

    opened: "tuple[Opened, ...]"
    report: "SendReport"


def open_app(root: Path, clock: Clock, *, settings: "Settings | None" = None) -> "App":
    """Open the site in a folder; raises SettingsError.

    settings  those of the folder, when they were read already
    """
    return App(settings or load(root), clock)


def nobody_waits() -> None:
    """Do nothing about mail that waits: whoever sends looks by themselves."""


def settings_time(root: Path) -> int:
    """Return when a site's publisher.toml was last written, in nanoseconds."""
    return (root / "publisher.toml").stat().st_mtime_ns


class App:
    """One site and its parts, each made when it is first asked for; threads may share it."""

    def __init__(self, settings: "Settings", clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.on_mail: Callable[[], None] = nobody_waits  # told when mail may have been queued
        self._making = RLock()  # held while a part is made or replaced
        self._settings_time = settings_time(settings.root)
        self._library: Library | None = None
        self._engine: Engine | None = None
        # Published items for whose sake the last build was refused; None: nothing was built here.
        self.missing: tuple[str, ...] | None = None
        self.left_alone: set[str] = set()  # names of messages in the Maildir that are no reports

    @property
    def is_shared(self) -> bool:
        """Whether several machines may work on this site: its database is PostgreSQL."""
        return self.settings.database.url.startswith("postgres")

    @property
    def has_content(self) -> bool:
        """Whether this machine has the items; one that only sends needs none."""
        return self.settings.content_dir.is_dir()

    def now(self) -> datetime:
        """Return the moment by the clock this site goes by."""
        return self.clock.now()

    def reload(self) -> bool:
        """Take up publisher.toml when it was changed; return whether it was.

        Raises SettingsError when it cannot be used; the settings of before stay in force.
        """
        with self._making:
            changed_at = settings_time(self.settings.root)
            if changed_at == self._settings_time:
                return False
            settings = load(self.settings.root)
            if settings.database.url != self.settings.database.url:
                self.close()
            self.settings, self._settings_time = settings, changed_at
            self._library = None
            for made in ("templates", "signers"):
                self.__dict__.pop(made, None)
            return True

    def close(self) -> None:
        """Let go of the database."""
        with self._making:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    # The parts.

    def library(self, on_progress: Progress | None = None) -> "Library":
        """Return the items as they are on the disk now; read again only when something changed.

        Raises PublisherError on a machine that shares the site but has no content/: to it, every
        item would seem withdrawn.
        """
        from publisher.content import open_library, scan

        if self.is_shared and not self.has_content:
            raise PublisherError(
                f"{self.settings.content_dir} is not on this machine",
                hint="run this where content/ is; here, `publisher worker` sends",
            )

        with self._making:
            found = scan(self.settings)
            if self._library is None or self._library.stamp != found.stamp:
                self._library = open_library(
                    self.settings, now=self.now(), scan=found, on_progress=on_progress
                )
            return self._library

    @property
    def engine(self) -> "Engine":
        """The database, made when there is none; raises StoreError when its schema is another."""
        with self._making:
            if self._engine is None:
                from publisher.store import check_schema, open_engine, upgrade

                engine = open_engine(self.settings.database.url, self.settings.root)
                try:
                    check_schema(engine)
                except MigrationNeeded as needed:
                    if needed.have:
                        raise
                    upgrade(engine)
                    _log.info("database made")
                self._engine = engine
            return self._engine

    def engine_if_there(self) -> "Engine | None":
        """Return the database, or None when there is none yet: who only looks makes none."""
        from publisher.store import check_schema, open_engine

        engine = open_engine(self.settings.database.url, self.settings.root)
        try:
            check_schema(engine)
        except MigrationNeeded as needed:
            if needed.have:
                raise
            return None
        finally:
            engine.dispose()
        return self.engine

    @cached_property
    def templates(self) -> "Templates":
        """The site's templates over the packaged ones."""
        from publisher.render import Templates

        return Templates(self.settings)

    @cached_property
    def keys(self) -> "Keys":
        """The secrets that sign links; made when first needed.

        Raises StoreError when they are gone though there are subscribers: new ones would make
        every link in their mails a dead one. So would, where several machines share the site,
        keys that are not those of the others.
        """
        from publisher.tokens import open_keys

        path = self.settings.var_dir / "secret"
        if not self.is_shared:
            return open_keys(path, may_make=path.exists() or not self.has_subscribers())
        from publisher.subscribers import check_signing_keys, has_signing_keys

        is_first = not (has_signing_keys(self.engine) or self.has_subscribers())
        keys = open_keys(path, may_make=path.exists() or is_first)
        check_signing_keys(self.engine, keys, self.now())
        return keys

    @cached_property
    def signers(self) -> "tuple[Signer, ...]":
        """The keys that sign messages; none when DKIM is not set, or somebody else signs."""
        from publisher.delivery import open_signers

        if self.settings.delivery.transport in REWRITING:
            return ()
        return open_signers(self.settings.delivery.dkim, self.settings.root)

    @cached_property
    def _heartbeat(self) -> "Heartbeat":
        from publisher.app.heartbeat import Heartbeat

        return Heartbeat()

    # The verbs.

    def build(
        self, *, withdraw: bool = False, on_progress: Progress | None = None
    ) -> "BuildReport | None":
        """Bring feeds/ up to date; None when everything is as the last build left it."""
        from publisher import feeds
        from publisher.content import open_library, scan

        now, found = self.now(), scan(self.settings)
        missing: tuple[str, ...] = ()
        try:
            if feeds.is_current(self.settings, found.stamp, now):
                return None
            self._library = open_library(
                self.settings, now=now, scan=found, remember=True, on_progress=on_progress
            )
            return feeds.build(self._library, now=now, withdraw=withdraw, on_progress=on_progress)
        except WithdrawalRefused as refused:
            missing = refused.missing
            raise
        finally:
            self.missing = missing

    def start_digests(self) -> None:
        """Let every digest begin that has not: its editions are those due from now on."""
        from publisher import digests
        from publisher.store import write

        with write(self.engine) as conn:
            digests.start(conn, self.settings, self.now())
            digests.record_seen(conn, self.library(), self.now())

    def open_due_editions(self) -> "tuple[Opened, ...]":
        """Open every edition whose slot is due: freeze its items, queue its deliveries.

        The archive then finds what is new. Raises SiteHeld in a restored copy.
        """
        from publisher import digests

        self._must_be_free()
        engine, settings, library, now = self.engine, self.settings, self.library(), self.now()
        opened = digests.open_due(engine, settings, library, self.templates, now, look=self.look_at)
        digests.index_archive(engine, settings, library, now)
        if any(one.is_finished for one in opened):  # with nothing new, or called off before
            self._heartbeat.beat(settings)
        return opened

    def decide(self, name: str, what: str, slot: str = "") -> "Acted":
        """Approve, hold, release or cancel an edition of a digest; see `digests.act`."""
        from publisher import digests

        engine, settings, templates = self.engine, self.settings, self.templates
        is_elsewhere = self.is_shared and not self.has_content
        return digests.act(
            engine,
            settings,
            None if is_elsewhere else self.library(),
            templates,
            name,
            what,
            slot,
            self.now(),
            self.look_at,
        )

    def add_extra(self, name: str, keys: Sequence[str], at: datetime | None = None) -> "Acted":
        """Send items outside the rhythm of a digest; see `digests.add_extra`."""
        from publisher import digests

        engine, settings, templates = self.engine, self.settings, self.templates
        return digests.add_extra(
            engine, settings, self.library(), templates, name, keys, self.now(), at
        )

    def next_due(self) -> "dict[str, Slot]":
        """Return the next slot of each digest that has one by the calendar, soonest first."""
        from publisher import digests

        return digests.next_due(self.engine_if_there(), self.settings, self.now())

    def send(
        self,
        stop: Event | None = None,
        *,
        on_progress: Progress | None = None,
        on_opened: "Callable[[tuple[Opened, ...]], None] | None" = None,
    ) -> Sent:
        """Open what is due, send all that is due now, and close what is settled; safe to repeat.

        Raises RenderError or HeaderError of a body that cannot be made, after all others went;
        SiteHeld in a restored copy, which sends nothing.
        """
        opened = self.open_due_editions()
        if on_opened:
            on_opened(opened)
        return Sent(opened, self.send_queued(stop, on_progress=on_progress))

    def send_queued(
        self, stop: Event | None = None, *, on_progress: Progress | None = None
    ) -> "SendReport":
        """Send all that is due now, open nothing, and close what is settled; needs no content/.

        Raises RenderError or HeaderError of a body that cannot be made, after all others went;
        SiteHeld in a restored copy.
        """
        from publisher import digests
        from publisher.app.sending import make_sender

        self._must_be_free()
        report = make_sender(self, stop).send_due(stop, on_progress)
        if report.down and report.down.is_refusal:
            digests.pause(self.engine, report.down.message)
        elif not report.busy:
            digests.resume(self.engine)
        if digests.close_settled(self.engine, self.now()):
            self._heartbeat.beat(self.settings)
        if report.broken:
            raise report.broken
        return report

    def take_message(self, data: bytes) -> "Taken | None":
        """Let a message that came back take effect; None when it is no report."""
        from publisher.app.incoming import take_one

        return take_one(self, data)

    def take_maildir(self, folder: Path, *, is_again: bool = False) -> "Tally":
        """Let every report in a Maildir take effect; see `feedback.take_folder`.

        is_again  whoever looks every minute: what was looked at before is not read again
        """
        from publisher.app.incoming import take_from

        return take_from(self, folder, self.left_alone if is_again else None)

    def heard_at(self) -> datetime | None:
        """Return when a report about anybody last came back; makes no database."""
        from publisher.app.incoming import heard_at

        return heard_at(self)

    def tell_editors(self, stop: Event | None = None) -> "Told":
        """Send editors the proofs and reports that are due; see `editing.tell_editors`."""
        from publisher.app.editing import tell_editors

        return tell_editors(self, stop)

    def read_proof(self, token: str) -> "Proof":
        """Return what an editor's link leads to; raises TokenForged."""
        from publisher.app.editing import read_proof

        return read_proof(self, token)

    def decide_by_link(self, token: str) -> "Proof":
        """Do what an editor's link asks for; see `editing.decide_by_link`."""
        from publisher.app.editing import decide_by_link

        return decide_by_link(self, token)

    def forecast(self) -> "Forecast":
        """Return what waits for which edition, by the database if there is one; writes nothing."""
        from publisher import digests

        return digests.forecast(self.engine_if_there(), self.settings, self.library(), self.now())

    def outlook(self) -> "Outlook | None":
        """Return when what is due will have left; None when there is no database yet."""
        from publisher.delivery import outlook
        from publisher.store import read

        engine = self.engine_if_there()
        if engine is None:
            return None
        with read(engine) as conn:
            return outlook(conn, self.settings.delivery, self.now())

    def explain_item(self, word: str, edition: str = "") -> "ItemExplained":
        """Return where an item went or will go, by the database if there is one; writes nothing.

        Raises PublisherError when no edition has that name.
        """
        from publisher import digests

        engine, now = self.engine_if_there(), self.now()
        return digests.explain_item(
            engine, self.settings, self.library(), word, now, edition=edition
        )

    def explain_person(self, address: str, edition: str = "") -> "PersonExplained":
        """Return what an address got and will get, and why; writes nothing, not even a secret.

        Raises AddressError, and PublisherError when no edition has that name.
        """
        from publisher import digests
        from publisher.tokens import open_keys

        engine, now = self.engine_if_there(), self.now()
        path = self.settings.var_dir / "secret"
        secret = open_keys(path, may_make=False).lasting if path.exists() else None
        return digests.explain_person(
            engine, self.settings, self.library(), address, now, secret=secret, edition=edition
        )

    def preview(self, name: str, language: str) -> "Draft":
        """Return the next edition for readers of a language, with an example reader's values.

        Raises PublisherError when there is no such digest, RenderError.
        """
        from publisher import digests

        engine, now, templates = self.engine_if_there(), self.now(), self.templates
        return digests.draft(self.settings, self.library(), templates, name, language, now, engine)

    def send_test(self, name: str, address: str, language: str) -> "Outcome | None":
        """Send one message, marked as a test, to one address; None when nothing is published.

        Raises AddressError, TransportDown.
        """
        from publisher.app.sending import send_test

        return send_test(self, name, address, language)

    def clipped(self) -> "list[Problem]":
        """Return a warning for each next edition that is larger than a mail may be."""
        from publisher import digests

        engine, now, library = self.engine_if_there(), self.now(), self.library()
        found: list[Problem] = []
        for name in self.settings.digests:
            found += digests.clipped(self.settings, library, self.templates, name, now, engine)
        return found

    def upgrade(self) -> bool:
        """Make or migrate the database; return whether anything changed."""
        from publisher.store import open_engine, upgrade

        engine = open_engine(self.settings.database.url, self.settings.root)
        try:
            changed = upgrade(engine)
            if self.is_shared:
                from publisher.store.job_tables import upgrade_job_tables

                changed = upgrade_job_tables(engine) or changed
            return changed
        finally:
            engine.dispose()

    def machines(self) -> dict[str, str]:
        """Return who runs `publisher run` or `worker` on this site now, by the name of its lease."""
        from publisher.store import MACHINES, held

        engine = self.engine_if_there() if self.is_shared else None
        return held(engine, MACHINES) if engine else {}

    # Keeping it.

    def site_hold(self) -> "SiteHold | None":
        """Return since when the site sends nothing because it is a restored copy."""
        from publisher.delivery import site_hold
        from publisher.store import read

        engine = self.engine_if_there()
        if engine is None:
            return None
        with read(engine) as conn:
            return site_hold(conn)

    def fold_old(self, stop: Event | None = None) -> int:
        """Fold deliveries older than `[retention]` into numbers; return how many; safe to repeat."""
        from publisher import digests

        if self.engine_if_there() is None or self.site_hold():
            return 0
        return digests.fold_old(self.engine, self.settings, self.now(), stop)

    def forget_reports(self, before: datetime) -> int:
        """Forget reports that are about no delivery and came before a moment; return how many."""
        from publisher.app.incoming import forget_old_reports

        return forget_old_reports(self, before)

    def _must_be_free(self) -> None:
        held = self.site_hold()
        if held:
            raise SiteHeld(held.since, held.why)

    # The wiring.

    def look_at(self, name: str, stories: "Sequence[Story]") -> "tuple[Problem, ...]":
        """Return what an editor should look at in an edition that is about to freeze."""
        from publisher import digests, preflight

        library, now = self.library(), self.now()
        found = (library.find(s.key, tag) for s in stories for tag in s.versions)
        items = [item for item in found if item]
        doubts = preflight.examine(self.settings, library, items, now=now, digest=name)
        sizes = digests.clipped(self.settings, library, self.templates, name, now, self.engine)
        return (*doubts, *sizes)

    def has_subscribers(self) -> bool:
        """Return whether anybody was ever added; makes no database."""
        from sqlalchemy import select

        from publisher.store import read
        from publisher.store.tables import subscribers

        engine = self.engine_if_there()
        if engine is None:
            return False
        with read(engine) as conn:
            return conn.execute(select(subscribers.c.id).limit(1)).first() is not None
