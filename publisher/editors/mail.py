"""A mail to editors: whom it is for, its words and colours, and the bytes of each editor's copy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from publisher import language as languages
from publisher import tokens
from publisher.address import Address, address_hash, parse
from publisher.delivery import Body, Recipient, compose_message, message_id, sign_message
from publisher.digests import editor_headers
from publisher.editors.notices import Draft
from publisher.errors import AddressError
from publisher.ops import log
from publisher.render import Templates, colours, wrap

if TYPE_CHECKING:
    from publisher.delivery import Signer
    from publisher.settings import Settings
    from publisher.tokens import Keys

MOST_LINES = 20  # things listed in one mail
_ID_LENGTH = 32  # hexadecimal digits of a keyed hash: 128 bits

_log = log.get("editors")


@dataclass(frozen=True, slots=True)
class Post:
    """What every mail to editors is made with."""

    settings: "Settings"
    templates: Templates
    keys: "Keys"
    signers: "tuple[Signer, ...]"
    editors: Mapping[str, Address]  # by id

    @property
    def language(self) -> str:
        """The language that editors are written to in: the site's first."""
        return self.settings.site.languages[0]

    def words(self, **values: Any) -> dict[str, Any]:
        """Return the values of a template, with what all templates of mails to editors need."""
        site, look = self.settings.site, self.settings.look
        name = languages.pick(site.name, self.language, site.languages)
        return {"light": colours.light(look), "dark": colours.dark(look), "name": name, **values}

    def title_of(self, digest: str) -> str:
        """Return what a digest is called in the editors' language."""
        of = self.settings.digests.get(digest)
        title = languages.pick(of.title, self.language, self.settings.site.languages) if of else ""
        return title or digest

    def body(self, template: str, subject: str, preheader: str, **values: Any) -> Body:
        """Return a mail made of its own templates, email/<template>; raises RenderError."""
        given = self.words(document_title=subject, preheader=preheader, **values)
        html = self.templates.mail(f"email/{template}", self.language, **given)
        plain = wrap(self.templates.plain(f"email/{template}", self.language, **given))
        return self.body_of(subject, html, plain, self.language)

    def body_of(self, subject: str, html: str, plain: str, language: str) -> Body:
        """Return a mail in a language with the headers of one to editors."""
        headers = editor_headers(self.settings, language)
        return Body(0, "", language, headers, subject, html, plain)

    def drafts(
        self,
        purpose: str,
        body: Body,
        now: datetime,
        *,
        but: Iterable[str] = (),
        about: tuple[str, str] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> Sequence[Draft]:
        """Return a mail to each editor, as it leaves.

        but     editors who have it already
        about   digest and slot of the edition that the editor's own links decide on
        values  of further marks in the body

        Raises HeaderError.
        """
        done = frozenset(but)
        return [
            self._draft(purpose, body, editor, address, now, about, values or {})
            for editor, address in self.editors.items()
            if editor not in done
        ]

    def _draft(
        self,
        purpose: str,
        body: Body,
        editor: str,
        address: Address,
        now: datetime,
        about: tuple[str, str] | None,
        values: Mapping[str, str],
    ) -> Draft:
        links = deciding_links(self.settings, self.keys, editor, *about) if about else {}
        reader = Recipient(0, editor, address.text, (body.language,), now)
        domain = body.sender.rpartition("@")[2]
        identity = message_id(self.keys.lasting, purpose, editor, domain)
        data = compose_message(body, reader, {**values, **links}, identity, now)
        signed = sign_message(data, self.signers, int(now.timestamp()))
        return Draft(purpose, editor, body.sender, signed)


def open_post(
    settings: "Settings", templates: Templates, keys: "Keys", signers: "tuple[Signer, ...]" = ()
) -> Post:
    """Return what mails to the editors of a site are made with.

    What cannot be an address is logged and left out.
    """
    editors = {}
    for text in settings.editors.addresses:
        try:
            address = parse(text)
        except AddressError as error:
            _log.error("[editors] addresses holds what is no address", reason=error.why)
            continue
        editors[editor_id(address, keys)] = address
    return Post(settings, templates, keys, signers, editors)


def editor_id(address: Address, keys: "Keys") -> str:
    """Return what an editor is called where the address must not stand."""
    return address_hash(address.key, keys.lasting).hex()[:_ID_LENGTH]


def deciding_links(
    settings: "Settings", keys: "Keys", editor: str, digest: str, slot: str
) -> dict[str, str]:
    """Return the links by which an editor decides on an edition, by the name of their mark."""
    return {
        f"{act}_url": f"{settings.web_url}/proof/"
        + tokens.make(keys, act, editor, digest, slot=slot)
        for act in tokens.DECIDING
    }
