"""Serve a web on a socket until told to stop: uvicorn, in the thread of whoever calls."""

import socket
import threading
from typing import TYPE_CHECKING

from uvicorn import Config, Server

from publisher.errors import PublisherError

if TYPE_CHECKING:
    from publisher.web.app import Web

MOST_CONNECTIONS = 1000
GRACE_SECONDS = 20  # for answers under way when the server stops
KEEP_ALIVE_SECONDS = 30


def make_server(web: "Web", host: str, port: int) -> "WebServer":
    """Return a server that has its address already; raises PublisherError when it cannot have it.

    port  0 takes any that is free
    """
    return WebServer(web, _listen(host, port))


class WebServer:
    """Serves a web on one listening socket; `run` lasts until `stop` is called from elsewhere."""

    def __init__(self, web: "Web", listener: socket.socket) -> None:
        self._listener = listener
        self._ready = threading.Event()
        config = Config(
            web,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # `guard` decides whom to believe
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            callback_notify=self._notice,
            timeout_notify=3600,
        )
        self._server = Server(config)

    @property
    def address(self) -> str:
        """Where it listens, as people write it."""
        host, port, *_ = self._listener.getsockname()
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def run(self) -> None:
        """Serve until `stop`; answers under way are finished first."""
        self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Ask it to end soon; may be called from any thread, and before `run`."""
        self._server.should_exit = True

    def wait_until_ready(self, seconds: float) -> int:
        """Wait until requests are answered; return the port."""
        if not self._ready.wait(seconds):
            raise PublisherError(f"the web did not begin to answer within {seconds:g} seconds")
        port: int = self._listener.getsockname()[1]
        return port

    async def _notice(self) -> None:
        self._ready.set()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        raise PublisherError(
            f"the web cannot listen on {host}, port {port}: {error.strerror}",
            hint="end what listens there, or set another [web] port",
        ) from error
    listener.set_inheritable(False)
    return listener
