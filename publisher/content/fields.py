"""The front-matter table: every field, its form, the other names and forms it may come in.

One table for reading, for the JSON Schema, for `publisher new` and for the reference page.
"""

from dataclasses import dataclass

MAX_TITLE = 5_000  # characters
MAX_TEXT = 20_000  # characters of a summary or correction
LONG_CORRECTION = 300  # characters; it opens the next edition, so it is one sentence
MAX_WORD = 1_000  # characters of a place, a name, an address
MAX_ENTRIES = 100  # categories, authors, downloads of one item
MAX_SLUG = 200  # characters

KINDS = ("news", "article", "event-report", "event")
STATUSES = ("ready", "draft", "hold")
DIGEST_WORDS = ("pin", "skip")
EVENT_STATES = ("planned", "moved", "cancelled")
EVENT_KEYS = ("start", "end", "place", "city", "country", "url", "state")
TRANSLATION_KEYS = ("of", "method", "by")
METHODS = ("human", "machine")
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the front matter."""

    name: str
    form: str  # text, date, tag, slug, url, word, words, authors, image, downloads, event, …
    about: str
    also: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    limit: int = 0  # characters or entries


FIELDS = (
    Field("title", "text", "What the item is called; required.", limit=MAX_TITLE),
    Field(
        "date",
        "date",
        "When it is published; a moment in the future queues it until then. May also stand in the "
        "file name, the folders or `path`.",
        ("published", "publishDate"),
    ),
    Field("timezone", "zone", "The zone of times written without offset; else the site's."),
    Field(
        "updated", "date", "When it was changed in a way that readers should notice.", ("lastmod",)
    ),
    Field("kind", "word", "What sort of piece it is; news when not said.", ("type",), KINDS),
    Field(
        "summary",
        "text",
        "One paragraph for lists; else the first paragraph of the text.",
        ("description", "excerpt"),
        limit=MAX_TEXT,
    ),
    Field("lang", "tag", "The language; else from file name or folder.", ("language",)),
    Field("id", "word", "A stable id, unique per language.", ("guid",), limit=MAX_WORD),
    Field("slug", "slug", "The last part of the item's address.", limit=MAX_SLUG),
    Field("link", "url", "The item's page; else made from [site] item_url.", ("permalink", "url")),
    Field("path", "text", "Zola's address; the item's date is read from it.", limit=MAX_WORD),
    Field(
        "categories",
        "words",
        "Slugs of [categories], or any of their words.",
        ("tags", "category"),
        limit=MAX_ENTRIES,
    ),
    Field("authors", "authors", "Who wrote it.", ("author",), limit=MAX_ENTRIES),
    Field("image", "image", "The picture that stands for the item."),
    Field("video", "url", "A page with a video."),
    Field("downloads", "downloads", "Files offered with the item.", limit=MAX_ENTRIES),
    Field("event", "event", "When and where it takes place."),
    Field("event_start", "date", "When the event begins; short for event.start."),
    Field("event_end", "date", "When the event ends; short for event.end."),
    Field("place", "text", "Where the event is; short for event.place.", limit=MAX_WORD),
    Field("translation", "translation", "What it was translated from, how, and by whom."),
    Field("machine_translated", "flag", "Short for translation.method: machine."),
    Field(
        "correction",
        "text",
        "One sentence saying what was wrong; goes with `updated`.",
        limit=MAX_TEXT,
    ),
    Field("status", "word", "Whether it may be published; ready when not said.", (), STATUSES),
    Field("draft", "flag", "Short for status: draft."),
    Field("digest", "word", "Pin it to the top of the next edition, or skip it.", (), DIGEST_WORDS),
    Field("taxonomies", "map", "Zola's table of categories and tags."),
)


def by_name() -> dict[str, str]:
    """Return every accepted name, in its own and in small letters -> the field's name."""
    names: dict[str, str] = {}
    for field in FIELDS:
        for name in (field.name, *field.also):
            names[name] = names[name.lower()] = field.name
    return names


NAMES = by_name()
