"""The headers of an edition that readers' programs and their providers ask for.

Unsubscribing by mail is offered only where `[feedback] domain` says that such mail is read.
Sources: RFC 2369, RFC 2919, RFC 8058; Gmail's Feedback-ID page.
"""

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from publisher.delivery import header_text, sender_fields
from publisher.language import pick
from publisher.render import mark
from publisher.subscribers import UNSUBSCRIBE_BOX

if TYPE_CHECKING:
    from publisher.settings.model import Settings

Headers = tuple[tuple[str, str], ...]


def headers(settings: "Settings", name: str, language: str, edition_id: int | None) -> Headers:
    """Return an edition's headers in order; values may hold splice marks.

    Date, To, Subject and Message-ID differ from recipient to recipient and are not among them.
    """
    sender, web = settings.sender, settings.web_url
    owner = sender.reply_to or sender.address
    found = [
        *sender_fields(settings, language),
        ("List-Id", _list_id(settings, name)),
        ("List-Unsubscribe", _unsubscribe(settings)),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Help", f"<{web}/preferences>"),
        ("List-Archive", f"<{web}/archive/{quote(name)}>"),
        ("List-Owner", f"<mailto:{quote(owner, safe='@+')}>"),
        ("List-Post", "NO"),
        ("Feedback-ID", _feedback_id(settings, name, edition_id)),
        ("Precedence", "bulk"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Content-Language", language),
    ]
    return tuple((key, header_text(value)) for key, value in found)


def _unsubscribe(settings: "Settings") -> str:
    link = f"<{mark('unsubscribe_url')}>"
    if not settings.feedback.domain:
        return link
    box = f"{UNSUBSCRIBE_BOX}{mark('unsubscribe_token')}@{settings.feedback.domain}"
    return f"{link}, <mailto:{box}?subject=unsubscribe>"


def editor_headers(settings: "Settings", language: str) -> Headers:
    """Return the headers of a mail to editors, which is of no list, in order."""
    found = [
        *sender_fields(settings, language),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Content-Language", language),
    ]
    return tuple((key, header_text(value)) for key, value in found)


def _list_id(settings: "Settings", name: str) -> str:
    """Return "Weekly digest <weekly.news.example.org>", the same in every language.

    The words are left out when they are not plain ASCII: few filters decode them there.
    """
    host = urlsplit(settings.web_url).hostname or "localhost"
    host = host.encode("idna").decode() if not host.isascii() else host
    title = pick(settings.digests[name].title, "en") if name in settings.digests else ""
    known = header_text(title).replace("<", "").replace(">", "")
    return f"{known} <{name}.{host}>" if known and known.isascii() else f"<{name}.{host}>"


def _feedback_id(settings: "Settings", name: str, edition_id: int | None) -> str:
    domain = settings.sender.address.rpartition("@")[2]
    return f"{edition_id or 0}:{name}:edition:{domain}".replace(" ", "")
