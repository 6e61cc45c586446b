"""The text of letters: made from what was frozen when they were queued, in the look of the digests."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from publisher import language as languages
from publisher.delivery import Body, header_text, language_of, load_body, sender_fields
from publisher.render import (
    colours,
    directed_lines,
    format_date,
    isolated,
    mark,
    without_marks,
    wrap,
)
from publisher.settings import Settings
from publisher.store import read
from publisher.subscribers.letters import Kept, Letter, letter_of

if TYPE_CHECKING:
    from publisher.render import Templates

_SUBJECTS = {
    Letter.CONFIRM: "Please confirm: mail from %(site)s",
    Letter.ALREADY: "You are already subscribed to %(site)s",
    Letter.WELCOME: "Welcome to %(site)s",
    Letter.GOODBYE: "You get no more mail from %(site)s",
    Letter.FRESH: "Your link to your page at %(site)s",
    Letter.ADDRESS: "Please confirm your new address: mail from %(site)s",
}


def make_letter(
    engine: Engine, settings: Settings, templates: "Templates", body_id: int
) -> Body | None:
    """Return a letter's body, as it is stored or made now; None for a body that is no letter's.

    Raises RenderError when a template fails.
    """
    kept = letter_of(engine, settings, body_id)
    if kept is None:
        return None
    with read(engine) as conn:
        made = load_body(conn, body_id)
        language = made.language if made else language_of(conn, body_id)
    return made or compose_letter(templates, kept, body_id, language)


def compose_letter(templates: "Templates", kept: Kept, body_id: int, language: str) -> Body:
    """Return the body of a letter in a language; its links and its reader's address are marks."""
    values = _frame(kept, language)
    name = f"email/letter_{kept.letter}"
    words = templates.words(language)
    subject = str(words.t(_SUBJECTS[kept.letter], site=isolated(values["name"], language)))
    plain = wrap(templates.plain(name, language, **values))
    return Body(
        id=body_id,
        digest="",
        language=language,
        headers=_headers(kept.settings, language),
        subject=header_text(subject),
        html=templates.mail(name, language, **values, document_title=subject),
        plain=directed_lines(plain, language) + "\n",
    )


def _headers(settings: Settings, language: str) -> tuple[tuple[str, str], ...]:
    """Return a letter's headers. Auto-Submitted keeps answering machines silent: RFC 3834."""
    fields = [
        *sender_fields(settings, language),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", language),
    ]
    return tuple((name, header_text(value)) for name, value in fields)


def _frame(kept: Kept, language: str) -> dict[str, Any]:
    settings, site = kept.settings, kept.settings.site
    name = without_marks(languages.pick(site.name, language, site.languages))
    postal = languages.pick(settings.sender.postal_address, language, site.languages)
    look = settings.look
    return {
        "site": site,
        "look": look,
        "light": colours.light(look),
        "dark": colours.dark(look),
        "name": name,
        "logo": urljoin(f"{site.url}/", look.logo) if look.logo else "",
        "address": mark("address"),
        "since": mark("since"),
        "links": {
            "confirm": mark("confirm_url"),
            "fresh": mark("fresh_url"),
            "preferences": mark("preferences_url"),
            "unsubscribe": mark("unsubscribe_url"),
            "subscribe": f"{settings.web_url}/subscribe",
        },
        "postal_address": without_marks(postal),
        "titles": [_title(*pair) for pair in kept.facts.get("titles", ())],
        "editions": [
            {"title": _digest_title(settings, name, language), "at": at}
            for name, at in _editions(kept, language)
        ],
    }


def _title(title: str, link: str) -> dict[str, str]:
    return {"title": without_marks(title), "link": link}


def _editions(kept: Kept, language: str) -> list[tuple[str, str]]:
    """Return the next hour of each digest in words, by the reader's own clock."""
    site, zone = kept.settings.site, kept.facts.get("time_zone")
    theirs = site.model_copy(update={"time_zone": zone}) if zone else site
    found = []
    for name, seconds in kept.facts.get("editions", ()):
        at = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(theirs.time_zone))
        found.append((name, format_date(at, language, theirs, with_time=True)))
    return found


def _digest_title(settings: Settings, name: str, language: str) -> str:
    digest = settings.digests.get(name)
    words = digest.title if digest else {}
    return without_marks(languages.pick(words, language, settings.site.languages)) or name
