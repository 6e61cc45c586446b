"""The pages for people: which feeds there are, in words, and the stylesheet they share with feeds.

Links are relative, so that the pages work on any server and from a disk. They are no feed: readers
never parse them, so nothing in them changes when an item is added.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from publisher.feeds import words
from publisher.feeds.calendar_address import all_events_path
from publisher.feeds.channel import Channel, site_name
from publisher.language import direction
from publisher.render import language_name

if TYPE_CHECKING:
    from publisher.render import Templates
    from publisher.settings.model import Look, Settings

STYLESHEET = "feed.css"


def page_paths(languages: Sequence[str]) -> dict[str, str]:
    """Return the pages there are, each with its language ("" for the one over all)."""
    return {"index.html": "", **{f"{tag}/index.html": tag for tag in languages if tag}}


def render_page(
    templates: "Templates",
    settings: "Settings",
    channels: Sequence[Channel],
    language: str,
    calendars: Collection[str] = (),
) -> bytes:
    """Return the page of one language, or of all ("") in the site's first language.

    calendars  languages that have a calendar of events
    """
    tongue = language or settings.site.languages[0]
    order = _order(settings)
    shown = [channel for channel in channels if language in ("", channel.language)]
    shown.sort(key=lambda channel: order.get(channel.language, len(order)))
    up = "../" if language else ""
    text = templates.html(
        "feeds/index",
        tongue,
        site_name=site_name(tongue, settings),
        home=settings.site.url + "/",
        up=up,
        groups=_groups(shown, up, _calendars(calendars, settings, up)),
        pages=_switch(channels, settings, language, up),
    )
    return text.encode()


def render_stylesheet(templates: "Templates") -> bytes:
    """Return the stylesheet with the site's colours, light and dark, set before it."""
    rules = _source(templates)
    return f"{_colours(templates.settings.look)}\n{rules}".encode()


def _calendars(
    languages: Collection[str], settings: "Settings", up: str
) -> dict[str, dict[str, str]]:
    """Return the link to each language's calendar, in that language."""
    return {
        tag: {
            "href": up + all_events_path(tag),
            "label": words.speaker(tag, settings)(words.CALENDAR),
        }
        for tag in languages
    }


def _groups(
    channels: Sequence[Channel], up: str, calendars: Mapping[str, dict[str, str]]
) -> list[dict[str, Any]]:
    return [
        {
            "language": language,
            "dir": direction(language) if language else "",
            "title": language_name(language) if language else "",
            "feeds": [_feed(channel, up) for channel in group],
            "calendar": calendars.get(language),
        }
        for language, group in groupby(channels, key=lambda channel: channel.language)
    ]


def _feed(channel: Channel, up: str) -> dict[str, str]:
    formats = {name: f"{up}{channel.path}.{name}" for name in ("rss", "atom", "json")}
    told = {"title": channel.title, "description": channel.description}
    return {"name": channel.path.rpartition("/")[2], **told, **formats}


def _switch(
    channels: Sequence[Channel], settings: "Settings", here: str, up: str
) -> list[dict[str, Any]]:
    """Return the links between the pages, in the site's order of languages."""
    order = _order(settings)
    tags = sorted({c.language for c in channels} - {""}, key=lambda t: (order.get(t, 99), t))
    return [
        {
            "language": tag,
            "dir": direction(tag),
            "name": language_name(tag),
            "href": f"{up}{tag}/index.html",
            "is_here": tag == here,
        }
        for tag in tags
        if len(tags) > 1
    ]


def _order(settings: "Settings") -> dict[str, int]:
    """Return where each language stands: the feeds of all first, then as the site lists them."""
    return {tag: place for place, tag in enumerate(["", *settings.site.languages])}


def _source(templates: "Templates") -> str:
    """Return the site's own stylesheet, or ours."""
    for folder in templates.folders:
        path = folder / "feeds" / STYLESHEET
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"no {STYLESHEET} among the templates")


def _colours(look: "Look") -> str:
    from publisher.render import colours

    return (
        f":root {{ color-scheme: light dark; {_variables(colours.light(look))} }}\n"
        "@media (prefers-color-scheme: dark) { "
        f":root {{ {_variables(colours.dark(look))} }} }}"
    )


def _variables(palette: Any) -> str:
    names = ("ink", "muted", "paper", "ground", "rule", "accent")
    return " ".join(f"--{name}: {getattr(palette, name)};" for name in names)
