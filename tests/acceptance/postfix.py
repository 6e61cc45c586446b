"""A real Postfix of our own: one loopback port in, one Maildir out, and no way further."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DOMAIN = "readers.test"
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # Debian keeps postfix out of users' PATH
_OWNERS = {"etc": "root", "queue": "root", "data": "postfix", "inbox": "nobody"}

# There is no smtp client among the services: even a wrong setting could not send anything away.
_SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
"""
_SETTINGS = """\
compatibility_level = 3.6
myhostname = mx.{domain}
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = loopback-only
inet_protocols = ipv4
mydestination =
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions = reject_unauth_destination
local_recipient_maps =
alias_maps =
alias_database =
default_transport = error:nothing leaves here
relay_transport = error:nothing leaves here
local_transport = error:nobody lives here
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running server that takes mail for everybody at DOMAIN."""

    folder: Path
    port: int

    @property
    def inbox(self) -> Path:
        """The Maildir of all readers."""
        return self.folder / "inbox"

    def delivered(self, count: int, seconds: float = 30) -> list[bytes]:
        """Wait until so many messages lie in the inbox, and return them as they lie there."""
        until = time.monotonic() + seconds
        while len(files := sorted((self.inbox / "new").glob("*"))) < count:
            if time.monotonic() > until:
                log = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
                raise AssertionError(f"{len(files)} of {count} delivered; Postfix says:\n{log}")
            time.sleep(0.02)
        return [file.read_bytes() for file in files]


def why_not() -> str:
    """Return why Postfix cannot run here, or "" when it can."""
    if os.geteuid() != 0:
        return "Postfix gives its parts users of their own, which only root may"
    if shutil.which("postfix", path=_PATH) is None:
        return "Postfix is not installed (Debian: apt-get install postfix)"
    return ""


@contextmanager
def running() -> Iterator[Postfix]:
    """Start a server in a scratch folder; stop it and take everything away afterwards."""
    # Not in pytest's own folder: Postfix's users could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    try:
        server = Postfix(folder, _free_port())
        _furnish(server)
        _postfix(folder, "start")
        try:
            yield server
        finally:
            _postfix(folder, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # its last processes may still be leaving


def _furnish(server: Postfix) -> None:
    folder, nobody = server.folder, pwd.getpwnam("nobody")
    folder.chmod(0o755)
    for name, owner in _OWNERS.items():
        (folder / name).mkdir()
        shutil.chown(folder / name, owner)
    settings = _SETTINGS.format(domain=DOMAIN, folder=folder, uid=nobody.pw_uid, gid=nobody.pw_gid)
    (folder / "etc/main.cf").write_text(settings, encoding="ascii")
    (folder / "etc/master.cf").write_text(_SERVICES.format(port=server.port), encoding="ascii")


def _postfix(folder: Path, command: str) -> None:
    done = subprocess.run(
        ["postfix", "-c", folder / "etc", command],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": _PATH},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
