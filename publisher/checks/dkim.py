"""What stands in DNS under a selector, beside the key that signs (RFC 6376 section 3.6.1)."""

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING

from publisher.checks.dmarc import read_tags
from publisher.checks.finding import Answer, Result

if TYPE_CHECKING:
    from publisher.delivery import DkimKey

WANTED_BITS = 2048
MOST_BITS = 4096  # RFC 8301 section 3.2: receivers need not take longer ones


def compare(key: "DkimKey", texts: tuple[str, ...]) -> Answer:
    """Return whether receivers will find a key's signatures right, by the TXT records there are."""
    if not texts:
        return _failed(key, "has no record", "put there what `publisher dkim-key` shows")
    if len(texts) > 1:
        said = f"has {len(texts)} records, and receivers may take any of them"
        return _failed(key, said, "keep the one that `publisher dkim-key` shows")
    tags = read_tags(texts[0])
    if wrong := _why_useless(key, tags):
        return _failed(key, *wrong)
    if _flags(tags, "t", "y"):
        return (
            Result.WARNING,
            f"{key.name} says t=y, for testing: some receivers then count no signature",
            "take t=y out of the record when you are content",
        )
    if key.kind == "rsa" and not WANTED_BITS <= key.bits <= MOST_BITS:
        return (
            Result.WARNING,
            f"{key.name} is this site's key, of {key.bits} bits; {WANTED_BITS} are usual",
            "`publisher dkim-key --selector` and a new name make one to change to",
        )
    bits = f", {key.bits} bits" if key.kind == "rsa" else ""
    return Result.OK, f"{key.name} is this site's key ({key.kind}{bits})", ""


def _why_useless(key: "DkimKey", tags: dict[str, str]) -> tuple[str, str] | None:
    """Return what is wrong with a record and what to do, or None when it holds this key."""
    advice = "put there what `publisher dkim-key` shows"
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        return "holds no record of DKIM", advice
    published = "".join(tags["p"].split())
    if not published:
        said = "says that the key was withdrawn (p= is empty)"
        return said, "make another: `publisher dkim-key --selector` and a new name"
    if tags.get("k", "rsa").lower() != key.kind:
        return f"is for keys of {tags.get('k', 'rsa')}, and this one is of {key.kind}", advice
    if "h" in tags and not _flags(tags, "h", "sha256"):
        return f"does not allow sha256 (h={tags['h']})", "take h= out of the record"
    if "s" in tags and not (_flags(tags, "s", "*") or _flags(tags, "s", "email")):
        return f"is not for mail (s={tags['s']})", "take s= out of the record"
    try:
        is_same = b64decode(published, validate=True) == key.public
    except binascii.Error:
        return "holds a key that is no base64; a part may be missing", advice
    if not is_same:
        return "holds another key than the one that signs", advice
    return None


def _flags(tags: dict[str, str], name: str, flag: str) -> bool:
    return flag in (each.strip().lower() for each in tags.get(name, "").split(":"))


def _failed(key: "DkimKey", said: str, advice: str) -> Answer:
    return Result.FAILED, f"{key.name} {said}", advice
