"""The front matter as a JSON Schema, for editors' programs that complete and check while typing."""

from typing import TYPE_CHECKING, Any

from publisher.content import fields as table

if TYPE_CHECKING:
    from publisher.settings import Settings

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_ADDRESS: Schema = {"type": "string", "pattern": "^https?://"}
_DATE: Schema = {"type": "string", "description": "2026-03-02 or 2026-03-02T10:00:00Z"}
_WORDS: Schema = {"type": "array", "items": _SCALAR, "maxItems": table.MAX_ENTRIES}
_AUTHOR: Schema = {
    "type": "object",
    "properties": {"name": _TEXT, "email": _TEXT, "url": _ADDRESS},
    "required": ["name"],
}
_DOWNLOAD: Schema = {
    "type": "object",
    "properties": {
        "file": _TEXT,
        "url": _ADDRESS,
        "title": _TEXT,
        "type": {"type": "string", "pattern": r"^[\w.+-]+/[\w.+-]+$"},
        "size": {"type": "integer", "minimum": 0},
    },
    "anyOf": [{"required": ["file"]}, {"required": ["url"]}],
}
_FORMS: dict[str, Schema] = {
    "text": _SCALAR,
    "word": _SCALAR,
    "date": _DATE,
    "zone": {"type": "string", "examples": ["Europe/Berlin"]},
    "tag": _SCALAR,
    "slug": {"type": "string", "pattern": r"^[^\s/\\]+$"},
    "url": _TEXT,
    "flag": {"type": "boolean"},
    "map": {"type": "object"},
    "words": {"anyOf": [_SCALAR, _WORDS]},
    "authors": {
        "anyOf": [
            _TEXT,
            _AUTHOR,
            {
                "type": "array",
                "items": {"anyOf": [_TEXT, _AUTHOR]},
                "maxItems": table.MAX_ENTRIES,
            },
        ]
    },
    "image": {
        "anyOf": [
            _TEXT,
            {
                "type": "object",
                "properties": {
                    "src": _TEXT,
                    "alt": _TEXT,
                    "width": {"type": "integer", "minimum": 0},
                    "height": {"type": "integer", "minimum": 0},
                },
            },
        ]
    },
    "downloads": {
        "anyOf": [
            _TEXT,
            {
                "type": "array",
                "items": {"anyOf": [_TEXT, _DOWNLOAD]},
                "maxItems": table.MAX_ENTRIES,
            },
        ]
    },
    "event": {
        "type": "object",
        "properties": {
            "start": _DATE,
            "end": _DATE,
            "place": _TEXT,
            "city": _TEXT,
            "country": _TEXT,
            "url": _ADDRESS,
            "state": {"enum": list(table.EVENT_STATES)},
        },
    },
    "translation": {
        "type": "object",
        "properties": {"of": _TEXT, "method": {"enum": list(table.METHODS)}, "by": _TEXT},
    },
}


def schema(settings: "Settings | None" = None) -> Schema:
    """Return the JSON Schema of the front matter; with settings, of this site's."""
    properties: Schema = {}
    for field in table.FIELDS:
        form = dict(_FORMS[field.form])
        if field.choices:
            form = {"enum": list(field.choices)}
        elif field.limit and form in (_SCALAR, _TEXT):
            form["maxLength"] = field.limit
        if settings is not None and field.name == "lang":
            form = {"enum": list(settings.site.languages)}
        properties[field.name] = {**form, "description": field.about}
        for name in field.also:
            about = f"Another name of `{field.name}`. {field.about}"
            also = dict(_SCALAR) if name in ("type", "published") else dict(form)
            properties[name] = {**also, "description": about}
    if settings is not None and settings.categories:
        properties["categories"]["examples"] = [list(settings.categories)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Front matter of an item",
        "type": "object",
        "required": ["title"],
        "properties": properties,
    }
