"""Send an edition again and again, ending the process at its first, second, third … point.

Run as a program: KIND ("maildir", "smtp", "ses" or "postmark") DATABASE FOLDER PORT. For each point a child sends until
it is ended there, and a second one goes on as an operator's next `send` would. Each try's accounting
is printed as one line of JSON. Forking saves the start of a Python for each of some hundred children.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib import import_module
from pathlib import Path

from publisher import faults
from publisher.delivery import Transport, totals
from publisher.delivery.transports.maildir import Maildir
from publisher.delivery.transports.postmark import PostmarkTransport
from publisher.delivery.transports.ses import SesTransport
from publisher.delivery.transports.smtp import SmtpTransport
from publisher.reach import Reach
from publisher.settings import Postmark, Ses
from publisher.store import open_engine, read

from .world import a_sender, smtp_settings

CRASHED = 9


def secret_of(point: int) -> bytes:
    """Each try has its own Message-IDs, by which a server's journal can be told apart."""
    return b"%032d" % point


def main(kind: str, database: str, folder: str, port: str) -> None:
    point, code = 0, CRASHED
    # Once in this process, so that what is imported and compiled on the way is so in each child.
    send("maildir", a_copy(database, folder, "warm"), 0, 0, armed=False)
    import_module("publisher.reach.exchange")
    while code == CRASHED:
        point += 1
        root = a_copy(database, folder, str(point))
        again = partial(send, kind, root, point, int(port))
        code = in_child(partial(again, armed=True))
        assert code in (0, CRASHED), code
        assert in_child(partial(again, armed=False)) == 0
        sys.stdout.write((root / "result.json").read_text() + "\n")


def a_copy(database: str, folder: str, name: str) -> Path:
    root = Path(folder) / name
    root.mkdir()
    shutil.copyfile(database, root / "publisher.sqlite3")
    return root


def send(kind: str, root: Path, point: int, port: int, *, armed: bool) -> None:
    engine = open_engine("sqlite:///publisher.sqlite3", root)
    transport = transport_of(kind, root, port)
    faults.arm(point if armed else 0)
    report = a_sender(engine, transport, root, secret=secret_of(point)).send_due()
    faults.arm(0)
    with read(engine) as conn:
        counted = totals(conn, "edition:1")
    engine.dispose()
    told = {**asdict(counted), "report_in_doubt": report.in_doubt, "down": str(report.down or "")}
    (root / "result.json").write_text(json.dumps(told))


def transport_of(kind: str, root: Path, port: int) -> Transport:
    if kind == "maildir":
        return Maildir(root / "outbox")
    if kind == "smtp":
        return SmtpTransport(smtp_settings(port))
    place = f"127.0.0.1:{port}"
    channel = Reach("https://cities.test", frozenset({place})).channel(f"http://{place}/")
    if kind == "ses":
        return SesTransport(Ses(region="eu-west-1", access_key="a", secret_key="b"), channel)
    return PostmarkTransport(Postmark(token="t"), channel)


def in_child(act: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
