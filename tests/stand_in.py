"""A proxy on loopback behind which the sample newspaper answers for a host of the real web, over HTTPS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from newsarchive.demo import Newspaper
from newsarchive.demo.server import handler_for


@contextmanager
def standing_in(host: str, folder: Path) -> Iterator[tuple[Newspaper, dict[str, str]]]:
    """The newspaper at ``https://HOST/``, and the environment in which programs reach it and trust its certificate."""
    paper = Newspaper(url=f"https://{host}/")
    certificate = folder / "certificate.pem"
    certificate.write_bytes(_self_signed(host))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Proxy(handler_for(paper)):  # type: ignore[misc]  # a class made at run time
        def do_CONNECT(self) -> None:  # noqa: N802  the name that http.server calls
            self.send_response(200)
            self.end_headers()
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
            self.close_connection = False

        def finish(self) -> None:
            super().finish()
            self.connection.close()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        proxies = {"https_proxy": address, "http_proxy": address, "no_proxy": "127.0.0.1"}
        yield paper, {**proxies, "SSL_CERT_FILE": str(certificate)}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _self_signed(host: str) -> bytes:
    """Key and certificate of a host, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return secret + made.public_bytes(pem)
