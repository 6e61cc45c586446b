"""`publisher dkim-key`: a key that signs, the record for DNS, and the lines for publisher.toml."""

import json
from typing import TYPE_CHECKING, Any

import click

from publisher.cli.report import say, say_json
from publisher.cli.start import Start

if TYPE_CHECKING:
    from publisher.delivery import DkimKey
    from publisher.settings import Settings
    from publisher.settings.model import Dkim

SELECTOR = "publisher"  # of an RSA key; with "-ed25519" after it of the other
EPILOG = """\b
Examples:
  publisher dkim-key                        a key for the sender's domain, or its record again
  publisher dkim-key --selector news2027    another key, to change to
  publisher dkim-key --ed25519              the second, short key beside the first
"""


@click.command(epilog=EPILOG)
@click.option("--domain", default="", help="The domain that signs; else the sender's.")
@click.option("--selector", default="", help="The key's name in DNS; a new one makes a new key.")
@click.option("--ed25519", is_flag=True, help="A key for Ed25519, to sign with beside RSA.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(start: Start, domain: str, selector: str, ed25519: bool, as_json: bool) -> None:
    """Make a key that signs messages, and say which record DNS needs for it.

    A key that is there is never made anew: its record is shown once more.
    """
    from publisher.delivery import make_key_file, read_keys

    settings = start.settings
    wanted = _wanted(settings, domain, selector, ed25519)
    file, key_text = _source(wanted, ed25519)
    is_made = not key_text and make_key_file(
        settings.root / file, "ed25519-sha256" if ed25519 else "rsa-sha256"
    )
    (key,) = read_keys(wanted, settings.root)
    lines = _lines(wanted, settings.delivery.dkim)
    if as_json:
        say_json(_as_json(key, is_made, lines))
    else:
        _say(key, is_made, lines)


def _wanted(settings: "Settings", domain: str, selector: str, ed25519: bool) -> "Dkim":
    """Return settings with the one key that is meant, whether or not publisher.toml has it."""
    from publisher import address
    from publisher.settings.model import Dkim

    now, which = settings.delivery.dkim, "ed25519_" if ed25519 else ""
    known = getattr(now, f"{which}selector")
    selector = selector or known or (f"{SELECTOR}-ed25519" if ed25519 else SELECTOR)
    domain = domain or now.domain or address.parse(settings.sender.address).domain
    _see_that_dns_can_hold("--domain", domain)
    _see_that_dns_can_hold("--selector", selector)
    found = {"domain": domain, f"{which}selector": selector}
    if selector == known and domain == now.domain:
        found |= {name: getattr(now, name) for name in (f"{which}key", f"{which}key_file")}
    else:
        found[f"{which}key_file"] = f"var/dkim-{selector}.pem"
    return Dkim(**found)


def _see_that_dns_can_hold(option: str, name: str) -> None:
    from publisher.settings.rules import is_dns_name

    if not is_dns_name(name):
        raise click.BadParameter(
            f'"{name}" cannot stand in DNS; write letters, digits and hyphens', param_hint=option
        )


def _source(wanted: "Dkim", ed25519: bool) -> tuple[str, str]:
    """Return the key's file and, when it came from the environment, its text."""
    if ed25519:
        return wanted.ed25519_key_file, wanted.ed25519_key
    return wanted.key_file, wanted.key


def _lines(wanted: "Dkim", now: "Dkim") -> list[str]:
    """Return the lines that publisher.toml lacks to sign with this key, below those it has."""
    asked = wanted.model_dump(exclude={"key", "ed25519_key"}).items()
    lacking = [
        f"{name} = {_quoted(value)}"
        for name, value in asked
        if value and value != getattr(now, name)
    ]
    return ["[delivery.dkim]", *lacking] if lacking else []


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a TOML text is written as one of JSON


def _zone_line(key: "DkimKey") -> str:
    strings = " ".join(f'"{each}"' for each in key.strings)
    return f"{key.name}. 3600 IN TXT ( {strings} )"


def _as_json(key: "DkimKey", is_made: bool, lines: list[str]) -> dict[str, Any]:
    return {
        "made": is_made,
        "key_file": key.place,
        "algorithm": key.algorithm,
        "bits": key.bits,
        "domain": key.domain,
        "selector": key.selector,
        "record": {
            "name": key.name,
            "type": "TXT",
            "value": key.record,
            "strings": list(key.strings),
            "zone": _zone_line(key),
        },
        "settings": lines,
    }


def _say(key: "DkimKey", is_made: bool, lines: list[str]) -> None:
    place = key.place or "the key from the environment"
    bits = f", {key.bits} bits" if key.kind == "rsa" else ""
    done = "made; only you can read it" if is_made else "there already; this is its record"
    say(f"{place} ({key.kind}{bits}): {done}")
    say()
    say("put this record into DNS:")
    say(f"  name   {key.name}")
    say("  type   TXT")
    say(f"  value  {key.record}")
    say()
    say("the same as one line of a zone file:")
    say(_zone_line(key))
    say()
    if lines:
        say("then, once it can be looked up, set this in publisher.toml:")
        for line in lines:
            say(f"  {line}")
    else:
        say("publisher.toml names this key")
    say("`publisher doctor` compares the key in use with its record")
