"""Everything publisher raises on purpose, and the problems it finds in people's files.

An exception means "this whole thing cannot go on" and carries its exit code; what is wrong with
one file is a `Problem`, what became of one recipient is an `Outcome` (in `delivery`): both values.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Level(StrEnum):
    """How bad a problem is: an error leaves something out, a warning only tells."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file an editor wrote: where, what, and what to do about it."""

    path: str
    line: int  # counted from 1; 0 when the whole file is meant
    message: str
    hint: str = ""
    level: Level = Level.ERROR

    @property
    def is_error(self) -> bool:
        return self.level is Level.ERROR

    def __str__(self) -> str:
        where = f"{one_line(self.path)}:{self.line}" if self.line else one_line(self.path)
        kind = "" if self.is_error else "warning: "
        return f"{where}: {kind}{self.message}" + (f"; {self.hint}" if self.hint else "")


def one_line(text: str) -> str:
    """Return text fit to be printed on one line: controls, lone surrogates and line ends escaped."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\u200c\u200d\u200e\u200f" else ascii(c)[1:-1] for c in text
    )


class PublisherError(Exception):
    """The base of all we raise on purpose: a message, a hint on the next line, an exit code."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class SettingsError(PublisherError):
    """publisher.toml cannot be used; carries every wrong key, each with its line."""

    exit_code = 3

    def __init__(self, problems: Iterable[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)), hint=hint)


class ContentError(PublisherError):
    """Content was left out; carries all problems at once, never just the first."""

    def __init__(self, problems: Iterable[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)), hint=hint)


class WithdrawalRefused(PublisherError):
    """A build would take away so many published items that a mistake is likelier than a wish."""

    def __init__(self, missing: Sequence[str], published: int) -> None:
        self.missing = tuple(missing)
        shown = "".join(f"\n  {one_line(path)}" for path in self.missing[:20])
        more = f"\n  and {len(self.missing) - 20} more" if len(self.missing) > 20 else ""
        super().__init__(
            f"this build would withdraw {len(self.missing)} of {published} published items, "
            f"so nothing was changed:{shown}{more}",
            hint="bring the files back, or run `publisher build --withdraw` if you mean it",
        )


class RenderError(PublisherError):
    """A template failed; names template, line and, where known, the item it was rendering."""

    def __init__(self, template: str, line: int, message: str, *, item_key: str = "") -> None:
        self.template, self.line, self.item_key = template, line, item_key
        self.why = message
        about = f" (item {item_key})" if item_key else ""
        super().__init__(f"{template}:{line}: {message}{about}")


class StoreError(PublisherError):
    """The database cannot be used as it is."""

    exit_code = 4


class MigrationNeeded(StoreError):
    """The database's schema is not the one this version works with."""

    def __init__(self, have: str, want: str) -> None:
        self.have, self.want = have, want
        super().__init__(
            f"the database has schema {have or 'none'}, this version needs {want}",
            hint="run `publisher upgrade`",
        )


class DiskFull(StoreError):
    """The disk that the database lies on has no room left."""


class StoreBusy(StoreError):
    """Another process kept the database for too long."""

    def __init__(self, waited_seconds: float) -> None:
        self.waited_seconds = waited_seconds
        super().__init__(
            f"another publisher process has held the database for {waited_seconds:.0f} seconds",
            hint="wait for it to end, or end it; nothing is lost",
        )


class BackupError(PublisherError):
    """A file is no backup that can be used, or one cannot be written where it should be."""

    def __init__(self, message: str, *, hint: str = "take another backup; nothing changed") -> None:
        super().__init__(message, hint=hint)


class AddressError(PublisherError, ValueError):
    """A text is not an e-mail address that mail can be sent to."""

    def __init__(self, text: str, why: str) -> None:
        self.text, self.why = text, why
        super().__init__(f"{one_line(text[:100])!r} is not an e-mail address: {why}")


class ChoiceError(PublisherError, ValueError):
    """Somebody chose a language, digest, category or time zone that the site does not offer.

    what   language, digest, category, kind, zone, name or pause; "" when nobody asks
    """

    def __init__(self, message: str, *, hint: str = "", what: str = "") -> None:
        self.what = what
        super().__init__(message, hint=hint)


class TokenError(PublisherError):
    """A signed link cannot be honoured."""


class TokenForged(TokenError):
    """The link was not made by us, was cut short, or was made for another purpose."""


class TokenExpired(TokenError):
    """The link is ours but too old; carries when it was made, so that a page can say so."""

    def __init__(self, issued_at: datetime, public_id: str = "") -> None:
        self.issued_at, self.public_id = issued_at, public_id
        super().__init__(f"this link was made on {issued_at:%Y-%m-%d %H:%M} UTC and has expired")


class StateError(PublisherError):
    """A move that the states do not allow; names the state and the moves that are legal."""

    def __init__(
        self, thing: str, state: str, wanted: str, legal: Iterable[str] = (), *, hint: str = ""
    ) -> None:
        self.thing, self.state, self.wanted = thing, state, wanted
        options = ", ".join(legal)
        told = "already" if state == wanted else f"and cannot become {wanted}"
        super().__init__(
            f"{thing} is {state} {told}",
            hint=hint or (f"from {state} it can become: {options}" if options else ""),
        )


class TransportDown(PublisherError):
    """The whole transport cannot be used now; never one recipient's fate."""

    exit_code = 5

    def __init__(
        self,
        transport: str,
        answer: str,
        *,
        retry_after: timedelta = timedelta(0),
        hint: str = "",
        is_refusal: bool = False,
    ) -> None:
        self.transport, self.answer, self.retry_after = transport, answer, retry_after
        self.is_refusal = is_refusal  # it does not want us: a person has to look at it
        super().__init__(f"{transport} is not available: {one_line(answer)}", hint=hint)


class NotAllowed(PublisherError):
    """Somebody asked for something they may not do now."""


class LimitReached(NotAllowed):
    """Somebody asked too often; carries how long until it is worth trying again."""

    def __init__(self, what: str, retry_after: timedelta) -> None:
        self.retry_after = retry_after
        super().__init__(f"too many: {what}")


class SiteHeld(NotAllowed):
    """The database is a restored copy that nobody has released yet; carries since when."""

    def __init__(self, since: datetime, why: str) -> None:
        self.since, self.why = since, why
        super().__init__(
            f"this is a restored copy ({one_line(why)}): it opens and sends nothing until you say so",
            hint="when no other copy of this site sends, run `publisher restore --release`",
        )
