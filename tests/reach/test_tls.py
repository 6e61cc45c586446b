"""Certificates are those of the name, though the connection goes to an address that was checked."""

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from publisher.reach import Kind, Reach

from .server import SOON, page, redirect


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for site.org, and the file to trust it by."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "site.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("site.org")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder


@pytest.fixture
def secure(serve, certificate):
    """Start a TLS server that keeps the names it was asked for."""

    def start(answer, **options):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        names = []
        context.sni_callback = lambda _socket, name, _context: names.append(name)
        server = serve(answer, tls=context, **options)
        server.names = names
        return server

    return start


def way(certificate, server, *hosts, ca=True):
    return Reach(
        "https://news.example.org",
        frozenset(f"{host}:{server.port}" for host in hosts),
        resolver=lambda host, port: ("127.0.0.1",),
        ca_file=str(certificate / "cert.pem") if ca else "",
    )


def test_the_certificate_of_the_name_is_good_at_the_pinned_address(secure, certificate):
    server = secure(page(b"safe"))
    reach = way(certificate, server, "site.org")
    answer = reach.ask("GET", f"https://site.org:{server.port}/")
    assert (answer.kind, answer.body) == (Kind.OK, b"safe")
    assert server.names == ["site.org"]
    assert f"Host: site.org:{server.port}\r\n" in server.heads[0]


def test_a_certificate_of_another_name_is_not_good(secure, certificate):
    server = secure(page())
    reach = way(certificate, server, "other.org")
    answer = reach.ask("GET", f"https://other.org:{server.port}/")
    assert answer.kind is Kind.BROKEN
    assert "other.org" in answer.detail
    assert server.heads == []


def test_the_address_itself_does_not_pass_for_the_name(secure, certificate):
    server = secure(page())
    reach = way(certificate, server, "127.0.0.1")
    assert reach.ask("GET", f"https://127.0.0.1:{server.port}/").kind is Kind.BROKEN


def test_a_certificate_nobody_vouches_for_is_not_good(secure, certificate):
    server = secure(page())
    reach = way(certificate, server, "site.org", ca=False)
    answer = reach.ask("GET", f"https://site.org:{server.port}/")
    assert answer.kind is Kind.BROKEN
    assert "certificate" in answer.detail


def test_no_tls_where_tls_was_asked_for_is_broken():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"127.0.0.1:{listening.getsockname()[1]}"

        def speak_plainly():
            client, _ = listening.accept()
            with client:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=speak_plainly, daemon=True)
        thread.start()
        reach = Reach("https://news.example.org", frozenset({place}))
        answer = reach.ask("GET", f"https://{place}/", seconds=5)
        thread.join(5)
    assert (answer.kind, answer.detail) == (Kind.BROKEN, "its TLS does not work")


def test_secrets_are_not_taken_from_https_to_http(secure, serve, certificate):
    plain = serve(page())
    server = secure(redirect(plain.url, "307 Temporary"))
    reach = way(certificate, server, "site.org")
    reach.allowed |= {plain.place}
    url = f"https://site.org:{server.port}/"
    with_secret = {"Authorization": "Bearer x"}
    assert reach.ask("GET", url, headers=with_secret).kind is Kind.REFUSED
    assert reach.ask("POST", url, body=b"secret").kind is Kind.REFUSED
    assert plain.heads == []
    assert reach.ask("GET", url).is_ok, "a bare address may be followed"


def test_a_silent_handshake_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        reach = Reach("https://a.org", frozenset({f"127.0.0.1:{port}"}))
        began = time.monotonic()
        answer = reach.ask("GET", f"https://127.0.0.1:{port}/", seconds=0.2)
        assert answer.kind is Kind.SLOW
        assert time.monotonic() - began < SOON
