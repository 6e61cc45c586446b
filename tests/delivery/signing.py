"""What the tests of signing share: keys in files, messages, and two readers who check signatures."""

import re
import shutil
import subprocess
from pathlib import Path

import dkim

from publisher.delivery import DkimKey, Recipient, compose_message, make_key_file
from publisher.settings.model import Dkim
from tests.delivery.world import QUEUED, a_body

OPENDKIM = shutil.which("opendkim", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
AT = int(QUEUED.timestamp())
BOTH = Dkim(
    domain="cities.test",
    selector="news",
    key_file="var/rsa.pem",
    ed25519_selector="news-ed",
    ed25519_key_file="var/ed25519.pem",
)
ONE = BOTH.model_copy(update={"ed25519_selector": "", "ed25519_key_file": ""})


def make_keys(root: Path) -> None:
    make_key_file(root / "var/rsa.pem", "rsa-sha256")
    make_key_file(root / "var/ed25519.pem", "ed25519-sha256")


def a_message(token: str = "t" * 43, **changes) -> bytes:
    """Return a composed message; `changes` are those of its body."""
    recipient = Recipient(1, "p1", "r1@readers.test", ("en",), None)
    values = {"unsubscribe_url": f"https://news.cities.test/u/{token}"}
    return compose_message(a_body(**changes), recipient, values, "<1@cities.test>", QUEUED)


def dkimpy_takes(data: bytes, keys: tuple[DkimKey, ...]) -> bool:
    """Return whether dkimpy finds the first signature right."""
    records = {f"{key.name}.".encode(): key.record.encode() for key in keys}
    try:
        return dkim.verify(data, dnsfunc=lambda name, timeout: records.get(name))
    except dkim.DKIMException:
        return False


def opendkim_takes(data: bytes, keys: tuple[DkimKey, ...], folder: Path) -> dict[str, str]:
    """Return what OpenDKIM says of each selector's signature: "pass", "fail" and so on."""
    (folder / "records").write_text("".join(f"{key.name} {key.record}\n" for key in keys))
    (folder / "conf").write_text(
        f"Mode v\nTestDNSData file:{folder}/records\nSyslog no\n"
        "AlwaysAddARHeader yes\nAuthservID reader.test\n"
    )
    (folder / "message").write_bytes(data)
    done = subprocess.run(
        [OPENDKIM, "-x", folder / "conf", "-t", folder / "message", "-vv"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = re.findall(r"dkim=(\w+).*? header\.s=([\w-]+)", done.stdout)
    return {selector: result for result, selector in found}
