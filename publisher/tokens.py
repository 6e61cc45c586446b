"""Signed links: who may unsubscribe, confirm or see their preferences without a password.

A token says whom it is for and is good for one purpose. It is a pure function of its parts, so
that a message sent twice is the same to the byte; those of `ENDS_AFTER` carry when they were made,
and end. Those by which an editor
decides name a slot as well. Everything that is not exactly what we signed is refused with one and the same error.
"""

import base64
import binascii
import fcntl
import hmac
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from publisher import faults
from publisher.errors import StoreError, TokenExpired, TokenForged
from publisher.files import sync_folder, write_if_changed
from publisher.keyed import keyed_hash

CONFIRM_WITHIN = timedelta(days=7)
FRESH_WITHIN = timedelta(hours=6)  # a mail may wait that long for a server that greylists
# Purposes whose tokens end, and after how long. "form" is no link but the hour a form was shown.
ENDS_AFTER = {
    "confirm": CONFIRM_WITHIN,
    "address": CONFIRM_WITHIN,
    "fresh": FRESH_WITHIN,
    "form": timedelta(days=1),
}
DECIDING = ("approve", "hold", "cancel")  # what an editor's link may ask for, of one edition
_SECRET_BYTES = 32
_MAC_BYTES = 20  # 160 bits; what is cut off makes links shorter, not weaker
_LONGEST = 1000  # characters of a text we are willing to look at
_TAG_MAC_BYTES = 12  # 96 bits; a local part has 64 characters, and guesses come one mail at a time


@dataclass(frozen=True, slots=True)
class Keys:
    """The site's secrets, newest last: the newest signs, each reads what it signed."""

    pairs: tuple[tuple[str, bytes], ...]  # key id, secret

    @property
    def newest(self) -> tuple[str, bytes]:
        return self.pairs[-1]

    @property
    def lasting(self) -> bytes:
        """The oldest secret, for what must stay the same over a rotation: hashes, Message-IDs."""
        return self.pairs[0][1]

    def as_of(self, key_id: str) -> "Keys":
        """Return the keys as they were when that one was the newest; all of them for "".

        A message that is repeated has the links of its first time, whatever key came since.
        """
        for place, (known, _) in enumerate(self.pairs):
            if known == key_id:
                return Keys(self.pairs[: place + 1])
        return self

    def secret(self, key_id: str) -> bytes | None:
        """Return the secret of a key id, or None for one we never had."""
        return dict(self.pairs).get(key_id)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says."""

    public_id: str
    digest: str  # "" when it is about the person as a whole
    issued_at: datetime | None  # aware, UTC; only of those in ENDS_AFTER
    slot: str = ""  # local; only of DECIDING


def open_keys(path: Path, *, may_make: bool) -> Keys:
    """Read the secret file, or make it (mode 0600) when it is missing and may be made.

    Two processes that make it at once end up with the same keys.
    Raises StoreError when it is missing and may not be made, or cannot be read.
    """
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        if not may_make:
            raise StoreError(
                f"{path} is missing, but there are subscribers: with a new one every link in the "
                "messages they have would be dead and nobody's suppression would hold",
                hint="bring the file back from a backup",
            ) from None
        _make_file(path)
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise StoreError(
            f"{path} cannot be read: {why}", hint="bring the file back from a backup"
        ) from error
    return _parse(path, text)


def add_key(path: Path) -> Keys:
    """Add a new key, which signs from now on; the old ones go on reading their links.

    Raises StoreError as `open_keys` does.
    """
    open_keys(path, may_make=True)
    with _alone_in(path.parent):  # of two who add one at once, neither's is lost
        keys = open_keys(path, may_make=False)
        number = max(int(key_id) for key_id, _ in keys.pairs) + 1
        grown = Keys((*keys.pairs, (str(number), secrets.token_bytes(_SECRET_BYTES))))
        write_if_changed(path, _format(grown), mode=0o600)
        sync_folder(path.parent)
    return grown


def saved_keys(path: Path, *, may_lack: bool) -> bytes:
    """Return a secret file as it is, for a backup; b"" when it is missing and may be.

    Raises StoreError as `open_keys` does.
    """
    if may_lack and not path.exists():
        return b""
    return _format(open_keys(path, may_make=False))


def merged_keys(path: Path, saved: bytes) -> bytes | None:
    """Return what a secret file should hold after a copy of it came back from a backup.

    Of two of one site it is the longer: keys are only ever added. None when the file is there and
    is another site's. Raises StoreError when either cannot be read.

    saved   the content of the copy; b"" when there was none
    """
    have = path.read_bytes() if path.exists() else b""
    if not have or not saved:
        return have or saved
    here, there = (_parse(path, text.decode("ascii", "replace")) for text in (have, saved))
    if here.pairs[: len(there.pairs)] == there.pairs:
        return have
    return saved if there.pairs[: len(here.pairs)] == here.pairs else None


def write_keys(path: Path, content: bytes) -> None:
    """Put the secret file in place (mode 0600); nothing when it is empty or there already."""
    if content and write_if_changed(path, content, mode=0o600):
        sync_folder(path.parent)


def make(
    keys: Keys,
    purpose: str,
    public_id: str,
    digest: str = "",
    *,
    issued_at: datetime | None = None,
    slot: str = "",
) -> str:
    """Return the token for a purpose, a person and perhaps a digest.

    issued_at  for the purposes in ENDS_AFTER, and only for them
    slot       for DECIDING, and only for them: the edition's local slot
    """
    if (purpose in ENDS_AFTER) != (issued_at is not None):
        raise ValueError(f"a token to {purpose} has {'no' if issued_at else 'a'} time in it")
    if (purpose in DECIDING) != bool(slot):
        raise ValueError(f"a token to {purpose} names {'no' if slot else 'a'} slot")
    key_id, secret = keys.newest
    parts = [key_id, public_id, digest]
    if slot:
        parts.append(slot)
    if issued_at is not None:
        parts.append(str(int(issued_at.timestamp())))
    text = "\0".join(parts)
    if "\0" in purpose or text.count("\0") >= len(parts):
        raise ValueError("no part of a token may hold a NUL")
    said = text.encode()
    return base64.urlsafe_b64encode(_mac(secret, purpose, said) + said).decode().rstrip("=")


def read(keys: Keys, purpose: str, token: str, *, now: datetime | None = None) -> Claim:
    """Return what a token says, once it is proved to be ours and for this purpose.

    now  needed for the purposes in ENDS_AFTER

    Raises TokenForged, the same whatever is wrong, and TokenExpired.
    """
    mac, said = _unpack(token)
    try:
        key_id, public_id, digest, *more = said.decode().split("\0")
    except ValueError:
        raise _forged() from None
    secret = keys.secret(key_id)
    # An unknown key is compared with something too, so that it takes as long as a known one.
    right = _mac(secret or b"", purpose, said)
    if not hmac.compare_digest(mac, right) or secret is None:
        raise _forged()
    if purpose in DECIDING:
        return Claim(public_id, digest, None, more[0])
    if purpose not in ENDS_AFTER:
        return Claim(public_id, digest, None)
    if now is None:
        raise ValueError(f"whether a token to {purpose} has ended depends on now")
    issued_at = datetime.fromtimestamp(int(more[0]), UTC)
    if now - issued_at > ENDS_AFTER[purpose]:
        raise TokenExpired(issued_at, public_id)
    return Claim(public_id, digest, issued_at)


def make_tag(keys: Keys, purpose: str, number: int, *whose: str) -> str:
    """Return a token for the local part of an address, where mail servers may change the case.

    Small letters and digits only, some 30 of them. It shows the number, and proves that the number
    and whose it is were put together by this site.
    """
    key_id, secret = keys.newest
    said = f"{key_id}.{number}".encode()
    mac = _tag_mac(secret, purpose, said, whose)
    return base64.b32encode(mac + said).decode().rstrip("=").lower()


def tag_number(tag: str) -> int | None:
    """Return the number that a tag shows, which proves nothing yet; None when it is no tag."""
    found = _tag_parts(tag)
    return found[2] if found else None


def is_tag_of(keys: Keys, purpose: str, tag: str, *whose: str) -> bool:
    """Return whether this site made a tag for this purpose, its number, and whoever that is."""
    found = _tag_parts(tag)
    if found is None:
        return False
    mac, key_id, number = found
    secret = keys.secret(key_id)
    right = _tag_mac(secret or b"", purpose, f"{key_id}.{number}".encode(), whose)
    return hmac.compare_digest(mac, right) and secret is not None


def _tag_mac(secret: bytes, purpose: str, said: bytes, whose: tuple[str, ...]) -> bytes:
    return _mac(secret, purpose, "\0".join((said.decode(), *whose)).encode())[:_TAG_MAC_BYTES]


def _tag_parts(tag: str) -> tuple[bytes, str, int] | None:
    try:
        given = tag.upper().encode("ascii")
        raw = base64.b32decode(given + b"=" * (-len(given) % 8)) if len(given) < 64 else b""
        key_id, _, number = raw[_TAG_MAC_BYTES:].decode("ascii").partition(".")
    except (ValueError, binascii.Error):
        return None
    if not re.fullmatch(r"\d{1,18}", number, re.ASCII):
        return None
    return raw[:_TAG_MAC_BYTES], key_id, int(number)


def _forged() -> TokenForged:
    return TokenForged("this link is not valid", hint="use the link exactly as it was mailed")


def _mac(secret: bytes, purpose: str, said: bytes) -> bytes:
    return keyed_hash(secret, purpose.encode() + b"\0" + said)[:_MAC_BYTES]


def _unpack(token: str) -> tuple[bytes, bytes]:
    try:
        given = token.encode("ascii")
        if len(given) > _LONGEST:
            raise ValueError
        raw = base64.b64decode(given + b"=" * (-len(given) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise _forged() from None
    # The last character of base64 has spare bits: only one of its spellings is ours.
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != given or len(raw) <= _MAC_BYTES:
        raise _forged()
    return raw[:_MAC_BYTES], raw[_MAC_BYTES:]


def _make_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = Keys((("1", secrets.token_bytes(_SECRET_BYTES)),))
    with NamedTemporaryFile(dir=path.parent, prefix=".new-") as draft:  # its mode is 0600
        draft.write(_format(keys))
        draft.flush()
        faults.point()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)  # fails where a rename would replace what another just made
        except FileExistsError:
            return
    sync_folder(path.parent)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder; the system gives it back when the process ends, however it ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _format(keys: Keys) -> bytes:
    head = "# Signs the links in messages. Keep it secret and keep it backed up; newest key last.\n"
    lines = (f"{key_id} {secret.hex()}\n" for key_id, secret in keys.pairs)
    return (head + "".join(lines)).encode("ascii")


def _parse(path: Path, text: str) -> Keys:
    pairs: list[tuple[str, bytes]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        key_id, _, secret = line.strip().partition(" ")
        try:
            pairs.append((str(int(key_id)), bytes.fromhex(secret)))
        except ValueError:
            pairs.append(("", b""))
        if len(pairs[-1][1]) < _SECRET_BYTES:
            raise StoreError(
                f"{path}:{number}: this is no key; bring the file back from a backup"
            ) from None
    if not pairs:
        raise StoreError(f"{path} holds no key; bring the file back from a backup")
    return Keys(tuple(pairs))
