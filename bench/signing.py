"""Claim: with RSA-2048 an edition leaves at 0.7 of what its processors could at best.

Sending without DKIM takes 1/E seconds a message, signing 1/S, where S is how often openssl signs
in a second with all processors at work: together 1/(1/E + 1/S) messages a second. Both editions
are sent in turn in one run, over 20 connections from SQLite; openssl is asked between them. That
the messages are signed is seen on some of them before.

    python -m bench.signing [--readers 20000] [--runs 3] [--folder DIR]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.mailing import DOMAIN, Mailing, SqliteFile, open_mailing
from bench.sink import sink

TARGET = 0.7
CONNECTIONS = 20
_LOOKED_AT = 3
_SMALL = 10_000  # fewer readers than that say nothing about the figure


def main() -> int:
    """Measure in turn, print, and return 1 when the figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work; which disk matters")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="publisher-bench-", dir=options.folder) as name:
        folder = Path(name)
        signed = dkim_settings(folder)
        _see_signed(_mailing(folder / "few", _LOOKED_AT, signed))
        plain = _mailing(folder / "plain", options.readers)
        mailing = _mailing(folder / "signed", options.readers, signed)
        with sink() as server:
            found = [
                (
                    plain.send(server, CONNECTIONS),
                    signs_per_second(),
                    mailing.send(server, CONNECTIONS),
                )
                for _ in range(options.runs)
            ]
    unsigned, signs, ours = (statistics.median(side) for side in zip(*found, strict=True))
    best = 1 / (1 / unsigned + 1 / signs)
    print(
        f"signing     {ours:,.0f} signed messages a second; without {unsigned:,.0f}, openssl signs "
        f"{signs:,.0f}, so at best {best:,.0f}: {ours / best:.2f}   (to reach: {TARGET})"
    )
    return 1 if ours / best < TARGET and options.readers >= _SMALL else 0


def dkim_settings(folder: Path) -> str:
    """Make a key of 2048 bits; return the settings that sign with it."""
    key = folder / "dkim.pem"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    key.chmod(0o600)
    return f'[delivery.dkim]\ndomain = "{DOMAIN}"\nselector = "bench"\nkey_file = "{key}"\n'


def signs_per_second() -> float:
    """Return how often openssl signs with 2048 bits in a second, all processors at work."""
    done = subprocess.run(
        ["openssl", "speed", "-seconds", "2", "-multi", str(os.cpu_count()), "rsa2048"],
        check=True,
        capture_output=True,
        text=True,
    )
    # "rsa 2048 bits 0.000306s 0.000009s   3265.2 111489.9": the seconds of each operation, then
    # how many a second; signing comes first.
    line = next(each for each in done.stdout.splitlines() if each.startswith("rsa 2048 bits"))
    rates = [word for word in line.split()[3:] if not word.endswith("s")]
    return float(rates[0])


def _mailing(root: Path, readers: int, more: str = "") -> Mailing:
    return open_mailing(root, SqliteFile(root), readers, more)


def _see_signed(mailing: Mailing) -> None:
    with tempfile.TemporaryDirectory() as dump, sink(Path(dump)) as server:
        mailing.send(server, 1)
        for message in server.messages():
            head = message.partition(b"\r\n\r\n")[0].lower()
            if b"dkim-signature:" not in head or b"a=rsa-sha256" not in head:
                raise SystemExit(f"a message is not signed:\n{head.decode('ascii', 'replace')}")


if __name__ == "__main__":
    sys.exit(main())
