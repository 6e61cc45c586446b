"""publisher.toml, typed: what a site says about itself, read once and passed down.

`load` gives a site's `Settings` or every problem of the file at once; `testing` gives what a test
asks of this process; `packaged` finds what is shipped with us. The models are heavy to import
(pydantic), so their names come in only when they are first used.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from publisher.settings.frozen import reshaped, shaping
from publisher.settings.load import (
    FILE_NAME,
    load,
    notify_socket,
    read_settings,
    read_toml,
    testing,
)
from publisher.settings.packaged import packaged
from publisher.settings.testing import Testing

if TYPE_CHECKING:
    from publisher.settings.model import (
        Category,
        Delivery,
        Digest,
        Feeds,
        Look,
        Postmark,
        Sender,
        Ses,
        Settings,
        Site,
        Smtp,
    )

__all__ = [
    "FILE_NAME",
    "Category",
    "Delivery",
    "Digest",
    "Feeds",
    "Look",
    "Postmark",
    "Sender",
    "Ses",
    "Settings",
    "Site",
    "Smtp",
    "Testing",
    "load",
    "notify_socket",
    "packaged",
    "read_settings",
    "read_toml",
    "reshaped",
    "shaping",
    "testing",
]

# Looking for plug-ins in all that is installed takes pydantic as long as the rest of its import.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("publisher.settings.model"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
