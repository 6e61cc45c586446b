"""Make a large site of invented text, the same one every time: `python -m bench.site DIR`.

10,000 items, half English and half Arabic, are about 69 MB: the size of a newsroom's archive of
many years. The layout is read alike by publisher and by Hugo: `content/<kind>/<year>/<slug>.<tag>.md`.
"""

import argparse
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20_260_301
LAST = datetime(2026, 2, 28, 18, tzinfo=UTC)  # the newest item's date
STEP = timedelta(hours=7)  # between two items
ITEM_BYTES = 6_900  # about, front matter included
KINDS = ("event", *["event-report"] * 2, *["article"] * 5, *["news"] * 12)  # as newsrooms write
CATEGORIES = (
    "prevention", "youth", "housing", "climate", "transport",
    "safety", "culture", "budget", "health", "schools",
)  # fmt: skip
AUTHORS = ("Amina Rahal", "Jonas Weber", "Lucía Prado", "Press desk")

_ENGLISH = [
    "city",
    "mayor",
    "council",
    "street",
    "river",
    "school",
    "market",
    "budget",
    "plan",
    "report",
    "meeting",
    "people",
    "family",
    "neighbour",
    "garden",
    "bridge",
    "station",
    "winter",
    "summer",
    "early",
    "late",
    "open",
    "public",
    "common",
    "shared",
    "new",
    "old",
    "local",
    "regional",
    "young",
    "first",
    "second",
    "third",
    "agrees",
    "builds",
    "plants",
    "repairs",
    "measures",
    "answers",
    "asks",
    "and",
    "with",
    "without",
    "for",
    "from",
    "between",
    "after",
    "before",
    "because",
    "while",
    "although",
    "where",
    "how",
    "what",
]
_ARABIC = [
    "مدينة",
    "بلدية",
    "مجلس",
    "شارع",
    "نهر",
    "مدرسة",
    "سوق",
    "ميزانية",
    "خطة",
    "تقرير",
    "اجتماع",
    "سكان",
    "أسرة",
    "جار",
    "حديقة",
    "جسر",
    "محطة",
    "شتاء",
    "صيف",
    "مبكر",
    "متأخر",
    "مفتوح",
    "عام",
    "مشترك",
    "جديد",
    "قديم",
    "محلي",
    "إقليمي",
    "شاب",
    "أول",
    "ثان",
    "ثالث",
    "يوافق",
    "يبني",
    "يزرع",
    "يصلح",
    "يقيس",
    "يجيب",
    "يسأل",
    "مع",
    "بدون",
    "من",
    "إلى",
    "بين",
    "بعد",
    "قبل",
    "لأن",
    "بينما",
    "حيث",
    "كيف",
    "ماذا",
]
_WORDS = {"en": _ENGLISH, "ar": _ARABIC}
_STOP = {"en": (".", "?"), "ar": (".", "؟")}


def make_site(root: Path, items: int = 10_000) -> int:
    """Write the site's content and settings; return its size in bytes."""
    total = 0
    for path, text in _items(items):
        target = root / "content" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = text.encode()
        target.write_bytes(data)
        total += len(data)
    (root / "publisher.toml").write_text(_publisher_settings(), encoding="utf-8")
    (root / "hugo.toml").write_text(_hugo_settings(), encoding="utf-8")
    layout = root / "layouts/_default/rss.xml"
    layout.parent.mkdir(parents=True, exist_ok=True)
    layout.write_text(_HUGO_RSS, encoding="utf-8")
    return total


def newest(root: Path, items: int = 10_000) -> Path:
    """Return the file of the newest item, which stands in several feeds."""
    return root / "content" / next(_items(items))[0]


def _items(count: int) -> Iterator[tuple[str, str]]:
    """Yield path and text of each item, newest first."""
    for number in range(count):
        dice = random.Random(SEED + number)
        language = ("en", "ar")[number % 2]
        story = number // 2
        date = LAST - story * STEP
        kind = KINDS[story % len(KINDS)]
        path = f"{kind}/{date.year}/story-{story:05}.{language}.md"
        yield path, _front_matter(dice, language, story, kind, date) + _text(dice, language)


def _front_matter(dice: random.Random, language: str, story: int, kind: str, date: datetime) -> str:
    chosen = sorted({CATEGORIES[story % 10], dice.choice(CATEGORIES)})
    event = f"event:\n  start: {date:%Y-%m-%d}\n  place: {_words(dice, language, 2)}\n"
    return (
        "---\n"
        f'title: "{_words(dice, language, 7)} {story}"\n'
        f"date: {date:%Y-%m-%dT%H:%M:%SZ}\n"
        f"kind: {kind}\n"
        f"summary: {_words(dice, language, 18)}\n"
        f"categories: [{', '.join(chosen)}]\n"
        f"authors:\n  - {dice.choice(AUTHORS)}\n"
        f"{event if kind.startswith('event') else ''}"
        "---\n\n"
    )


def _text(dice: random.Random, language: str) -> str:
    """Return Markdown of about the wished size, with all that articles have."""
    parts: list[str] = []
    size = 0
    while size < ITEM_BYTES - 450:
        part = dice.choices(
            (_paragraph, _heading, _list, _quote, _table), weights=(12, 2, 2, 1, 1)
        )[0](dice, language)
        parts.append(part)
        size += len(part.encode()) + 2
    return "\n\n".join(parts) + "\n"


def _paragraph(dice: random.Random, language: str) -> str:
    sentences = []
    for _ in range(dice.randint(3, 6)):
        words = _words(dice, language, dice.randint(8, 18)).split()
        place = dice.randrange(len(words))
        words[place] = dice.choice(
            (
                f"**{words[place]}**",
                f"*{words[place]}*",
                f"[{words[place]}](https://example.net/{dice.randrange(10**6)}?a=1&b=2)",
                words[place],
                words[place],
            )
        )
        sentences.append(" ".join(words) + dice.choice(_STOP[language]))
    return " ".join(sentences)


def _heading(dice: random.Random, language: str) -> str:
    return f"## {_words(dice, language, 5)}"


def _list(dice: random.Random, language: str) -> str:
    return "\n".join(f"- {_words(dice, language, 9)}" for _ in range(4))


def _quote(dice: random.Random, language: str) -> str:
    return f"> {_words(dice, language, 20)}"


def _table(dice: random.Random, language: str) -> str:
    rows = [f"| {_words(dice, language, 2)} | {dice.randrange(1000)} |" for _ in range(4)]
    return "\n".join([rows[0], "| --- | --- |", *rows[1:]])


def _words(dice: random.Random, language: str, count: int) -> str:
    return " ".join(dice.choices(_WORDS[language], k=count))


def _publisher_settings() -> str:
    categories = "".join(f"[categories.{slug}]\n" for slug in CATEGORIES)
    return (
        '[site]\nurl = "https://example.org"\nname = "Example"\nlanguages = ["en", "ar"]\n'
        f'{categories}[feeds]\nid_authority = "example.org,2026"\n'
        '[sender]\naddress = "news@example.org"\n'
    )


def _hugo_settings() -> str:
    return """\
baseURL = "https://example.org/"
title = "Example"
defaultContentLanguage = "en"
defaultContentLanguageInSubdir = true
disableKinds = ["taxonomy", "sitemap", "robotstxt", "404"]
enableRobotsTXT = false
[languages.en]
languageName = "English"
weight = 1
[languages.ar]
languageName = "العربية"
weight = 2
[taxonomies]
category = "categories"
[outputs]
home = ["rss"]
section = ["rss"]
term = ["rss"]
page = []
[services.rss]
limit = 20
"""


# Hugo's own template gives summaries; this one gives the full text, as publisher does.
_HUGO_RSS = """\
{{- $pages := .RegularPages -}}
{{- if eq .Kind "home" }}{{ $pages = .Site.RegularPages }}{{ end -}}
{{- printf "<?xml version=\\"1.0\\" encoding=\\"utf-8\\" standalone=\\"yes\\"?>" | safeHTML }}
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel>
<title>{{ .Title }}</title>
<link>{{ .Permalink }}</link>
<description>{{ .Title }}</description>
<language>{{ .Language.Lang }}</language>
{{- range first 20 $pages.ByDate.Reverse }}
<item>
<title>{{ .Title }}</title>
<link>{{ .Permalink }}</link>
<pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</pubDate>
<guid>{{ .Permalink }}</guid>
{{- range .Params.categories }}
<category>{{ . }}</category>
{{- end }}
<description>{{ .Params.summary }}</description>
<content:encoded>{{ .Content | transform.XMLEscape | safeHTML }}</content:encoded>
</item>
{{- end }}
</channel>
</rss>
"""


def main() -> None:
    """Make a site where the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=10_000)
    options = parser.parse_args()
    size = make_site(options.folder, options.items)
    print(f"{options.items:,} items, {size / 1e6:.1f} MB in {options.folder}")


if __name__ == "__main__":
    main()
