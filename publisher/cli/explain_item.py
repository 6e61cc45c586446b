"""The words of `explain` for a file or a key: sentences that an editor can act on."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from publisher.cli.report import count, moment

if TYPE_CHECKING:
    from publisher.digests import ItemExplained
    from publisher.digests.explain import (
        Absence,
        Audience,
        Carried,
        EditionFacts,
        FileFacts,
        ItemInDigest,
        VersionFacts,
        Wait,
    )

HOW = {
    "first": "",
    "next": ", the next of their languages that there is",
    "fallback": ", as nothing is in their languages; a line says so",
    "original": ", the original, which they asked for instead of a machine translation",
}
_STATUS = {
    "draft": "not published: a draft; take out `status: draft` when it is ready",
    "hold": "not published: on hold; take out `status: hold` to let it go",
}
_WHY_NOT = {
    "not a kind of this digest": "this digest does not carry items of its kind",
    "skipped": "its front matter says `digest: skip`",
    "its event is over": "its event is over",
    "from before the start": "it is dated from before the digest began, so it counts as sent; "
    "`digest: pin` does not change that",
    "too old": "it was too old when it first appeared (see max_age), so it counts as sent; "
    "`digest: pin` sends it all the same",
    "no version for them": "no version is in their languages, and the digest has fallback = false",
    "not there then": "it was not published when its turn came",
    "appeared after it froze": "it first appeared after the edition was frozen",
    "it was another edition's turn": "its turn was in another edition",
}
_WITHDRAWN = "no file any more; this is what editions did with it"
_OVER = ("sent", "cancelled", "missed")
_DECIDED = {
    "approved": ", which an editor approved",
    "held": ", which an editor holds",
    "cancelled": ", which an editor cancelled, so it will wait for the one after",
}
_FILES = {
    "left out": "[content] include or exclude leaves it out, so it is no item",
    "editor's word": "the editor's word for one edition, no item: it stands at the head of that "
    "edition's mails in its language",
    "outside content": "it lies outside content/, so it is no item",
}


def sentences(found: "ItemExplained", zone: ZoneInfo, now: datetime) -> Iterator[str]:
    """Yield what there is to say about a file or key, line by line."""
    if not found.key:
        yield from _no_item(found.file)
        return
    files = count(len(found.versions), "language") if found.versions else _WITHDRAWN
    yield f"{found.key}: {files}"
    for problem in found.file.problems:
        yield f"  {problem}"
    for version in found.versions:
        yield from _version(version, zone, now)
    if not found.feeds_are_current:
        yield "  the feeds are not up to date: `publisher build` makes them so"
    is_published = any(version.status == "published" for version in found.versions)
    if not found.digests:
        yield "the site has no digest that could carry it"
    for digest in found.digests:
        yield ""
        yield from _digest(digest, zone, is_published)
    if not found.has_database:
        yield ""
        yield "nothing was ever sent from here: there is no database yet"


def _no_item(file: "FileFacts") -> Iterator[str]:
    name = file.path or file.word
    if file.what == "missing":
        yield f'there is no file, key, id or link "{file.word}"'
        for path in file.nearest:
            yield f"  near: {path}"
    elif file.what == "broken":
        yield f"{name}: not published, because it cannot be read:"
    elif file.what == "not an item":
        yield f"{name}: no item; " + (
            f"it is used by {', '.join(file.used_by)}"
            if file.used_by
            else "only Markdown files are, and no _index, README or ids.json"
        )
    else:
        yield f"{name}: {_FILES[file.what]}"
    for problem in file.problems:
        yield f"  {problem}"


def _version(version: "VersionFacts", zone: ZoneInfo, now: datetime) -> Iterator[str]:
    yield f"{version.language}: {version.title} [{version.path}]"
    marks = [version.kind, moment(version.date, zone)]
    if version.is_machine:
        marks.append("machine translation")
    if version.digest:
        marks.append(f"digest: {version.digest}")
    yield f"  {', '.join(marks)}"
    if version.status == "future":
        yield "  not published yet: it is dated in the future; from then on it waits for an edition"
        return
    if version.status != "published":
        yield f"  {_STATUS[version.status]}"
        return
    if version.first_seen_at:
        yield f"  first seen {moment(version.first_seen_at, zone)}"
    shown = [f"{one.feed} (no. {one.position})" for one in version.feeds if one.position]
    below = [one.feed for one in version.feeds if not one.position]
    if shown:
        yield f"  in the feeds {', '.join(shown)}"
    if below:
        yield f"  older than all that these feeds show: {', '.join(below)}"


def _digest(digest: "ItemInDigest", zone: ZoneInfo, is_published: bool) -> Iterator[str]:
    yield f"{digest.digest}:"
    for carried in digest.carried:
        yield from _carried(carried)
    for told in digest.told:
        readers = count(told.readers, "reader")
        yield f"  {_edition(told.edition)} told {readers} who had it what changed"
    for wait in _grouped(digest.waits):
        yield from _waits(wait, zone, has_own_hours=digest.has_own_hours)
    for absence in digest.absences:
        yield f"  {_absence(absence)}"
    if not (digest.carried or digest.waits or digest.absences):
        yield "  sent to nobody" + ("" if is_published else ": no version of it is published")


def _carried(carried: "Carried") -> Iterator[str]:
    edition = carried.edition
    if not carried.audiences:
        whom = "for nobody who had not had it" if edition.is_extra else "for nobody"
        so_far = whom if edition.state in _OVER else f"{whom} so far"
        yield f"  in {_edition(edition)}, {so_far}"
        return
    readers = sum(one.readers for one in carried.audiences)
    yield f"  in {_edition(edition)}: {count(readers, 'reader')}"
    for one in carried.audiences:
        yield f"    {_audience(one)}"


def _audience(one: "Audience") -> str:
    again = ", once more before the event" if one.is_return else ""
    how = HOW[one.how]
    return (
        f"{count(one.readers, 'reader')} of {one.reader}: in {one.language}{how}{again}; "
        f"{states(one.deliveries)}"
    )


def states(numbers: Mapping[str, int]) -> str:
    """Return how many deliveries are in which state: "3 sent, 1 failed"."""
    return ", ".join(f"{number:,} {state}" for state, number in sorted(numbers.items()))


def _edition(edition: "EditionFacts") -> str:
    extra = "extra edition" if edition.is_extra else "edition"
    note = f": {edition.note}" if edition.note else ""
    return f"{extra} {edition.id} of {edition.slot} ({edition.state}{note})"


def _grouped(waits: Sequence["Wait"]) -> list[list["Wait"]]:
    """Return those who get the same in the same edition together."""
    found: dict[tuple[str, str, str, bool], list[Wait]] = {}
    for wait in waits:
        place = (wait.slot, wait.language, wait.how, wait.is_return)
        found.setdefault(place, []).append(wait)
    return list(found.values())


def _waits(waits: Sequence["Wait"], zone: ZoneInfo, *, has_own_hours: bool) -> Iterator[str]:
    one = waits[0]
    readers = ", ".join(wait.reader for wait in waits)
    due = f"due {moment(one.due_at, zone)}"
    if has_own_hours:
        due = f"at that hour of each reader's own clock, the first {moment(one.due_at, zone)}"
    again = " once more before the event" if one.is_return else ""
    decided = _DECIDED.get(one.decision, "")
    yield (
        f"  waits for the edition of {one.slot}, {due}{decided}: "
        f"readers of {readers} get it{again} in {one.language}{HOW[one.how]}"
    )
    for wait in waits:
        if wait.translation_until:
            yield (
                f"    a translation into {wait.reader} is waited for until "
                f"{moment(wait.translation_until, zone)}; then they get it in {wait.language}"
            )


def _absence(absence: "Absence") -> str:
    readers = f"not for readers of {', '.join(absence.readers)}"
    turn = f" (the turn was that of {_edition(absence.edition)})" if absence.edition else ""
    return f"{readers}: {_WHY_NOT[absence.why]}{turn}"
