"""Items and a library made by hand: for tests of one module, where no file needs to be read."""

from dataclasses import replace
from datetime import UTC, datetime

from publisher.content.item import Body, Item, Kind, Status

ARABIC = "القمة العالمية الرابعة"


def make_item(key: str = "summit", language: str = "en", **facts: object) -> Item:
    item = Item(
        key=key,
        language=language,
        id=f"tag:example.org,2026:{key}/{language}",
        path=f"content/{key}.{language}.md",
        title="Fourth global summit" if language != "ar" else ARABIC,
        date=datetime(2026, 3, 1, 10, tzinfo=UTC),
        updated=None,
        kind=Kind.NEWS,
        summary="",
        slug=key,
        link=f"https://example.org/{language}/{key}/",
        categories=(),
        authors=(),
        image=None,
        video="",
        downloads=(),
        event=None,
        translation=None,
        correction="",
        status=Status.READY,
        digest="",
        content_hash="0" * 64,
    )
    return replace(item, **facts)


def make_body(html: str = "<p>Text.</p>", **facts: object) -> Body:
    return replace(
        Body(html=html, text="Text.", summary="Text.", reading_minutes=1, files=()), **facts
    )


def configure(site, section: str = "feeds", **values: object) -> None:
    """Add keys to a section of a test site's settings."""
    import json

    text = (site.root / "publisher.toml").read_text(encoding="utf-8")
    lines = "".join(f"\n{key} = {json.dumps(value)}" for key, value in values.items())
    site.configure(text.replace(f"[{section}]", f"[{section}]{lines}", 1))
