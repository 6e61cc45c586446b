"""Structured log lines on standard error: for people on a console, or JSON for machines.

Every command imports this, so its own imports wait until a line is really written.
"""

import sys
from datetime import UTC, datetime

from publisher.errors import one_line

Field = str | int | float | bool | datetime | None


_SEVERITIES = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class _Output:
    is_json = False
    least = _SEVERITIES["warning"]


_output = _Output()


def configure(*, json: bool, level: str) -> None:
    """Choose the form and the least severity ("debug", "info", "warning", "error") of lines."""
    _output.is_json = json
    _output.least = _SEVERITIES[level]


def get(name: str) -> "Log":
    """Return the log of a room; the name stands in each of its lines."""
    return Log(name)


class Log:
    """Writes events with fields: `log.info("edition opened", edition=17, recipients=200)`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def debug(self, event: str, **fields: Field) -> None:
        """Write what only a developer asks for."""
        self._write("debug", event, fields)

    def info(self, event: str, **fields: Field) -> None:
        """Write what happened as it should."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: Field) -> None:
        """Write what somebody should look at some day."""
        self._write("warning", event, fields)

    def error(self, event: str, **fields: Field) -> None:
        """Write what somebody should look at now."""
        self._write("error", event, fields)

    def _write(self, severity: str, event: str, fields: dict[str, Field]) -> None:
        if _SEVERITIES[severity] < _output.least:
            return
        now = datetime.now(UTC)
        form = _as_json if _output.is_json else _for_people
        # One call for the whole line, so that lines of several threads do not mix.
        sys.stderr.write(form(now, severity, self.name, event, fields) + "\n")


def _as_json(now: datetime, severity: str, name: str, event: str, fields: dict[str, Field]) -> str:
    import json

    line = {
        "time": now.isoformat(timespec="milliseconds"),
        "level": severity,
        "room": name,
        "event": event,
        **{key: _plain(value) for key, value in fields.items()},
    }
    return json.dumps(line, ensure_ascii=False)


def _for_people(
    now: datetime, severity: str, name: str, event: str, fields: dict[str, Field]
) -> str:
    told = "".join(f" {key}={_quoted(_plain(value))}" for key, value in fields.items())
    mark = "" if severity in ("debug", "info") else f"{severity}: "
    return f"{now:%H:%M:%S} {name}: {mark}{one_line(event)}{told}"


def _plain(value: Field) -> str | int | float | bool | None:
    return value.isoformat() if isinstance(value, datetime) else value


def _quoted(value: str | int | float | bool | None) -> str:
    text = str(value)
    if not text or " " in text or '"' in text or not text.isprintable():
        import json

        return json.dumps(text, ensure_ascii=False)
    return text
