"""The headers of an edition that readers' programs and their providers ask for.

What needs a feedback domain (mailto: unsubscribing, a return path) or a DKIM key is not written
here. Sources: RFC 2369, RFC 2919, RFC 8058; Gmail's Feedback-ID page.
"""

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from publisher.digests.compose_subject import header_text
from publisher.language import pick
from publisher.render import mark

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
        *_senders(settings, language),
        ("List-Id", _list_id(settings, name)),
        ("List-Unsubscribe", f"<{mark('unsubscribe_url')}>"),
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


def editor_headers(settings: "Settings", language: str) -> Headers:
    """Return the headers of a mail to editors, which is of no list, in order."""
    found = [
        *_senders(settings, language),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Content-Language", language),
    ]
    return tuple((key, header_text(value)) for key, value in found)


def _senders(settings: "Settings", language: str) -> Headers:
    sender = settings.sender
    found = (("From", _mailbox(_sender_name(settings, language), sender.address)),)
    return (*found, ("Reply-To", sender.reply_to)) if sender.reply_to else found


def _sender_name(settings: "Settings", language: str) -> str:
    words = settings.sender.name or settings.site.name
    return pick(words, language, settings.site.languages)


def _mailbox(name: str, address: str) -> str:
    quoted = header_text(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if quoted else f"<{address}>"


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
