"""What a check answers."""

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer: a sentence, and what to do when all is not well."""

    number: str
    result: Result
    message: str
    hint: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the finding as JSON shows it."""
        return {
            "check": self.number,
            "result": self.result.value,
            "message": self.message,
            "hint": self.hint,
        }


Answer = tuple[Result, str, str]
"""Result, what was found, and what to do when all is not well."""
