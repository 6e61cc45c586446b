"""Why an item or a person got, or did not get, what they did."""

from publisher import digests
from publisher.app.site import App
from publisher.digests import ItemExplained, PersonExplained
from publisher.tokens import open_keys


def explain_item(app: App, word: str, edition: str = "") -> ItemExplained:
    """Return where an item went or will go, by the database if there is one; writes nothing.

    Raises PublisherError when no edition has that name.
    """
    engine, now = app.engine_if_there(), app.now()
    return digests.explain_item(engine, app.settings, app.library(), word, now, edition=edition)


def explain_person(app: App, address: str, edition: str = "") -> PersonExplained:
    """Return what an address got and will get, and why; writes nothing, not even a secret.

    Raises AddressError, and PublisherError when no edition has that name.
    """
    engine, now = app.engine_if_there(), app.now()
    path = app.settings.secret_file
    secret = open_keys(path, may_make=False).lasting if path.exists() else None
    return digests.explain_person(
        engine, app.settings, app.library(), address, now, secret=secret, edition=edition
    )
