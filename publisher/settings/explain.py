"""What pydantic found wrong, said in our own words: the key, what is allowed, the nearest name."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from publisher.settings.model import Settings
from publisher.settings.secrets import DATABASE, SECRETS

Told = tuple[tuple[str, ...], str, str]  # key, what is wrong, what to do

_EXAMPLES = {
    "site": "[site] with url, name and languages",
    "site.url": 'url = "https://example.org"',
    "site.name": 'name = { en = "Example Cities" }',
    "site.languages": 'languages = ["en", "ar"]',
    "feeds": "[feeds] with id_authority",
    "feeds.id_authority": 'id_authority = "example.org,2026", a domain you own and a year you own it in',
    "sender": "[sender] with address",
    "sender.address": 'address = "digest@example.org"',
    "delivery.ses.region": 'region = "eu-west-1"',
}
_WANTED = {
    "string_type": ("a text", "write it in quotes"),
    "bool_type": ("true or false", "write it without quotes"),
    "bool_parsing": ("true or false", "write it without quotes"),
    "int_type": ("a whole number", "write it without quotes"),
    "int_parsing": ("a whole number", "write it without quotes"),
    "int_from_float": ("a whole number", "leave the fraction out"),
    "float_type": ("a number", "write it without quotes"),
    "float_parsing": ("a number", "write it without quotes"),
    "list_type": ("a list", 'write it in brackets, for instance ["one", "two"]'),
    "dict_type": ("a table", 'write it in braces, for instance { en = "…", ar = "…" }'),
    "model_type": ("a table", "write its keys under a line of their own with the name in brackets"),
}


def explain(error: Mapping[str, Any]) -> Told:
    """Turn one entry of a ValidationError's list into key, sentence and advice."""
    key = tuple(str(part) for part in error["loc"] if part != "[key]")
    name = ".".join(key)
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return key, f"{name} is missing", f"write {_EXAMPLES.get(name, name)}"
        case "extra_forbidden":
            return key, f"there is no key {name}", _nearest(key)
        case "literal_error":
            allowed = context["expected"].replace("'", '"')
            return key, f"{name} is {_shown(error['input'])}", f"write {allowed}"
        case "greater_than_equal":
            return key, f"{name} is {_shown(error['input'])}", f"write at least {context['ge']}"
        case "less_than_equal":
            return key, f"{name} is {_shown(error['input'])}", f"write at most {context['le']}"
        case "too_short":
            return key, f"{name} is empty", f"write {_EXAMPLES.get(name, 'at least one')}"
        case "string_pattern_mismatch":
            wanted = _EXAMPLES.get(name, "it as the documentation shows")
            return key, f"{name} is {_shown(error['input'])}", f"write {wanted}"
        case "value_error":
            if key[-1] == "since":  # the words here are Python's
                return key, f"{name} is {_shown(error['input'])}", 'write a date, "2026-01-31"'
            said = str(context.get("error", error["msg"]))
            return key, f"{name} is {_shown(error['input'])}", said
    wanted, advice = _WANTED.get(error["type"], ("something else", str(error["msg"])))
    return key, f"{name} must be {wanted}, not {_shown(error['input'])}", advice


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value if len(value) <= 60 else value[:57] + "…"}"'
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return str(value)


def _nearest(key: Sequence[str]) -> str:
    """Say which known name may be meant: one spelt alike here, or the same one elsewhere."""
    known = sorted(names_at(key[:-1]))
    if close := get_close_matches(key[-1], known, n=1, cutoff=0.6):
        return f'did you mean "{close[0]}"?'
    homes = [".".join((*home, key[-1])) for home in _homes() if key[-1] in names_at(home)]
    if homes:
        return f'did you mean "{homes[0]}"?'
    return f"known here: {', '.join(known)}" if known else "take it out"


def names_at(path: Sequence[str]) -> frozenset[str]:
    """Return the keys a table of publisher.toml may hold; none where any name is allowed."""
    model: Any = Settings
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = _inside(model.model_fields[part])
        elif not isinstance(model, type):
            model = get_args(model)[-1]  # dict[str, Digest]: any name leads to a Digest
        else:
            return frozenset()
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return frozenset()
    secrets = {key[-1] for key in SECRETS if key[:-1] == tuple(path) and key != DATABASE}
    return frozenset(model.model_fields) - {"root"} - secrets


def _inside(field: FieldInfo) -> Any:
    return field.annotation


def _homes() -> list[tuple[str, ...]]:
    homes: list[tuple[str, ...]] = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            homes.append((name,))
            homes += [
                (name, inner)
                for inner, deeper in kind.model_fields.items()
                if isinstance(deeper.annotation, type) and issubclass(deeper.annotation, BaseModel)
            ]
    return homes
