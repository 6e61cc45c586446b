"""One request, as it is put to one server."""

from collections.abc import Mapping
from dataclasses import dataclass

# Headers that any server may see and change nothing by.
HARMLESS = ("accept", "accept-language", "content-type", "if-modified-since", "if-none-match")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of one server."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    keeps_body: bool
    keeps_errors: bool = False  # the body of an answer that is no success, too

    @property
    def carries_secrets(self) -> bool:
        """Whether somebody on the way could learn or change more than which page is wanted."""
        return bool(self.body) or any(name.lower() not in HARMLESS for name in self.headers)
