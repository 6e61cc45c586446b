"""Secrets: from the environment or from a file of their own, never from publisher.toml."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from publisher.errors import one_line

Key = tuple[str, ...]
Report = list[tuple[Key, str, str]]  # key, what is wrong, what to do

# The keys that hold a secret. A database address is one only when it carries a password.
DATABASE: Key = ("database", "url")
SECRETS: tuple[Key, ...] = (
    ("delivery", "smtp", "password"),
    ("delivery", "dkim", "key"),
    ("delivery", "dkim", "ed25519_key"),
    ("delivery", "ses", "access_key"),
    ("delivery", "ses", "secret_key"),
    ("delivery", "ses", "session_token"),
    ("delivery", "postmark", "token"),
    ("web", "metrics_token"),
    DATABASE,
)
# The files of these are read where they are used: `delivery` looks at their rights, and
# `publisher dkim-key` makes the one that is not there yet.
_READ_LATER = frozenset({("delivery", "dkim", "key"), ("delivery", "dkim", "ed25519_key")})


def variable(key: Key) -> str:
    """Return the environment variable of a secret: PUBLISHER_DELIVERY_SMTP_PASSWORD."""
    return "_".join(("publisher", *key)).upper()


def file_variable(key: Key) -> str:
    """Return the environment variable that names a secret's file, as `<key>_file` does."""
    return f"{variable(key)}_FILE"


def masked(values: dict[str, Any]) -> dict[str, Any]:
    """Return dumped settings as they may be shown: of each secret only whether there is one."""
    shown = deepcopy(values)
    for *path, name in SECRETS:
        section = shown
        for part in path:
            section = section[part]
        if (*path, name) == DATABASE:
            password = urlsplit(section[name]).password
            if password:
                section[name] = section[name].replace(f":{password}@", ":(set)@")
        elif section[name]:
            section[name] = "(set)"
    return shown


def take_secrets(table: dict[str, Any], root: Path, environ: Mapping[str, str]) -> Report:
    """Put each secret that is given elsewhere into the table read from publisher.toml.

    The environment wins over `<key>_file`. Returns what is wrong; never a secret's own words.
    """
    report: Report = []
    for key in SECRETS:
        is_named = file_variable(key) in environ
        section = _section(table, key[:-1], make=is_named or variable(key) in environ)
        if section is None:
            continue
        name = key[-1]
        if is_named:
            section[f"{name}_file"] = environ[file_variable(key)]
        if _tells(key, section.get(name)):
            report.append(
                (
                    key,
                    f"{'.'.join(key)} must not stand in this file, which others may read",
                    f"take it out and set {variable(key)}, or {name}_file = "
                    f'"var/{name}" with the secret in that file',
                )
            )
            section.pop(name)
        path = None if key in _READ_LATER else section.pop(f"{name}_file", None)
        if variable(key) in environ:
            section[name] = environ[variable(key)]
        elif path:
            _from_file(section, (*key[:-1], f"{name}_file"), root, path, report)
    return report


def _section(table: dict[str, Any], path: Key, *, make: bool) -> dict[str, Any] | None:
    here: Any = table
    for part in path:
        if make:
            here.setdefault(part, {})
        here = here.get(part)
        if not isinstance(here, dict):
            return None  # missing, or not a table: the model says so
    return here if isinstance(here, dict) else None


def _tells(key: Key, value: Any) -> bool:
    if not isinstance(value, str) or not value:
        return False
    if key == DATABASE:
        try:
            return bool(urlsplit(value).password)
        except ValueError:
            return False
    return True


def _from_file(section: dict[str, Any], key: Key, root: Path, path: Any, report: Report) -> None:
    dotted = ".".join(key)
    if not isinstance(path, str):
        report.append((key, f"{dotted} must be a text", 'write the path of a file, "var/password"'))
        return
    try:
        section[key[-1].removesuffix("_file")] = (root / path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text in UTF-8"
        report.append(
            (
                key,
                f"the file of {dotted}, {one_line(path)}, cannot be read ({why})",
                "give a path relative to this folder, readable by the one who runs publisher",
            )
        )
