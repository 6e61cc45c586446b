"""One site, opened: its parts, each made when first asked for.

A build touches no database, and a look at the queue makes none.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from publisher.errors import MigrationNeeded, PublisherError, SiteHeld, StoreError
from publisher.ops import Clock, log
from publisher.settings import load

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from publisher.app.heartbeat import Heartbeat
    from publisher.content import Library
    from publisher.delivery import Signer, SiteHold
    from publisher.render import Templates
    from publisher.settings import Settings
    from publisher.tokens import Keys

REWRITING = frozenset({"ses", "postmark"})  # they change what a signature would cover, and sign
Progress = Callable[[int, int], None]
_log = log.get("app")


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


def _secret_time(settings: "Settings") -> int:
    """Return when a site's keys were last written, in nanoseconds; 0 when there are none."""
    try:
        return settings.secret_file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


class App:
    """One site and its parts, each made when it is first asked for; threads may share it."""

    def __init__(self, settings: "Settings", clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.on_mail: Callable[[], None] = nobody_waits  # told when mail may have been queued
        self._making = RLock()  # held while a part is made or replaced
        self._settings_time, self._keys_time = settings_time(settings.root), 0
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
        """Take up publisher.toml when it was changed; return whether it was. So are keys taken up.

        Raises SettingsError, or StoreError of the keys, when what is new cannot be used; what was
        before stays in force.
        """
        with self._making:
            self._take_up_keys()
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

    def _take_up_keys(self) -> None:
        """Read the keys anew when one was added since."""
        before, changed_at = self.__dict__.get("keys"), _secret_time(self.settings)
        if before is None or changed_at in (0, self._keys_time):
            return
        del self.__dict__["keys"]
        try:
            _ = self.keys
        except StoreError:
            self.__dict__["keys"] = before
            raise

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

    def keep_library(self, library: "Library") -> None:
        """Let a library that was just read be what `library` returns until something changes."""
        with self._making:
            self._library = library

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

        own = self._engine
        engine = own or open_engine(self.settings.database.url, self.settings.root)
        try:
            check_schema(engine)
        except MigrationNeeded as needed:
            if needed.have:
                raise
            return None
        finally:
            if own is None:
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

        path, self._keys_time = self.settings.secret_file, _secret_time(self.settings)
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
    def heartbeat(self) -> "Heartbeat":
        """Who is told of each finished slot."""
        from publisher.app.heartbeat import Heartbeat

        return Heartbeat()

    # What the verbs ask first.

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

    def site_hold(self) -> "SiteHold | None":
        """Return since when the site sends nothing because it is a restored copy."""
        from publisher.delivery import site_hold
        from publisher.store import read

        engine = self.engine_if_there()
        if engine is None:
            return None
        with read(engine) as conn:
            return site_hold(conn)

    def must_be_free(self) -> None:
        """Raise SiteHeld when the site is a restored copy that nobody released."""
        held = self.site_hold()
        if held:
            raise SiteHeld(held.since, held.why)
