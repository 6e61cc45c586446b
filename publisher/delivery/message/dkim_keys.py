"""The keys that sign: read from their files, made once, and their public halves as DNS has them.

A key that cannot be used stops whatever was about to sign: messages without the signature that
their domain's policy asks for would be refused, or spoil its name. `cryptography` is loaded with
the first key.
"""

import os
import stat
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from publisher import faults
from publisher.delivery.message.dkim import Algorithm, Signer
from publisher.errors import Problem, SettingsError, one_line
from publisher.files import sync_folder
from publisher.settings import FILE_NAME
from publisher.settings.secrets import variable

if TYPE_CHECKING:
    from publisher.settings.model import Dkim

BITS = 2048  # of a new RSA key
FEWEST_BITS = 1024  # RFC 8301 section 3.2: receivers take shorter ones for no signature at all
LONGEST_STRING = 255  # bytes of one string of a TXT record, RFC 1035 section 3.3.14


@dataclass(frozen=True, slots=True)
class DkimKey:
    """One key that signs, and where its public half stands in DNS."""

    domain: str
    selector: str
    algorithm: Algorithm
    bits: int
    public: bytes  # what `p=` holds, not encoded
    place: str  # the file it was read from, as written in the settings; "" from the environment
    seal: Callable[[bytes], bytes] = field(repr=False)

    @property
    def name(self) -> str:
        """The name of its record in DNS."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def kind(self) -> str:
        """What `k=` says."""
        return self.algorithm.partition("-")[0]

    @property
    def record(self) -> str:
        """The value of its TXT record, in one piece."""
        return f"v=DKIM1; k={self.kind}; p={b64encode(self.public).decode()}"

    @property
    def strings(self) -> tuple[str, ...]:
        """The value in the pieces that a TXT record is made of."""
        whole = self.record
        starts = range(0, len(whole), LONGEST_STRING)
        return tuple(whole[start : start + LONGEST_STRING] for start in starts)

    @property
    def signer(self) -> Signer:
        return Signer(self.domain, self.selector, self.algorithm, self.seal)


def open_signers(settings: "Dkim", root: Path) -> tuple[Signer, ...]:
    """Return what signs a site's messages, RSA first; nothing without a domain.

    root  the site's folder, which paths are relative to

    Raises SettingsError, naming the key and what to do.
    """
    return tuple(key.signer for key in read_keys(settings, root))


def read_keys(settings: "Dkim", root: Path) -> tuple[DkimKey, ...]:
    """Return a site's keys, RSA first; `open_signers` says the rest."""
    found = []
    if settings.domain and settings.selector:
        found.append(_rsa_key(settings, root))
    if settings.domain and settings.ed25519_selector:
        found.append(_ed25519_key(settings, root))
    return tuple(found)


def make_key_file(path: Path, algorithm: Algorithm) -> bool:
    """Put a new key at path, readable by its owner only; return False when something is there.

    Raises OSError.
    """
    if os.path.lexists(path):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".new-") as draft:  # its mode is 0600
        draft.write(_new_pem(algorithm))
        draft.flush()
        faults.point()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)  # fails where a rename would replace what another just made
        except FileExistsError:
            return False
    sync_folder(path.parent)
    return True


def _new_pem(algorithm: Algorithm) -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    key = (
        generate_private_key(public_exponent=65537, key_size=BITS)
        if algorithm == "rsa-sha256"
        else Ed25519PrivateKey.generate()
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _rsa_key(settings: "Dkim", root: Path) -> DkimKey:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    given = _given("key", settings.key, settings.key_file, root)
    key = _parsed(given, "RSA")
    if not isinstance(key, RSAPrivateKey):
        raise given.refused("is no RSA key", "a key for Ed25519 belongs to ed25519_key_file")
    if key.key_size < FEWEST_BITS:
        raise given.refused(
            f"has {key.key_size} bits, and receivers want {FEWEST_BITS} at least",
            "make a new one with `publisher dkim-key --selector` and a name not used before",
        )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    padding, digest = PKCS1v15(), hashes.SHA256()

    def seal(signed: bytes) -> bytes:
        return key.sign(signed, padding, digest)

    return DkimKey(
        settings.domain,
        settings.selector,
        "rsa-sha256",
        key.key_size,
        public,
        "" if settings.key else settings.key_file,
        seal,
    )


def _ed25519_key(settings: "Dkim", root: Path) -> DkimKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    given = _given("ed25519_key", settings.ed25519_key, settings.ed25519_key_file, root)
    key = _parsed(given, "Ed25519")
    if not isinstance(key, Ed25519PrivateKey):
        raise given.refused("is no Ed25519 key", "a key for RSA belongs to key_file")

    def seal(signed: bytes) -> bytes:
        return key.sign(sha256(signed).digest())  # RFC 8463 section 3

    return DkimKey(
        settings.domain,
        settings.ed25519_selector,
        "ed25519-sha256",
        256,
        key.public_key().public_bytes_raw(),
        "" if settings.ed25519_key else settings.ed25519_key_file,
        seal,
    )


@dataclass(frozen=True, slots=True)
class _Given:
    """A key as it was given, not yet understood."""

    where: str  # for the sentence that refuses it
    pem: bytes = field(repr=False)

    def refused(self, why: str, advice: str) -> SettingsError:
        return _refused(f"{self.where} {why}", advice)


def _refused(said: str, advice: str) -> SettingsError:
    return SettingsError([Problem(FILE_NAME, 0, said, advice)])


def _given(key: str, text: str, file: str, root: Path) -> _Given:
    """Return a key from the environment, which wins, or from its file.

    Raises SettingsError when the file cannot be read, or others can read it.
    """
    if text:  # where only one line is possible, line ends are written as backslash and n
        return _Given(variable(("delivery", "dkim", key)), text.replace("\\n", "\n").encode())
    path, where = root / file, f"delivery.dkim.{key}_file, {one_line(file)},"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except FileNotFoundError:
        advice = (
            "bring it back from a backup, or empty [delivery.dkim] and run `publisher dkim-key`"
        )
        raise _refused(f"{where} is not there", advice) from None
    except OSError as error:
        advice = "give a path relative to this folder, readable by the one who runs publisher"
        raise _refused(f"{where} cannot be read ({error.strerror})", advice) from error
    if mode & 0o077:
        said = f"{where} can be read by others (mode {mode:04o})"
        raise _refused(said, f"chmod 600 {one_line(str(path))}")
    return _Given(where, pem)


def _parsed(given: _Given, kind: str) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(given.pem, password=None)
    except TypeError:
        raise given.refused(
            "is locked with a passphrase", "unlock it: openssl pkey -in FILE -out NEW-FILE"
        ) from None
    except (ValueError, UnsupportedAlgorithm):  # their own words would tell nobody anything
        raise given.refused(
            f"is no private {kind} key in PEM",
            'its first line is "-----BEGIN PRIVATE KEY-----"; `publisher dkim-key` makes one',
        ) from None
