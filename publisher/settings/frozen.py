"""The settings that shape what is mailed, as JSON can keep them beside it."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from publisher.settings.model import Settings

# The sections that shape a mail's bytes. None of them may ever hold a secret.
SHAPING = ("site", "categories", "feeds", "sender", "web", "look", "feedback")


def shaping(settings: "Settings", digests: Iterable[str]) -> dict[str, Any]:
    """Return the settings that shape mails of these digests, as JSON can hold them."""
    kept = {section: _plain_section(getattr(settings, section)) for section in SHAPING}
    return {**kept, "digests": {name: _plain_section(settings.digests[name]) for name in digests}}


def reshaped(kept: Mapping[str, Any], root: Path) -> "Settings":
    """Return the settings that `shaping` kept; all others have their defaults."""
    return _reshaped(json.dumps(kept, sort_keys=True), root)


@lru_cache(maxsize=8)
def _reshaped(kept: str, root: Path) -> "Settings":
    # Checking time zones takes 10 ms, and an edition may have thousands of bodies to make.
    from publisher.settings.model import Settings

    return Settings.model_validate({**json.loads(kept), "root": root})


def _plain_section(section: Any) -> Any:
    dumped = (
        {key: one.model_dump() for key, one in section.items()}
        if isinstance(section, dict)
        else section.model_dump()
    )
    return json.loads(json.dumps(dumped, default=_plain))


def _plain(value: Any) -> str:
    """Return a value JSON does not know as publisher.toml would write it."""
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"cannot freeze a {type(value).__name__}")
