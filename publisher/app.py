"""The composition root: the only place that wires rooms to each other.

An `App` is one site, opened: its parts are made when first needed, so that a build touches no
database and a look at the queue makes none. The verbs of the business are its methods; the
command line, the clock and the sample site all call these.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache, partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from publisher.errors import MigrationNeeded
from publisher.ops import Clock, log
from publisher.settings import load

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from publisher.content import Library
    from publisher.delivery import Body, Outcome, Recipient, Sender, SendReport
    from publisher.digests import Forecast, Opened, Preview
    from publisher.feeds import BuildReport
    from publisher.render import Templates
    from publisher.settings import Settings
    from publisher.tokens import Keys

Progress = Callable[[int, int], None]
_log = log.get("app")


@dataclass(frozen=True, slots=True)
class Sent:
    """What one call of `send` did."""

    opened: "tuple[Opened, ...]"
    report: "SendReport"


@dataclass(frozen=True, slots=True)
class Draft:
    """The next edition in one language, as one reader would get it; texts empty when it is."""

    preview: "Preview"
    html: str = ""
    plain: str = ""
    message: bytes = b""


def open_app(root: Path, clock: Clock, *, settings: "Settings | None" = None) -> "App":
    """Open the site in a folder; raises SettingsError.

    settings  those of the folder, when they were read already
    """
    return App(settings or load(root), clock)


def settings_time(root: Path) -> int:
    """Return when a site's publisher.toml was last written, in nanoseconds."""
    return (root / "publisher.toml").stat().st_mtime_ns


class App:
    """One site and its parts, each made when it is first asked for."""

    def __init__(self, settings: "Settings", clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self._settings_time = settings_time(settings.root)
        self._library: Library | None = None
        self._engine: Engine | None = None

    def now(self) -> datetime:
        """Return the moment by the clock this site goes by."""
        return self.clock.now()

    def reload(self) -> bool:
        """Take up publisher.toml when it was changed; return whether it was.

        Raises SettingsError when it cannot be used; the settings of before stay in force.
        """
        changed_at = settings_time(self.settings.root)
        if changed_at == self._settings_time:
            return False
        settings = load(self.settings.root)
        if settings.database.url != self.settings.database.url:
            self.close()
        self.settings, self._settings_time = settings, changed_at
        self._library = None
        self.__dict__.pop("templates", None)
        return True

    def close(self) -> None:
        """Let go of the database."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    # The parts.

    def library(self, on_progress: Progress | None = None) -> "Library":
        """Return the items as they are on the disk now; read again only when something changed."""
        from publisher.content import open_library, scan

        found = scan(self.settings)
        if self._library is None or self._library.stamp != found.stamp:
            self._library = open_library(
                self.settings, now=self.now(), scan=found, on_progress=on_progress
            )
        return self._library

    @property
    def engine(self) -> "Engine":
        """The database, made when there is none; raises StoreError when its schema is another."""
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
        every link in their mails a dead one.
        """
        from publisher.tokens import open_keys

        path = self.settings.var_dir / "secret"
        return open_keys(path, may_make=path.exists() or not self.has_subscribers())

    # The verbs.

    def build(
        self, *, withdraw: bool = False, on_progress: Progress | None = None
    ) -> "BuildReport | None":
        """Bring feeds/ up to date; None when everything is as the last build left it."""
        from publisher import feeds
        from publisher.content import open_library, scan

        now, found = self.now(), scan(self.settings)
        if feeds.is_current(self.settings, found.stamp, now):
            return None
        self._library = open_library(
            self.settings, now=now, scan=found, remember=True, on_progress=on_progress
        )
        return feeds.build(self._library, now=now, withdraw=withdraw, on_progress=on_progress)

    def start_digests(self) -> None:
        """Let every digest begin that has not: its editions are those due from now on."""
        from publisher import digests
        from publisher.store import write

        with write(self.engine) as conn:
            digests.start(conn, self.settings, self.now())
            digests.record_seen(conn, self.library(), self.now())

    def open_due_editions(self) -> "tuple[Opened, ...]":
        """Open every edition whose slot is due: freeze its items, queue its deliveries."""
        from publisher import digests

        return digests.open_due(
            self.engine, self.settings, self.library(), self.templates, self.now()
        )

    def send(
        self,
        stop: Event | None = None,
        *,
        on_progress: Progress | None = None,
        on_opened: "Callable[[tuple[Opened, ...]], None] | None" = None,
    ) -> Sent:
        """Open what is due, send all that is due now, and close what is settled; safe to repeat.

        Raises RenderError or HeaderError of a body that cannot be made, after all others went.
        """
        from publisher import digests

        opened = self.open_due_editions()
        if on_opened:
            on_opened(opened)
        report = self._sender(stop).send_due(stop, on_progress)
        digests.close_settled(self.engine, self.now())
        if report.broken:
            raise report.broken
        return Sent(opened, report)

    def forecast(self) -> "Forecast":
        """Return what waits for which edition, by the database if there is one; writes nothing."""
        from publisher import digests

        return digests.forecast(self.engine_if_there(), self.settings, self.library(), self.now())

    def preview(self, name: str, language: str) -> "Draft":
        """Return the next edition for readers of a language, with an example reader's values.

        Raises PublisherError when there is no such digest, RenderError.
        """
        from publisher import digests
        from publisher.delivery import Body, Recipient, compose_message, message_id
        from publisher.render import compile_parts
        from publisher.subscribers import recipient_values
        from publisher.tokens import Keys

        now, engine = self.now(), self.engine_if_there()
        made = digests.preview(
            self.settings, self.library(), self.templates, name, language, now, engine
        )
        if not made.subject:
            return Draft(made)
        keys = Keys((("0", b"a preview signs nothing"),))
        reader = Recipient(0, "example", "reader@example.org", (language,), now)
        values = recipient_values(self.settings, keys, reader, name, language)
        body = Body(0, name, language, made.headers, made.subject, made.html, made.plain)
        identity = message_id(b"preview", name, language, "preview.invalid")
        return Draft(
            made,
            compile_parts(made.html).join(values, is_html=True),
            compile_parts(made.plain).join(values),
            compose_message(body, reader, values, identity, now),
        )

    def send_test(self, name: str, address: str, language: str) -> "Outcome | None":
        """Send one message, marked as a test, to one address; None when nothing is published.

        Raises AddressError, TransportDown.
        """
        from publisher import digests
        from publisher.address import parse
        from publisher.delivery import (
            Message,
            Recipient,
            compose_message,
            message_id,
            open_transport,
        )

        now, to = self.now(), parse(address)
        body = digests.body_for_test(
            self.settings,
            self.library(),
            self.templates,
            name,
            language,
            now,
            self.engine_if_there(),
        )
        if body is None:
            return None
        reader = Recipient(0, "test", to.text, (language,), now)
        domain = body.sender.rpartition("@")[2]
        identity = message_id(self.keys.lasting, f"test:{now.isoformat()}", to.key, domain)
        data = compose_message(body, reader, self.values_for(reader, body), identity, now)
        transport = open_transport(self.settings)
        try:
            needs_utf8 = not (to.is_ascii and body.sender.isascii())
            return transport.send(Message(identity, body.sender, to.text, data, needs_utf8))
        finally:
            transport.close()

    def upgrade(self) -> bool:
        """Make or migrate the database; return whether anything changed."""
        from publisher.store import open_engine, upgrade

        engine = open_engine(self.settings.database.url, self.settings.root)
        try:
            return upgrade(engine)
        finally:
            engine.dispose()

    # The wiring.

    def _sender(self, stop: Event | None) -> "Sender":
        from publisher import digests
        from publisher.delivery import Sender, open_transport
        from publisher.subscribers import recipient_values, suppress_dead

        engine, settings = self.engine, self.settings
        # Readers of one body come one after the other.
        frozen = lru_cache(maxsize=8)(partial(digests.settings_of, engine, settings))

        def values(recipient: "Recipient", body: "Body") -> Mapping[str, str]:
            return recipient_values(
                frozen(body.id), self.keys, recipient, body.digest, body.language
            )

        return Sender(
            self.engine,
            open_transport(self.settings, stop),
            make_body=partial(digests.make_body, engine, settings, self.templates),
            values=values,
            secret=self.keys.lasting,
            clock=self.clock,
            settings=self.settings.delivery,
            var_dir=self.settings.var_dir,
            on_dead_address=suppress_dead,
        )

    def values_for(self, recipient: "Recipient", body: "Body") -> Mapping[str, str]:
        """Return what stands at a body's marks for one recipient."""
        from publisher.subscribers import recipient_values

        return recipient_values(self.settings, self.keys, recipient, body.digest, body.language)

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
