"""Claim: a list of 1,000,000 people is imported in 60 s, and in 200 MiB.

The list is the same every time: addresses in no order over 5,000 domains, names, three languages;
the site has one digest. Each run is `publisher subscribers import` as people type it, in a process
of its own: a dry run, the import, and the import of the same list again, which may change nothing.

    python -m bench.importing [--people 1000000] [--only sqlite]
"""

import argparse
import json
import random
import resource
import string
import sys
import tempfile
from pathlib import Path

from bench.measure import high_water
from bench.opening import _address

SEED = 20_260_302
MOST_SECONDS, MOST_MIB = 60, 200
_SMALL = 100_000  # fewer people than that say nothing about the figures
_SITE = """\
[site]
url = "https://example.org"
name = "Example"
languages = ["en", "ar", "fr"]
[feeds]
id_authority = "example.org,2026"
[digests.weekly]
every = "week"
at = "Tue 07:00"
[sender]
address = "news@example.org"
postal_address = "1 Example Street"
[database]
"""


def main() -> int:
    """Measure, print, and return 1 when a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="publisher-bench-") as name:
        folder = Path(name)
        file = folder / "people.csv"
        make_list(file, options.people)
        missed = sum(
            _measure(folder / kind, kind, file, options.people)
            for kind in ([options.only] if options.only else ("sqlite", "postgresql"))
        )
    return 1 if missed and options.people >= _SMALL else 0


def make_list(path: Path, people: int) -> None:
    """Write a list of different people."""
    dice = random.Random(SEED)
    with path.open("w", encoding="utf-8") as file:
        file.write("email,name,language\n")
        for number in range(people):
            word = "".join(dice.choices(string.ascii_lowercase, k=dice.randint(5, 11)))
            domain = f"example{dice.randrange(5000)}.org"
            language = dice.choice(("en", "ar", "fr"))
            file.write(f"{word}.{number}@{domain},{word.title()} Test,{language}\n")


def _measure(site: Path, kind: str, file: Path, people: int) -> int:
    site.mkdir()
    with _address(kind, site) as url:
        (site / "publisher.toml").write_text(f'{_SITE}url = "{url}"\n', encoding="utf-8")
        missed = 0
        for what, words, result in (
            ("dry run", ("--dry-run",), "added"),
            ("import", (), "added"),
            ("the same again", (), "already there"),
        ):
            seconds, processor, peak = _run(site, file, words, {result: people})
            print(
                f"  {kind}, {what:14} {seconds:.1f} s, {processor:.1f} of processor time in the "
                f"program, {peak} MiB",
                flush=True,
            )
            missed += peak > MOST_MIB or (kind == "sqlite" and seconds > MOST_SECONDS)
    return missed


def _run(
    site: Path, file: Path, words: tuple[str, ...], wanted: dict[str, int]
) -> tuple[float, float, int]:
    """Import a list; return seconds, processor seconds and peak memory in MiB."""
    command = [sys.executable, "-m", "publisher", "--site", str(site), "subscribers", "import"]
    command += [str(file), "--consent", "I agree to get it", "--json", *words]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, peak, said = high_water(command, {})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    results = json.loads(said)["results"]
    if results != wanted:
        raise SystemExit(f"the import was to do {wanted}, not {results}")
    processor = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, processor, peak


if __name__ == "__main__":
    sys.exit(main())
