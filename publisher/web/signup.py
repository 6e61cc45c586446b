"""The sign-up: a form on a page of ours or of the site, and one answer to it for every address."""

from dataclasses import replace
from datetime import datetime

from starlette.responses import Response

from publisher import tokens
from publisher.errors import AddressError, ChoiceError, LimitReached, TokenError
from publisher.language import pick
from publisher.ops import log
from publisher.store import write_together
from publisher.subscribers import Request, sign_up
from publisher.web.choices import Typed, field_of, guessed_zone, offered, to_person, typed
from publisher.web.pages import page
from publisher.web.visit import Page, Visit

FASTEST = 2.0  # seconds in which a person can fill the form in
CONSENT = "I want mail from %(site)s at this address. I can leave at any time, with one click."
_log = log.get("web")


def wording(visit: Visit) -> str:
    """Return what stands beside the button, which is what people agree to."""
    site = visit.settings.site
    name = pick(site.name, visit.language, site.languages)
    return str(visit.app.templates.words(visit.language).t(CONSENT, site=name))


def show(visit: Visit) -> Response:
    """Show the empty form."""
    own = visit.language if visit.language in visit.settings.site.languages else ""
    digests = tuple(visit.settings.digests)
    zone = guessed_zone(visit)
    return _form(
        visit, Typed(languages=(own,) if own else (), digests=digests, time_zone=zone), 200
    )


def answer(visit: Visit) -> Response:
    """Take a filled-in form, from our page or from a site's own."""
    filled, shown_at = typed(visit), _shown_at(visit)
    request = _request(visit, shown_at)
    if request.is_spam:
        _log.info("sign-up by a machine", route=visit.route)
    try:
        if shown_at and not (filled.digests or request.is_spam):
            raise ChoiceError("every digest was taken out of our own form", what="digest")
        write_together(
            visit.app.engine,
            lambda conn: sign_up(conn, visit.settings, visit.app.keys, request, visit.now),
        )
    except (AddressError, ChoiceError) as error:
        return _form(visit, replace(filled, errors={field_of(error): sentence(visit, error)}), 422)
    except LimitReached as error:
        minutes = -(-int(error.retry_after.total_seconds()) // 60)
        response = _form(visit, filled, 429, minutes=minutes)
        response.headers["retry-after"] = str(int(error.retry_after.total_seconds()))
        return response
    return page(visit, "signed_up")


def sentence(visit: Visit, error: AddressError | ChoiceError) -> str:
    """Return what is wrong with a field, in the reader's words."""
    words = visit.app.templates.words(visit.language)
    if isinstance(error, AddressError):
        return str(
            words.t("This is no e-mail address that mail can be sent to. Please look again.")
        )
    if error.what == "name":
        return str(words.t("This is too long."))
    if error.what == "pause":
        return str(words.t("Please choose a day within the next year."))
    return str(words.t("Please choose among what is offered here."))


def _request(visit: Visit, shown_at: datetime | None) -> Request:
    is_hasty = shown_at is not None and (visit.now - shown_at).total_seconds() < FASTEST
    return Request(
        to_person(typed(visit)),
        visit.network,
        wording(visit),
        is_spam=bool(visit.form.get("website")) or is_hasty,
    )


def _shown_at(visit: Visit) -> datetime | None:
    """Return when the page of ours that was filled in was shown; None for a form of others."""
    try:
        return tokens.read(visit.app.keys, "form", visit.form.get("shown"), now=visit.now).issued_at
    except TokenError:
        return None


def _form(visit: Visit, filled: Typed, status: int, minutes: int = 0) -> Response:
    # Whoever mends one field of it is fast and no machine.
    shown_at = _shown_at(visit) or visit.now
    shown = tokens.make(visit.app.keys, "form", "", issued_at=shown_at)
    given = offered(visit, filled)
    return page(
        visit,
        "signup",
        status=status,
        shown=shown,
        wording=wording(visit),
        minutes=minutes,
        **given,
    )


PAGES = (Page("/subscribe", get=show, post=answer),)
