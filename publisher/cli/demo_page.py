"""The page the demo ends on: every reader's inbox, why they got each mail, the feeds, what is next.

The mails are read back from the outbox as delivered; only the addresses of pictures are turned to
the feeds folder beside the page, because the sample site is not on the web.
"""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from publisher import digests, language
from publisher.app import editions
from publisher.cli.report import count, moment
from publisher.digests.rule import How
from publisher.feeds import feed_links
from publisher.files import write_if_changed
from publisher.store import read
from publisher.subscribers import Person, find

if TYPE_CHECKING:
    from publisher.cli.demo_story import Sent, Story
    from publisher.digests import Reasons

PAGE = "index.html"
FORMATS = (("RSS", "rss"), ("Atom", "atom"), ("JSON", "json"))


@dataclass(frozen=True, slots=True)
class Mail:
    """One delivered message as the page shows it."""

    subject: str
    language: str
    dir: str
    when: str
    reasons: tuple[str, ...]
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """One reader's column."""

    name: str
    about: str
    mails: tuple[Mail, ...]


def write_page(story: "Story", sent: "Sent") -> Path:
    """Write the page and the mails it shows; return where it lies."""
    page = _Page(story)
    inboxes = [page.inbox(person) for person in story.readers]
    begin, end = page.span
    html = story.app.templates.html(
        "demo/index.html.j2",
        "en",
        site_name=language.pick(story.settings.site.name, "en"),
        site_dir=".",
        items=len(story.items()),
        languages=len(story.settings.site.languages),
        feeds_count=sent.feeds,
        sent=sent.messages,
        began=begin,
        ended=end,
        readers=inboxes,
        feeds=page.feeds(),
        slots=page.slots(),
    )
    path = story.folder / PAGE
    write_if_changed(path, html.encode())
    return path


class _Page:
    def __init__(self, story: "Story") -> None:
        self._story, self._settings, self._app = story, story.settings, story.app
        self._messages = list(_messages(story.settings.outbox_dir))

    @property
    def span(self) -> tuple[str, str]:
        from publisher.cli.demo_story import BEGIN, END

        return f"{BEGIN:%-d}", f"{END:%-d %B %Y}"

    def inbox(self, person: Person) -> Inbox:
        """Return a reader's column, the newest mail on top."""
        mine = [one for one in self._messages if person.email in str(one["To"])]
        mine.sort(key=lambda one: one["Date"].datetime, reverse=True)
        mails = tuple(self._mail(person, one, number) for number, one in enumerate(mine, start=1))
        return Inbox(person.name, self._about(person), mails)

    def feeds(self) -> list[dict[str, object]]:
        """Return the feeds in the order of the site's languages."""
        order = {tag: place for place, tag in enumerate(["", *self._settings.site.languages])}
        links = sorted(feed_links(self._settings), key=lambda link: order.get(link.language, 99))
        return [
            {
                "title": link.title,
                "language": _name(link.language) if link.language else "all",
                "formats": [(name, self._here(getattr(link, key))) for name, key in FORMATS],
            }
            for link in links
        ]

    def slots(self) -> list[dict[str, str]]:
        """Return when each digest is next due and what waits for it."""
        zone = self._settings.site.zone
        found = []
        for each in editions.forecast(self._app).digests:
            when = moment(each.slots[0].due_at, zone) if each.slots else "after the next new item"
            waiting = [f"“{place.item.title}”" for place in each.waiting]
            found.append(
                {
                    "title": self._title(each.name),
                    "when": when,
                    "waiting": ", ".join(waiting) or "nothing yet",
                }
            )
        return found

    def _mail(self, person: Person, message: EmailMessage, number: int) -> Mail:
        tag = str(message["Content-Language"])
        file = f"inbox/{person.email.partition('@')[0]}-{number}.html"
        html = self._here(_part(message, "html"), "../")
        write_if_changed(self._story.folder / file, html.encode())
        sent_at = message["Date"].datetime
        return Mail(
            subject=str(message["Subject"]),
            language=tag,
            dir=language.direction(tag),
            when=f"Sent {moment(sent_at, self._settings.site.zone)}",
            reasons=tuple(self._why(person, message)),
            file=file,
            text=_part(message, "plain"),
        )

    def _why(self, person: Person, message: EmailMessage) -> Iterator[str]:
        edition = int(str(message["Feedback-ID"]).partition(":")[0])
        with read(self._app.engine) as conn:
            subscriber = find(conn, person.email, self._app.now())
            found = digests.reasons(conn, edition, subscriber.id) if subscriber else None
        if found is None:
            return
        yield f"It is the edition of {found.edition.slot.local.replace('T', ', ')} of {self._title(found.edition.digest)}."
        if found.categories:
            yield f"Of its items, those about {_either(map(self._category, found.categories))}."
        yield from _by_language(found)

    def _about(self, person: Person) -> str:
        reads = ", then ".join(map(_name, person.languages))
        gets = " and ".join(map(self._title, person.digests))
        about = (
            f", only about {_either(map(self._category, person.categories))}"
            if person.categories
            else ""
        )
        return f"Reads {reads}. Asked for {gets}{about}."

    def _here(self, text: str, up: str = "") -> str:
        """Turn addresses of the feeds into the folder beside the page."""
        return text.replace(self._settings.feeds_url, f"{up}feeds")

    def _title(self, digest: str) -> str:
        return f"“{language.pick(self._settings.digests[digest].title, 'en')}”"

    def _category(self, slug: str) -> str:
        return language.pick(self._settings.categories[slug].name, "en")


def _by_language(found: "Reasons") -> Iterator[str]:
    """Say how many items came in which language, and why in that one."""
    groups: dict[tuple[How, str], int] = {}
    for reason in found.items:
        groups[reason.how, reason.language] = groups.get((reason.how, reason.language), 0) + 1
    for (how, tag), number in groups.items():
        items, name = count(number, "item"), _name(tag)
        if how is How.FIRST:
            yield f"{items} in {name}, their first language."
        elif how is How.NEXT:
            yield f"{items} in {name}: no version in {_name(found.languages[0])} came in time."
        else:
            yield f"{items} in {name}, the site’s first language: there is none in theirs."


def _messages(outbox: Path) -> Iterator[EmailMessage]:
    for folder in ("new", "cur"):
        for path in sorted((outbox / folder).glob("*")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            yield message


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()) if part else ""


def _name(tag: str) -> str:
    from babel import Locale

    return Locale.parse(tag.replace("-", "_")).get_display_name("en") or tag


def _either(words: Iterator[str]) -> str:
    return " or ".join(words)
