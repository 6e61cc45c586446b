"""Receivers that belong together, each served at a pace of its own.

Large providers receive for many domains and judge a sender by the rate over all of them.
"""

from collections.abc import Mapping

from publisher.delivery.pace import Pace
from publisher.delivery.smtp.servers import Health
from publisher.settings.model import Receivers

# Providers whose domains are one receiver to a sender; from the domains' MX records, 2026-11.
_KNOWN = {
    "gmail": ("gmail.com", "googlemail.com"),
    "microsoft": ("outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk"),
    "yahoo": ("yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "yahoo.co.uk"),
    "apple": ("icloud.com", "me.com", "mac.com"),
    "gmx": ("gmx.net", "gmx.de", "gmx.at", "gmx.ch", "web.de"),
    "mail.ru": ("mail.ru", "inbox.ru", "list.ru", "bk.ru"),
}
LONGEST_WAIT = 600.0  # seconds that a message is put off for its receiver's sake at most


class Groups:
    """The paces of all receivers, by the domain of an address."""

    def __init__(self, settings: Mapping[str, Receivers]) -> None:
        """Begin with what the site says of its receivers."""
        self._name_of = {domain: name for name, domains in _KNOWN.items() for domain in domains}
        self._most = {name: receivers.per_second for name, receivers in settings.items()}
        for name, receivers in settings.items():
            self._name_of.update(dict.fromkeys(map(str.lower, receivers.domains), name))
        self._paces: dict[str, Pace] = {}

    def wait_seconds(self, address: str, at: float) -> float:
        """Reserve the next moment at which an address may be served; return how far it is.

        at  seconds of a clock that never goes back
        """
        name = self._group(address)
        pace = self._paces.get(name)
        if pace is None:
            if not self._most.get(name):
                return 0.0  # nearly all: nobody has asked for anything
            pace = self._pace(name)
        return min(pace.reserve(at), LONGEST_WAIT)

    def slower(self, address: str, at: float) -> None:
        """Note that an address's receiver finds us too fast."""
        self._pace(self._group(address)).slower(at)

    def recall(self, known: Mapping[str, Health], at: float) -> None:
        """Begin with what earlier runs have learnt."""
        for name, health in known.items():
            kind, _, group = name.partition(":")
            if kind == "group" and health.per_second is not None:
                self._pace(group).remember(health.per_second, at)

    def learnt(self, at: float) -> dict[str, Health]:
        """Return what later runs should know."""
        return {
            f"group:{name}": Health(per_second=rate)
            for name, pace in self._paces.items()
            if (rate := pace.learnt(at)) is not None
        }

    def _group(self, address: str) -> str:
        domain = address.rpartition("@")[2].lower()
        return self._name_of.get(domain, domain)

    def _pace(self, name: str) -> Pace:
        if name not in self._paces:
            self._paces[name] = Pace(most=self._most.get(name, 0.0))
        return self._paces[name]
