"""A new content file, ready to write in."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.content.item import Kind
from publisher.content.layout import slugify
from publisher.content.values import one_line

if TYPE_CHECKING:
    from publisher.settings import Settings

_NO_NAMES = ("index", "readme")  # the folder's own page, and no page at all
_MORE = {
    Kind.EVENT: 'event:\n  start: {day}\n  place: ""\n  city: ""\n  country: ""\n',
    Kind.EVENT_REPORT: 'event:\n  start: {day}\n  place: ""\n',
}


def draft_item(
    settings: "Settings", kind: Kind | str, title: str, language: str, date: datetime
) -> Path:
    """Write `content/<year>/<slug>.<language>.md` as a draft; return its path.

    language   one of [site] languages
    date       aware; written in the site's time zone

    A file that is there is never touched: the new one then gets a number. A title that gives no
    name (only signs), or one that is no item's name (README), gets one with the kind in it.
    Raises ValueError for a title that is empty, OSError when the file cannot be written.
    """
    kind, title = Kind(kind), one_line(title)
    if not title:
        raise ValueError("the title is empty")
    local = date.astimezone(settings.site.zone).replace(microsecond=0)
    folder = settings.content_dir / f"{local.year:04}"
    folder.mkdir(parents=True, exist_ok=True)
    text = (
        f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\ndate: {local.isoformat()}\n"
        f"kind: {kind.value}\n{_MORE.get(kind, '').format(day=local.date())}"
        'summary: ""\nstatus: draft  # remove this line to publish\n---\n\n'
    )
    slug = slugify(title)
    # A name made of the kind alone says nothing, so the same name is no translation.
    taken = set() if slug else {path.name.partition(".")[0] for path in folder.iterdir()}
    if slug in _NO_NAMES:
        slug = f"{kind.value}-{slug}"
    slug = slug or kind.value
    number = 0
    while True:
        number += 1
        name = slug if number == 1 else f"{slug}-{number}"
        if name in taken:
            continue
        path = folder / f"{name}.{language}.md"
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        return path
