"""What a feed says about itself: name, addresses, language and time."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from publisher.feeds import clean, words
from publisher.feeds.entry import category_name
from publisher.feeds.plan import Feed
from publisher.language import pick

if TYPE_CHECKING:
    from publisher.settings.model import Settings

_TITLES = {
    "news": "%(site)s: news",
    "article": "%(site)s: articles",
    "event-report": "%(site)s: event reports",
    "event": "%(site)s: events",
}
_DESCRIPTIONS = {
    "all": "Everything that %(site)s publishes.",
    "news": "News from %(site)s.",
    "article": "Articles and essays from %(site)s.",
    "event-report": "What happened at the events of %(site)s.",
    "event": "Coming events of %(site)s.",
}
_CATEGORY_TITLE = "%(site)s: %(category)s"
_CATEGORY = "Everything that %(site)s publishes about %(category)s."
_EVERY_LANGUAGE_TITLE = "%(site)s (all languages)"
_EVERY_LANGUAGE = "Everything that %(site)s publishes, in every language."


@dataclass(frozen=True, slots=True)
class Channel:
    """One feed's own facts, the same in each format."""

    id: str
    language: str  # "" when the feed holds several
    title: str
    description: str
    home: str  # the site's page for people
    base: str  # where feeds/ is reachable
    path: str  # under feeds/, without the format
    site_name: str
    updated: datetime
    hub: str

    def file_url(self, format_: str) -> str:
        """Where the feed is reachable in one format."""
        return clean.web_address(f"{self.base}/{self.path}.{format_}")

    @property
    def stylesheet(self) -> str:
        """The stylesheet's address as seen from the feed, so that it works from a disk too."""
        return "../" * self.path.count("/") + "feed.css"


def make_channel(feed: Feed, settings: "Settings", updated: datetime) -> Channel:
    """Return what a feed says about itself, in its own language."""
    tongue = feed.language or settings.site.languages[0]
    site = site_name(tongue, settings)
    return Channel(
        id=f"tag:{settings.feeds.id_authority}:feeds/{feed.path}",
        language=feed.language,
        title=clean.title_text(_title(feed, tongue, settings), tongue),
        description=clean.one_line(_description(feed, tongue, settings)),
        home=clean.web_address(settings.site.url + "/"),
        base=settings.feeds_url,
        path=feed.path,
        site_name=site,
        updated=updated,
        hub=clean.web_address(settings.feeds.hub),
    )


def site_name(language: str, settings: "Settings") -> str:
    """Return what the site calls itself in a language; its address when it has no name."""
    name = clean.one_line(pick(settings.site.name, language, settings.site.languages))
    return name or settings.site.url.partition("://")[2]


def _title(feed: Feed, tongue: str, settings: "Settings") -> str:
    site = site_name(tongue, settings)
    if feed.language and feed.name == "all":
        return site
    sentence = _TITLES.get(feed.name, _CATEGORY_TITLE) if feed.language else _EVERY_LANGUAGE_TITLE
    return _say(sentence, feed, tongue, settings)


def _description(feed: Feed, tongue: str, settings: "Settings") -> str:
    sentence = _DESCRIPTIONS.get(feed.name, _CATEGORY) if feed.language else _EVERY_LANGUAGE
    return _say(sentence, feed, tongue, settings)


def _say(sentence: str, feed: Feed, tongue: str, settings: "Settings") -> str:
    values = {"site": site_name(tongue, settings)}
    if "%(category)s" in sentence:
        values["category"] = category_name(feed.category or feed.name, tongue, settings)
    return words.speaker(tongue, settings)(sentence, **values)
