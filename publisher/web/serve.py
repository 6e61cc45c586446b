"""Serve a site's web on a socket until told to stop: uvicorn in a thread of its own."""

import logging
import resource
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from uvicorn import Config, Server

from publisher.errors import PublisherError
from publisher.ops import log
from publisher.web.app import Web, make_web
from publisher.web.visit import Page
from publisher.web.wire import Patience, PatientProtocol

if TYPE_CHECKING:
    from publisher.app import App

MOST_CONNECTIONS = 2000
GRACE_SECONDS = 20  # for answers under way when the server stops
KEEP_ALIVE_SECONDS = 30
_READY_SECONDS = 60.0
_FILES = 4096  # open files that so many connections and a database may need

_log = log.get("web")


@contextmanager
def serving(
    app: "App",
    *,
    host: str = "",
    port: int | None = None,
    more: Iterable[Page] = (),
    patience: Patience = Patience(),  # noqa: B008  (frozen)
    on_end: Callable[[], None] = lambda: None,
) -> Iterator["WebServer"]:
    """Serve a site for a block, in a thread beside it; at its end, answers under way are finished.

    host, port  where to listen, by default as [web] says; port 0 takes any that is free
    more        further rows of the table of routes
    patience    how long clients may take
    on_end      called when the web ends, also when it does so by itself

    Raises PublisherError when it cannot listen there or ended by itself, StoreError when the
    database cannot be used.
    """
    _warm_up(app)
    web = app.settings.web
    listener = _listen(host or web.host, web.port if port is None else port)
    server = WebServer(make_web(app, more), listener, patience)
    thread = threading.Thread(target=server.run, args=(on_end,), name="web")
    thread.start()
    try:
        server.wait_until_ready()
        _log.info("web serves", url=app.settings.web_url, at=server.address)
        yield server
    finally:
        server.stop()
        thread.join()
    if server.failure:
        raise PublisherError("the web ended by itself") from server.failure


def serve_until(
    app: "App",
    stop: threading.Event,
    *,
    look_seconds: float = 2.0,
    on_running: Callable[[], None] = lambda: None,
) -> None:
    """Serve a site and nothing else until stop is set; changed settings are taken up.

    on_running  called once requests are answered

    Raises what `serving` raises.
    """
    with serving(app, on_end=stop.set):
        on_running()
        while not stop.wait(look_seconds):
            try:
                app.reload()
            except (PublisherError, OSError) as error:
                reason = error.message if isinstance(error, PublisherError) else error.strerror
                _log.warning("settings not taken up", reason=reason)


class WebServer:
    """Serves a web on one listening socket; `run` lasts until `stop` is called from elsewhere."""

    def __init__(self, web: Web, listener: socket.socket, patience: Patience) -> None:
        self._listener = listener
        self._ready = threading.Event()
        self.failure: BaseException | None = None  # what ended it before it was told to end
        _hand_over_logs()
        config = Config(
            web,
            loop="uvloop",
            http=cast(Any, partial(PatientProtocol, web=web, patience=patience)),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # `guard` decides whom to believe
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            callback_notify=self._say_ready,
            timeout_notify=3600,
        )
        self._server = Server(config)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def address(self) -> str:
        """Where it listens, as people write it."""
        host = self._listener.getsockname()[0]
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def run(self, on_end: Callable[[], None]) -> None:
        """Serve until `stop`; answers under way are finished first."""
        try:
            self._server.run(sockets=[self._listener])
        except BaseException as error:
            self.failure = error
            _log.error("web ended", error=type(error).__name__, reason=str(error))
        finally:
            self._ready.set()
            self._listener.close()
            on_end()

    def stop(self) -> None:
        """Ask it to end soon; may be called from any thread."""
        self._server.should_exit = True

    def wait_until_ready(self) -> None:
        """Wait until requests are answered; raises PublisherError when that does not come."""
        if not self._ready.wait(_READY_SECONDS) or self.failure:
            raise PublisherError("the web did not begin to answer") from self.failure

    async def _say_ready(self) -> None:
        self._ready.set()


def _warm_up(app: "App") -> None:
    """Make now what the first requests would otherwise make, and wait for, all at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FILES:
        most = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    _ = app.engine, app.keys, app.templates


def _listen(host: str, port: int) -> socket.socket:
    try:
        place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with ExitStack() as on_failure:
            listener = on_failure.enter_context(socket.socket(place[0], socket.SOCK_STREAM))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place[4])
            listener.listen(1024)
            on_failure.pop_all()
    except OSError as error:
        raise PublisherError(
            f"the web cannot listen on {host}, port {port}: {error.strerror}",
            hint="end what listens there, or set another host or port in [web]",
        ) from error
    return listener


class _OurLog(logging.Handler):
    """Takes up what other people's code logs; a trace is told by its kind, which names nobody."""

    def emit(self, record: logging.LogRecord) -> None:
        told = record.getMessage().strip()
        if record.exc_info and record.exc_info[0]:
            _log.error(told, error=record.exc_info[0].__name__)
        elif record.levelno >= logging.ERROR:
            _log.error(told)
        else:  # what strangers send that cannot be read, the steps of starting and stopping
            _log.debug(told)


def _hand_over_logs() -> None:
    for name, least in (("uvicorn.error", logging.INFO), ("python_multipart", logging.WARNING)):
        theirs = logging.getLogger(name)
        theirs.handlers, theirs.propagate = [_OurLog()], False
        theirs.setLevel(least)
