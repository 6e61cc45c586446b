"""Where the files lie that are shipped with publisher: templates, and the sample site."""

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_IN_CHECKOUT = {"templates": "templates", "sample": "."}


def packaged(name: str) -> Path:
    """Return a folder shipped with us: "templates" or "sample".

    An installed publisher carries them inside its package; in a checkout they lie at the root.
    Raises FileNotFoundError when this installation lacks the folder.
    """
    installed = _PACKAGE / name
    if installed.exists():
        return installed
    in_checkout = _PACKAGE.parent / _IN_CHECKOUT.get(name, name)
    if in_checkout.exists():
        return in_checkout.resolve()
    raise FileNotFoundError(f"this installation of publisher lacks its {name!r}; install it again")
