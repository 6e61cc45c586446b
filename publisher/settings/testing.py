"""What a test asks of a process through its environment; nothing unless PUBLISHER_TESTING is 1."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from publisher.errors import Problem, SettingsError

FIRST_YEAR, LAST_YEAR = 1000, 9000  # as of items
_SECONDS = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Testing:
    """The wishes of a test; the empty value is what every real process gets."""

    __test__ = False  # or pytest takes the name for a class of tests

    now: datetime | None = None  # the clock a command starts from, aware UTC
    crash_at: int = 0  # end the process at its n-th point; 0 is never
    reach: frozenset[str] = frozenset()  # "host:port" that outgoing requests may reach
    dns: tuple[str, int] | None = None  # the address and port of the one resolver that is asked
    reply_seconds: float = 0.0  # how long a mail server's reply is waited for; 0 is as usual
    lease_seconds: float = 0.0  # how long a worker's claim holds without its heartbeat; 0: as usual

    def notices(self) -> list[str]:
        """Return one sentence per wish, so that nobody takes a test for the real thing."""
        said = []
        if self.now:
            said.append(f"the clock starts at {self.now:%Y-%m-%dT%H:%M:%SZ} (PUBLISHER_NOW)")
        if self.crash_at:
            said.append(f"this process ends at point {self.crash_at} (PUBLISHER_CRASH_AT)")
        if self.reach:
            said.append(f"requests may reach {', '.join(sorted(self.reach))} (PUBLISHER_REACH)")
        if self.dns:
            said.append(f"names are looked up at {self.dns[0]}:{self.dns[1]} (PUBLISHER_DNS)")
        if self.reply_seconds:
            said.append(
                f"replies are waited for {self.reply_seconds:g} s (PUBLISHER_REPLY_SECONDS)"
            )
        if self.lease_seconds:
            said.append(f"leases hold for {self.lease_seconds:g} s (PUBLISHER_LEASE_SECONDS)")
        return said


def read_testing(environ: Mapping[str, str]) -> Testing:
    """Read the wishes of a test from an environment; raises SettingsError naming bad ones."""
    if environ.get("PUBLISHER_TESTING") != "1":
        return Testing()
    problems: list[Problem] = []
    now, crash_at, dns = None, 0, None
    if text := environ.get("PUBLISHER_NOW", ""):
        try:
            now = datetime.fromisoformat(text)
            now = now.astimezone(UTC) if now.tzinfo else now.replace(tzinfo=UTC)
            if not FIRST_YEAR <= now.year <= LAST_YEAR:
                raise ValueError("calendars overflow")
        except (ValueError, OverflowError):
            problems.append(_bad("PUBLISHER_NOW", text, "2026-03-29T01:30:00Z"))
    if text := environ.get("PUBLISHER_CRASH_AT", ""):
        if text.isascii() and text.isdigit():
            crash_at = int(text)
        else:
            problems.append(_bad("PUBLISHER_CRASH_AT", text, "3"))
    if text := environ.get("PUBLISHER_DNS", ""):
        dns = _address_and_port(text)
        if dns is None:
            problems.append(_bad("PUBLISHER_DNS", text, "127.0.0.1:5353"))
    reply_seconds = _span(environ, "PUBLISHER_REPLY_SECONDS", problems)
    lease_seconds = _span(environ, "PUBLISHER_LEASE_SECONDS", problems)
    if problems:
        raise SettingsError(problems)
    reach = environ.get("PUBLISHER_REACH", "").replace(",", " ").split()
    return Testing(now, crash_at, frozenset(reach), dns, reply_seconds, lease_seconds)


def _address_and_port(text: str) -> tuple[str, int] | None:
    from ipaddress import ip_address

    found = re.fullmatch(r"([0-9a-fA-F.:]+):([0-9]{1,5})", text, re.ASCII)
    try:
        return (str(ip_address(found[1])), int(found[2])) if found else None
    except ValueError:
        return None


def _span(environ: Mapping[str, str], name: str, problems: list[Problem]) -> float:
    """Read a number of seconds; 0 when there is none, or none that can be read."""
    text = environ.get(name, "")
    if not text or _SECONDS.fullmatch(text):
        return float(text or 0)
    problems.append(_bad(name, text, "2.5"))
    return 0.0


def _bad(name: str, text: str, example: str) -> Problem:
    return Problem(name, 0, f'"{text}" cannot be read', f"write for instance {name}={example}")
