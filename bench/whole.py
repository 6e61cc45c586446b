"""Claim: an edition for 1,000,000 readers is opened, sent and closed in less than 250 MB.

One `publisher send` over 20 connections to smtp-sink, for the readers of bench/readers.py: some
thousand different bodies, small messages, SQLite with full sync. Its memory is the greatest that
the process ever held. It takes minutes; `make bench WHOLE=1` includes it.

    python -m bench.whole [--readers 1000000] [--connections 20] [--folder DIR]
"""

import argparse
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from bench import measure
from bench.mailing import DOMAIN
from bench.readers import FIRST, START, make_readers, make_site
from bench.sink import sink

PEAK_MB = 250
_DATABASE = "sqlite:///var/publisher.sqlite3"
_SMALL = 100_000  # fewer readers than that say nothing about the figure


def main() -> int:
    """Measure, print, and return 1 when the figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="where to work; which disk matters")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="publisher-bench-", dir=options.folder) as folder,
        sink() as server,
    ):
        root = Path(folder) / "site"
        _make(root, options.readers, server.port, options.connections)
        seconds, peak, said = measure.high_water(_publisher(root), _at(FIRST))
    _account(said, options.readers)
    peak_mb = peak * 2**20 / 1e6
    print(
        f"whole       {options.readers:,} readers: {seconds:,.0f} s, "
        f"{options.readers / seconds:,.0f} a second with opening and closing, "
        f"{peak_mb:.0f} MB   (to reach: {PEAK_MB})"
    )
    return 1 if peak_mb > PEAK_MB and options.readers >= _SMALL else 0


def _make(root: Path, readers: int, port: int, connections: int) -> None:
    """Make the site and its readers; its digest has begun, and the next run opens an edition."""
    make_site(root)
    settings = root / "publisher.toml"
    text = settings.read_text(encoding="utf-8").replace("news@example.org", f"news@{DOMAIN}")
    smtp = f"[delivery.smtp]\nport = {port}\nconnections = {connections}\n"
    settings.write_text(f'{text}[delivery]\ntransport = "smtp"\n{smtp}', encoding="utf-8")
    # The first run makes the secret, which nothing may make once there are readers.
    measure.high_water(_publisher(root), _at(START))
    make_readers(_DATABASE, root, readers)


def _publisher(root: Path) -> list[str]:
    return [sys.executable, "-m", "publisher", "--site", str(root), "send"]


def _at(moment: datetime) -> dict[str, str]:
    return {"PUBLISHER_TESTING": "1", "PUBLISHER_NOW": moment.isoformat()}


def _account(said: str, readers: int) -> None:
    """See that everybody who is to get the edition was sent it, and that it is closed."""
    line = next((each for each in said.splitlines() if " sent, " in each), said)
    sent = int(line.partition(" sent, ")[0].replace(",", ""))
    if not line.endswith("0 failed, 0 waiting") or sent < readers * 0.9:
        raise SystemExit(f"not everybody was sent a message:\n{said}")


if __name__ == "__main__":
    sys.exit(main())
