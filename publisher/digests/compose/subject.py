"""The subject of an edition, in the reader's language, short enough to be read in a list."""

import re
from collections.abc import Mapping

from publisher.delivery import header_text
from publisher.digests.compose.text import shorten
from publisher.render import isolated

LONGEST = 90  # characters; inboxes show 40 to 80
_FIELD = re.compile(r"\{(name|first|count|date)\}")


def subject_line(words: str, values: Mapping[str, str], language: str) -> str:
    """Return a subject: {name}, {first}, {count} and {date} filled, the first title cut to fit.

    What reads in the other direction than the language is isolated, so that an English title
    does not turn an Arabic subject around.
    """
    fixed = _FIELD.sub(lambda field: "" if field[1] == "first" else values[field[1]], words)
    room = max(LONGEST - len(fixed), 20)
    ready = {**values, "first": shorten(values["first"], room)}
    text = _FIELD.sub(lambda field: isolated(ready[field[1]], language), words)
    return header_text(text)
