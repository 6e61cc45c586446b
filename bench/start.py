"""Claim: `publisher --help` takes at most six times as long as Python doing nothing.

python -m bench.start [--runs 20]
"""

import argparse
import statistics
import sys

from bench import measure

TARGET = 6.0


def main() -> int:
    """Measure in turn, print, and return 1 when the figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    nothing = [sys.executable, "-c", "pass"]
    ours = [sys.executable, "-m", "publisher", "--help"]
    taken = [(measure.seconds(ours), measure.seconds(nothing)) for _ in range(options.runs + 1)]
    help_, python = (statistics.median(side) for side in zip(*taken[1:], strict=True))
    print(
        f"start       publisher --help {help_ * 1000:.0f} ms, python -c pass {python * 1000:.0f} ms, "
        f"ratio {help_ / python:.1f}   (to reach: {TARGET:.0f})"
    )
    return 1 if help_ / python > TARGET else 0


if __name__ == "__main__":
    sys.exit(main())
