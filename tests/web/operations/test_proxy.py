"""The application behind the proxy of docs/operations.md: nginx, with the block as printed."""

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import HTTPSHandler

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gradatim.web.operations.smoke_test import TOKEN
from tests.waiting import wait_until
from tests.web.operations.installed import Installation, Sender, entered
from tests.web.operations.test_deployment import blocks

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
pytestmark = [
    pytest.mark.proxy,
    pytest.mark.xdist_group("proxy"),  # the application and nginx are started once
    pytest.mark.skipif(NGINX is None, reason='suite "proxy": no nginx here'),
]
AROUND = """
daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5; access_log off;
{block}
}}
"""


class Proxied(NamedTuple):
    """An application behind nginx: the two ports, the certificate, and an invitation."""

    secure: int
    plain: int
    certificate: str
    link: str

    @property
    def trusted(self) -> ssl.SSLContext:
        """What trusts that certificate and nothing else, made anew: a test may change it."""
        return ssl.create_default_context(cadata=self.certificate)

    def person(self) -> Sender:
        """Give somebody with a browser; it says where it comes from, as browsers do."""
        made = Sender(f"https://localhost:{self.secure}", HTTPSHandler(context=self.trusted))
        made.opener.addheaders = [("Referer", "https://localhost/")]
        return made

    def raw(self, request: bytes) -> bytes:
        """Send bytes, and give the beginning of what comes."""
        plain = socket.create_connection(("localhost", self.secure), timeout=20)
        with self.trusted.wrap_socket(plain, server_hostname="localhost") as sent:
            sent.sendall(request)
            return sent.recv(4096)


def free() -> int:
    """Give a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def certificate(folder: Path) -> str:
    """Write a certificate for this machine and its key; return it, in PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "trial.pem").write_bytes(pem)
    (folder / "trial.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem.decode()


def configured(folder: Path, application: str, secure: int, plain: int) -> Path:
    """Write the block of the page with this machine's name, ports and certificate."""
    (text,) = blocks("nginx")
    for old, new in (
        ("trial.example.org", "localhost"),
        ("http://127.0.0.1:8000", application),
        ("listen 443", f"listen 127.0.0.1:{secure}"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("/etc/ssl/", f"{folder}/"),
    ):
        assert old in text
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(AROUND.format(folder=folder, block=text))
    return path


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """A real trial, served as the page says for an installation with a proxy."""
    folder, secure, plain = tmp_path_factory.mktemp("proxy"), free(), free()
    small = Installation(folder, f"sqlite:///{folder / 'trial.sqlite'}")
    link = re.sub(r"^https?://[^/]+", "", small.begin())
    del small.more["GRADATIM_PLAIN_HTTP"]
    small.more |= {"GRADATIM_HOSTS": "localhost,127.0.0.1", "GRADATIM_BEHIND_PROXY": "1"}
    pem = certificate(folder)
    with small.served() as served:
        path = configured(folder, served.address, secure, plain)
        nginx = subprocess.Popen([str(NGINX), "-c", str(path)], stderr=subprocess.PIPE)
        try:
            _wait(nginx, secure)
            yield Proxied(secure, plain, pem, link)
        finally:
            nginx.terminate()
            nginx.wait(20)


def _wait(nginx: subprocess.Popen[bytes], port: int) -> None:
    def listens() -> bool:
        if nginx.poll() is not None:
            assert nginx.stderr
            raise AssertionError(nginx.stderr.read().decode())
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens, "nginx to listen")


def test_a_person_signs_in_and_is_kept_to_https(proxied: Proxied):
    """From the invitation to the first page, with cookies that no other host can set."""
    person = entered(proxied.person(), proxied.link)
    with person.opener.open(person.address + "/", timeout=20) as came:
        headers = came.headers
        assert "Sponsor One" in came.read().decode()
    kept = re.search(r"max-age=(\d+)", headers["Strict-Transport-Security"])
    assert kept
    assert int(kept[1]) >= 31_536_000  # a year
    assert "unsafe-inline" not in headers["Content-Security-Policy"]


def _plain(proxied: Proxied, path: str) -> str:
    with socket.create_connection(("127.0.0.1", proxied.plain), timeout=20) as sent:
        sent.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        return sent.recv(4096).decode()


def test_plain_http_leads_to_https(proxied: Proxied):
    """Pages; a program is refused, for it would not notice that its token went in the open."""
    came = _plain(proxied, "/participants/")
    assert came.startswith("HTTP/1.1 301")
    assert "Location: https://localhost/participants/" in came
    assert _plain(proxied, "/api/trial").startswith("HTTP/1.1 403")


def test_a_client_cannot_say_that_it_is_another(proxied: Proxied):
    """Whatever address a browser claims, five failures lock the name from where they came."""
    person = proxied.person()
    for n in range(6):
        person.opener.addheaders = [
            ("Referer", "https://localhost/"),
            ("X-Forwarded-For", f"203.0.113.{n}"),
            ("X-Forwarded-Proto", "http"),
        ]
        page = person.page("/sign-in/")
        token = TOKEN.search(page)
        assert token
        came = person.ask(
            "/sign-in/",
            {"csrfmiddlewaretoken": token[1], "username": "nurse.1", "password": "wrong each time"},
        )
    assert came.status == 429


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nContent-Length: 50\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
    ],
)
def test_a_message_has_one_end(proxied: Proxied, headers: bytes):
    """What two parsers could read in two ways reaches the application in no way."""
    hidden = b"\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    came = proxied.raw(b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\n" + headers + hidden)
    assert came.split(b"\r\n")[0].split()[1] in (b"400", b"501")
    assert came.count(b"HTTP/1.1 ") == 1


@pytest.mark.filterwarnings("ignore:ssl.OP_NO_TLS")
def test_old_versions_of_tls_are_refused(proxied: Proxied):
    old = ssl.create_default_context()
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.options |= ssl.OP_NO_TLSv1_2 | ssl.OP_NO_TLSv1_3
    with (
        socket.create_connection(("127.0.0.1", proxied.secure), timeout=20) as plain,
        pytest.raises(ssl.SSLError),
    ):
        old.wrap_socket(plain)


@pytest.mark.parametrize(
    ("ciphers", "taken"),
    [
        ("ECDHE+AESGCM", True),
        ("ECDHE+CHACHA20", True),
        ("ECDHE+AES+SHA256:!AESGCM", False),
        ("AES256-GCM-SHA384:AES128-SHA", False),
        ("DHE+AESGCM", False),
    ],
)
def test_only_ciphers_with_forward_secrecy_are_taken(proxied: Proxied, ciphers: str, taken: bool):
    """Of TLS 1.2; those of 1.3 all are. Neither CBC nor an exchange by RSA alone."""
    asked = proxied.trusted
    asked.maximum_version = ssl.TLSVersion.TLSv1_2
    asked.set_ciphers(ciphers)
    with socket.create_connection(("127.0.0.1", proxied.secure), timeout=20) as plain:
        if taken:
            with asked.wrap_socket(plain, server_hostname="localhost") as sent:
                assert sent.version() == "TLSv1.2"
        else:
            with pytest.raises(ssl.SSLError, match="handshake"):
                asked.wrap_socket(plain, server_hostname="localhost")


def test_who_sends_slowly_holds_nobody_up(proxied: Proxied):
    """More of them than there are workers and threads, each in the middle of a form."""
    head = b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nuser"
    with ExitStack() as open_:
        waiting = []
        for _n in range(40):
            plain = open_.enter_context(socket.create_connection(("localhost", proxied.secure)))
            slow = proxied.trusted.wrap_socket(plain, server_hostname="localhost")
            open_.enter_context(slow).sendall(head)
            slow.setblocking(False)
            waiting.append(slow)
        assert proxied.person().ask("/sign-in/").status == 200
        for slow in waiting:  # none was answered, or put out, to make room
            with pytest.raises(ssl.SSLWantReadError):
                slow.recv(1)


def test_what_is_too_large_is_refused_before_it_is_sent_on(proxied: Proxied):
    person = proxied.person()
    with pytest.raises(HTTPError) as refused:
        person.opener.open(person.address + "/sign-in/", b"x" * 11_000_000, 30)
    assert refused.value.code == 413
