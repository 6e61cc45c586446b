"""Items as the tests of composing need them: whole, and hostile where a test says so."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

from publisher.content.item import (
    Author,
    Body,
    Download,
    Event,
    EventState,
    Image,
    Item,
    Kind,
    Status,
    Translation,
    Word,
)
from publisher.digests.compose import (
    Block,
    Choice,
    Notice,
    compose,
    render_block,
    render_notice,
)
from publisher.render import Templates, compile_parts

SLOT = datetime(2026, 3, 3, 7, 0)
VALUES = {
    "unsubscribe_url": "https://news.example.org/u/TOKEN",
    "preferences_url": "https://news.example.org/preferences/TOKEN",
    "address": "reader@example.net",
    "since": "2 March 2025",
}
PICTURE = Image("https://example.org/skyline.png", "A skyline at dusk", 1200, 675)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def item(key="mayors", language="en", **more):
    """Return a news item in words; anything about it can be said otherwise."""
    facts = {
        "key": key,
        "language": language,
        "id": f"tag:example.org,2026:{key}/{language}",
        "path": f"content/{key}.{language}.md",
        "title": "The mayors met",
        "date": utc("2026-03-01T10:00"),
        "updated": None,
        "kind": Kind.NEWS,
        "summary": "",
        "slug": key,
        "link": f"https://example.org/{language}/{key}/",
        "categories": (),
        "authors": (),
        "image": None,
        "video": "",
        "downloads": (),
        "event": None,
        "translation": None,
        "correction": "",
        "status": Status.READY,
        "digest": "",
        "content_hash": "0",
    }
    return Item(**(facts | more))


def full(language="en", **more):
    """Return an item that has everything an item can have."""
    facts = {
        "kind": Kind.EVENT_REPORT,
        "authors": (Author("Lina Haddad"), Author("عمر سعيد")),
        "image": PICTURE,
        "video": "https://video.example.org/watch/1",
        "downloads": (
            Download("https://example.org/guide.pdf", "A guide", "application/pdf", 2_400_000),
        ),
        "event": Event(
            utc("2023-09-19T00:00"),
            utc("2023-09-21T00:00"),
            True,
            "Gracie Mansion",
            "New York",
            "United States",
            "https://example.org/summit",
        ),
        "translation": Translation("en", True, "a machine"),
    }
    return item(language=language, **(facts | more))


def body(summary="What the mayors said.", minutes=3):
    return Body(f"<p>{summary}</p>", summary, summary, minutes, ())


_kept = {}


def templates_of(settings):
    """Return the templates of these settings, compiled once however many items a test has."""
    kept = _kept.get(id(settings))
    if kept is None or kept[0] is not settings:
        _kept.clear()
        _kept[id(settings)] = kept = (settings, Templates(settings))
    return kept[1]


def choice(
    settings, what, *, text=None, others=(), related=(), pinned=False, fallback=False, **more
):
    """Return an item as an edition's rows give it back: through JSON."""
    block = render_block(templates_of(settings), settings, what, text or body(), others, related)
    frozen = Block(**through_json(block))
    return Choice(frozen, is_pinned=pinned, is_fallback=fallback, **more)


def notice(settings, what):
    """Return what changed about an item as an edition's rows give it back: through JSON."""
    return Notice(**through_json(render_notice(templates_of(settings), settings, what)))


def through_json(frozen):
    return json.loads(json.dumps(asdict(frozen)))


def word(html="", **more):
    """Return an editor's word; its text is that of its HTML where the test gives no other."""
    facts = {"subject": "", "preheader": "", "html": html, "text": "", "path": "content/w.md"}
    return Word(**(facts | more))


def happening(state=EventState.PLANNED, start="2026-10-09T00:00", end="2026-10-11T00:00", **more):
    """Return an event of whole days."""
    return Event(utc(start), utc(end) if end else None, True, state=state, **more)


def edition(settings, *choices, language="en", **more):
    facts = {"name": "weekly", "slot": SLOT, "language": language, "edition_id": 17} | more
    return compose(templates_of(settings), settings, blocks=choices, **facts)


def joined(composed):
    """Return a body's HTML for one reader."""
    return compile_parts(composed.html).join(VALUES, is_html=True)


def plain(composed):
    """Return a body's text part for one reader."""
    return compile_parts(composed.plain).join(VALUES)
