"""Where keys come from, and what is said when one cannot be used."""

import stat
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from publisher.delivery import make_key_file, open_signers, read_keys, sign_message
from publisher.errors import SettingsError
from publisher.settings.model import Dkim
from tests.delivery.signing import AT, BOTH, ONE, a_message, dkimpy_takes

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL
OPEN = serialization.NoEncryption()


def put(root, name: str, data: bytes, mode: int = 0o600):
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return path


def an_rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def said_of(settings: Dkim, root) -> str:
    with pytest.raises(SettingsError) as caught:
        open_signers(settings, root)
    return str(caught.value)


def test_nothing_signs_without_a_domain(tmp_path):
    assert open_signers(Dkim(), tmp_path) == ()


def test_a_made_key_is_for_its_owner_only_and_never_made_over(tmp_path):
    path = tmp_path / "var/rsa.pem"
    assert make_key_file(path, "rsa-sha256")
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not make_key_file(path, "rsa-sha256")
    assert not make_key_file(path, "ed25519-sha256")
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["rsa.pem"]


def test_two_who_make_it_at_once_end_up_with_one_key(tmp_path):
    path = tmp_path / "var/ed25519.pem"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make_key_file(path, "ed25519-sha256"), range(8)))
    assert made.count(True) == 1
    assert len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize("form", [PKCS8, PKCS1])
def test_both_forms_of_pem_are_read(tmp_path, form):
    key = an_rsa_key()
    put(tmp_path, "var/rsa.pem", key.private_bytes(PEM, form, OPEN))
    (found,) = read_keys(ONE, tmp_path)
    assert found.bits == 2048
    assert found.name == "news._domainkey.cities.test"
    assert "".join(found.strings) == found.record
    assert max(map(len, found.strings)) <= 255
    assert b64decode(found.record.partition("p=")[2]) == key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert "seal" not in repr(found)


def test_an_ed25519_record_is_that_of_the_standard(tmp_path):
    # RFC 8463 appendix A.2
    secret = b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    key = ed25519.Ed25519PrivateKey.from_private_bytes(secret)
    put(tmp_path, "var/ed25519.pem", key.private_bytes(PEM, PKCS8, OPEN))
    (found,) = read_keys(BOTH.model_copy(update={"selector": ""}), tmp_path)
    assert found.record == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@pytest.mark.parametrize("written", ["\n", "\\n"])
def test_a_key_from_the_environment_wins_over_its_file(tmp_path, written):
    pem = an_rsa_key().private_bytes(PEM, PKCS8, OPEN).decode().replace("\n", written)
    settings = ONE.model_copy(update={"key": pem})
    assert not (tmp_path / "var").exists()
    signed = open_signers(settings, tmp_path)[0].sign([b"From: a@b.org\r\n"], bytes(32), AT)
    assert b"d=cities.test; s=news;" in signed


def test_a_short_key_signs_as_long_as_receivers_take_it(tmp_path):
    put(tmp_path, "var/rsa.pem", an_rsa_key(1024).private_bytes(PEM, PKCS8, OPEN))
    signed = sign_message(a_message(), open_signers(ONE, tmp_path), AT)
    assert dkimpy_takes(signed, read_keys(ONE, tmp_path))


# openssl genrsa 512: nothing in Python makes so short a key any more.
SHORT = b"""\
-----BEGIN PRIVATE KEY-----
MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEAuKV6xofQGiyXzuKy
z0T6pUjK6hPr6cHehFC/85yTUIaN3U74HMrIyfUM3MaAPCXXPS01xsHpcm+BvGlB
iZe6mQIDAQABAkEAoZgY8eRsCGwcU2/swx6AKOSiyOa0YPhNEAlHZCEUf7Q0kJ07
JHFP9enF5tw5NcR981XCGnIHhCoAIXgntdtOAQIhAOqKJPSojpiTfNVdbRQO/lUN
pQ8rHHeZ1LB5dzDtXrzZAiEAyYqi84H2bFIeBUfy22shYIX0PV7d/fhcGJN6WtrZ
U8ECIQDKr2+Yb0Ir4Ol0ijSFrR9l6VDHdv427Z28lHvIsJm6oQIgIGBFDRkznPMU
H4UPXnA3TGo4ciNrRgE/yjLm1PGTOAECIQC6j9Ed55mhOTRmJZ6TpheRmJWDUhzw
szkoISPZKf9qvg==
-----END PRIVATE KEY-----
"""


def test_too_short_a_key_is_refused(tmp_path):
    put(tmp_path, "var/rsa.pem", SHORT)
    assert said_of(ONE, tmp_path) == (
        "publisher.toml: delivery.dkim.key_file, var/rsa.pem, has 512 bits, and receivers want "
        "1024 at least; make a new one with `publisher dkim-key --selector` and a name not used "
        "before"
    )


def test_a_missing_file_is_named_with_what_to_do(tmp_path):
    said = said_of(ONE, tmp_path)
    assert said.startswith("publisher.toml: delivery.dkim.key_file, var/rsa.pem, is not there; ")
    assert "publisher dkim-key" in said


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode):
    path = put(tmp_path, "var/rsa.pem", an_rsa_key().private_bytes(PEM, PKCS8, OPEN), mode)
    said = said_of(ONE, tmp_path)
    assert f"can be read by others (mode {mode:04o})" in said
    assert f"chmod 600 {path}" in said


def test_a_file_that_is_a_folder_cannot_be_read(tmp_path):
    (tmp_path / "var/rsa.pem").mkdir(parents=True)
    assert "cannot be read (Is a directory)" in said_of(ONE, tmp_path)


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        (b"", "is no private RSA key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is no private RSA"),
        (
            ed25519.Ed25519PrivateKey.generate().private_bytes(PEM, PKCS8, OPEN),
            "is no RSA key; a key for Ed25519 belongs to ed25519_key_file",
        ),
        (ec.generate_private_key(ec.SECP256R1()).private_bytes(PEM, PKCS8, OPEN), "is no RSA key"),
        (
            ed25519.Ed25519PrivateKey.generate()
            .public_key()
            .public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
            "is no private RSA key in PEM",
        ),
        (
            ed25519.Ed25519PrivateKey.generate().private_bytes(
                PEM, PKCS8, serialization.BestAvailableEncryption(b"pass")
            ),
            "is locked with a passphrase",
        ),
    ],
)
def test_what_is_no_such_key_is_refused(tmp_path, pem, said):
    put(tmp_path, "var/rsa.pem", pem)
    assert said in said_of(ONE, tmp_path)


def test_an_rsa_key_is_no_ed25519_key(tmp_path):
    make_key_file(tmp_path / "var/rsa.pem", "rsa-sha256")
    make_key_file(tmp_path / "var/ed25519.pem", "rsa-sha256")
    assert "ed25519_key_file, var/ed25519.pem, is no Ed25519 key" in said_of(BOTH, tmp_path)
