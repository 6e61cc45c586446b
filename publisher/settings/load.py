"""publisher.toml and the environment become Settings, or a list of every problem at once.

The only module that reads the environment. Its top imports nothing heavy, because every command
starts here; pydantic comes in when a file is really loaded.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from publisher.errors import Problem, SettingsError
from publisher.settings.testing import Testing, read_testing

if TYPE_CHECKING:
    from publisher.settings.model import Settings

FILE_NAME = "publisher.toml"
_PROVIDERS = ("mailgun", "sendgrid", "sparkpost", "brevo")


def testing(environ: Mapping[str, str] | None = None) -> Testing:  # noqa: PT028
    """Return what a test asks of this process: nothing unless PUBLISHER_TESTING is 1."""
    return read_testing(os.environ if environ is None else environ)


def notify_socket(environ: Mapping[str, str] | None = None) -> str:
    """Return the socket on which systemd waits to hear that a start is done, or nothing."""
    return (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")


def load(root: Path, environ: Mapping[str, str] | None = None) -> "Settings":
    """Read the settings of the site in a folder.

    environ  where secrets are looked for; the process's own environment when not given

    Raises SettingsError, exit code 3, with every problem of the file and its line.
    """
    root = root.absolute()
    return read_settings(_text(root / FILE_NAME), root, environ)


def read_settings(text: str, root: Path, environ: Mapping[str, str] | None = None) -> "Settings":
    """Make settings of the text of a publisher.toml; `load` says the rest."""
    table = read_toml(text)
    told = _refused_transport(table)
    environ = os.environ if environ is None else environ
    from publisher.settings.secrets import take_secrets

    told += take_secrets(table, root, environ)
    settings = _validated(table, root, told)
    if not told and settings is not None:
        from publisher.settings.rules import broken_rules

        told += broken_rules(settings, is_test=environ.get("PUBLISHER_TESTING") == "1")
    if told or settings is None:
        raise SettingsError(_placed(told, text))
    return settings


def read_toml(text: str, path: str = FILE_NAME) -> dict[str, Any]:
    """Parse a TOML text; raises SettingsError with the line where it stops being TOML."""
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([_syntax(str(error), text, path)]) from error
    except RecursionError:
        problem = Problem(path, 0, "brackets stand in brackets hundreds deep", "take them out")
        raise SettingsError([problem]) from None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise SettingsError(
            [
                Problem(
                    FILE_NAME,
                    0,
                    f"there is none in {path.parent}",
                    "run `publisher init` to make a site here, or name its folder with --site",
                )
            ]
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            [Problem(FILE_NAME, line, "this line is not UTF-8", "save the file as UTF-8")]
        ) from error
    except OSError as error:
        raise SettingsError(
            [
                Problem(
                    FILE_NAME,
                    0,
                    f"{path} cannot be read ({error.strerror})",
                    "check that it is a file and that you may read it",
                )
            ]
        ) from error


_ADVICE = (
    ("Invalid value", "put text in quotes; true, false and numbers stand without"),
    ("Cannot overwrite", "the key stands in the file twice; keep one"),
    ("twice", "the table stands in the file twice; keep one"),
    ("Expected '=' after a key", "write key = value; a name with spaces needs quotes"),
    ("Illegal character", "a quote may be missing at the end of this line"),
    ("Unclosed array", "a ] is missing"),
    ("Unclosed inline table", "a } is missing"),
    ("Unterminated string", "a quote is missing at the end"),
    ("backslash", "write \\\\ for a backslash, or put the text in single quotes"),
    ("Unescaped '\\\\'", "write \\\\ for a backslash, or put the text in single quotes"),
)


def _syntax(said: str, text: str, path: str) -> Problem:
    import re

    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
    line = int(place[1]) if place and place[1] else text.rstrip().count("\n") + 1
    reason = said[: place.start()] if place else said
    advice = next((advice for sign, advice in _ADVICE if sign in reason), "")
    if not advice:
        advice = f"the reader says: {reason[:1].lower()}{reason[1:]}"
    return Problem(path, line, "here the file stops being TOML", advice)


def _refused_transport(table: dict[str, Any]) -> list[tuple[tuple[str, ...], str, str]]:
    delivery = table.get("delivery")
    transport = delivery.get("transport") if isinstance(delivery, dict) else None
    if not isinstance(delivery, dict) or transport not in _PROVIDERS:
        return []
    delivery.pop("transport")
    return [
        (
            ("delivery", "transport"),
            f'delivery.transport: this version has no "{transport}" yet',
            'use "smtp"; the provider gives a server name and a password for it',
        )
    ]


def _validated(
    table: dict[str, Any], root: Path, told: list[tuple[tuple[str, ...], str, str]]
) -> "Settings | None":
    from pydantic import ValidationError

    from publisher.settings.model import Settings

    if "root" in table:
        table = {name: value for name, value in table.items() if name != "root"}
        told.append((("root",), "there is no key root", "take it out; the folder is where it lies"))
    try:
        return Settings.model_validate({**table, "root": root})
    except ValidationError as error:
        from publisher.settings.explain import explain

        found = error.errors(include_url=False)
        told += dict.fromkeys(explain(each) for each in found)
        return None


def _placed(told: Iterable[tuple[tuple[str, ...], str, str]], text: str) -> list[Problem]:
    """Give each problem its line: that of the key, or of the nearest table around it."""
    from publisher.settings.lines import key_lines

    lines = key_lines(text)
    problems = []
    for key, message, hint in told:
        around = (key[:end] for end in range(len(key), 0, -1))
        line = next((lines[path] for path in around if path in lines), 0)
        problems.append(Problem(FILE_NAME, line, message, hint))
    return sorted(problems, key=lambda problem: problem.line)
