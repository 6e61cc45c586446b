"""Keys of front matter that nobody knows: each said once, with what may have been meant."""

from collections.abc import Iterator, Sequence

from publisher.content import fields as table
from publisher.content.facts import Facts
from publisher.errors import Level, Problem


def unknown_keys(readable: Sequence[Facts], known: Sequence[str]) -> Iterator[Problem]:
    """Yield one warning a key that nobody knows, with its count and first place."""
    first: dict[str, tuple[str, int]] = {}
    counts: dict[str, int] = {}
    for facts in readable:
        for key, line in facts.unknown:
            first.setdefault(key, (facts.path, line))
            counts[key] = counts.get(key, 0) + 1
    for key, (path, line) in first.items():
        if key not in known:
            files = "1 file" if counts[key] == 1 else f"{counts[key]} files, here first"
            yield Problem(
                f"content/{path}",
                line,
                f'the key "{key}" is unknown ({files})',
                f'{_meant(key)}remove it, or add "{key}" to [content] known',
                Level.WARNING,
            )


def _meant(key: str) -> str:
    """Return the question whether a key that is nearly a known one was meant, else ""."""
    from difflib import get_close_matches  # only where something is unknown

    over, dot, last = key.rpartition(".")
    known = {"event": table.EVENT_KEYS, "translation": table.TRANSLATION_KEYS}
    near = get_close_matches(last.lower(), known.get(over, table.NAMES), 1, cutoff=0.8)
    return f'did you mean "{over}{dot}{near[0]}"? If not, ' if near else ""
