"""TLS certificates that are not valid: fetched all the same, kept with each capture, told once, refused on request."""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastwarc.warc import ArchiveIterator
from OpenSSL import SSL
from PIL import Image
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import Settings
from sqlite_utils import Database
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import Certificate
from twisted.protocols.tls import TLSMemoryBIOFactory

from newsarchive.crawling.certificates import CertificateJudge
from newsarchive.database import read_archive
from newsarchive.demo import Newspaper
from newsarchive.demo.server import handler_for
from newsarchive.sites import read_profile

DAY = timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)
EXPIRED = f"expired on {NOW - DAY:%Y-%m-%d}"
NO_ISSUER = "incomplete chain or unknown authority"
VERDICTS = {
    "good": "valid",
    "expired": EXPIRED,
    "future": f"not valid before {NOW + DAY:%Y-%m-%d}",
    "wrong": "wrong host name",
    "nameless": "wrong host name",
    "self": "self-signed",
    "lapsed": f"self-signed; wrong host name; {EXPIRED}",
    "incomplete": NO_ISSUER,
    "complete": "valid",
    "stranger": "unknown authority",
}


@dataclass
class Authority:
    """Signs certificates; trusted where `file` is what SSL_CERT_FILE names."""

    folder: Path
    name: str = "Tests"
    issuer: Authority | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        signer = self.issuer or self
        self.certificate = make(self.key, self.name, signer.key, signer.name, authority=True)
        self.file = self.folder / f"{self.name}.pem"
        self.file.write_bytes(pem(self.certificate))


def make(
    key: ec.EllipticCurvePrivateKey,
    name: str,
    signing: ec.EllipticCurvePrivateKey,
    issuer: str,
    *,
    authority: bool = False,
    hosts: tuple[str, ...] = (),
    begin: datetime = NOW - 30 * DAY,
    end: datetime = NOW + 30 * DAY,
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    names = [x509.IPAddress(ipaddress.ip_address(h)) if h[0].isdigit() else x509.DNSName(h) for h in hosts]
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signing, hashes.SHA256())


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ssl.SSLContext]:
    """A server's TLS settings for each kind of certificate; SSL_CERT_FILE has to name Tests.pem beside them."""
    folder = tmp_path_factory.mktemp("tls")
    root, stranger = Authority(folder), Authority(folder, name="Stranger")
    middle = Authority(folder, name="Middle", issuer=root)
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )

    def by(signer: Authority, **options: object) -> x509.Certificate:
        return make(key, "paper", signer.key, signer.name, **{"hosts": ("127.0.0.1", "localhost"), **options})  # type: ignore[arg-type]

    old = {"begin": NOW - 3 * DAY, "end": NOW - DAY}
    chains = {
        "good": [by(root)],
        "expired": [by(root, **old)],
        "future": [by(root, begin=NOW + DAY)],
        "wrong": [by(root, hosts=("other.example",))],
        "nameless": [by(root, hosts=())],
        "self": [make(key, "paper", key, "paper", hosts=("127.0.0.1", "localhost"))],
        "lapsed": [make(key, "paper", key, "paper", hosts=("other.example",), **old)],
        "incomplete": [by(middle)],
        "complete": [by(middle), middle.certificate],
        "stranger": [by(stranger), stranger.certificate],
    }
    made = {}
    for name, chain in chains.items():
        (folder / f"{name}-chain.pem").write_bytes(b"".join(map(pem, chain)))
        made[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made[name].load_cert_chain(folder / f"{name}-chain.pem", folder / "key.pem")
    made["good"].trusted = str(root.file)  # type: ignore[attr-defined]
    return made


@pytest.fixture(autouse=True)
def _trust(contexts: dict[str, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", contexts["good"].trusted)  # type: ignore[attr-defined]


class TLSServer(ThreadingHTTPServer):
    """Serves over TLS as `context` says, which may change at any time; counts connections."""

    daemon_threads = True
    connections = 0

    def __init__(self, context: ssl.SSLContext, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.context = context

    def finish_request(self, request: socket.socket, client_address: object) -> None:
        try:
            with self.context.wrap_socket(request, server_side=True) as tls:
                self.connections += 1
                super().finish_request(tls, client_address)
        except OSError:  # a client that refuses the certificate hangs up
            pass


@contextmanager
def serving(context: ssl.SSLContext, handler: type[BaseHTTPRequestHandler]) -> Iterator[TLSServer]:
    with TLSServer(context, handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Site:
    server: TLSServer
    paper: Newspaper
    contexts: dict[str, ssl.SSLContext]

    def use(self, name: str) -> None:
        self.server.context = self.contexts[name]


@pytest.fixture
def site(contexts: dict[str, ssl.SSLContext], folder: Path) -> Iterator[Site]:
    """The sample newspaper over TLS, with its profile in the archive as `paper`."""
    paper = Newspaper()
    with serving(contexts["good"], handler_for(paper)) as server:
        paper.url = f"https://127.0.0.1:{server.server_port}/"
        (folder / "sites").mkdir(parents=True)
        (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
        yield Site(server, paper, contexts)


def crawl(newsarchive: Callable, *options: str, code: int = 0) -> str:
    """A crawl of two articles; gives what was said on stderr."""
    return newsarchive("-q", "crawl", "paper", "--limit", "2", "-s", "DOWNLOAD_DELAY=0", *options, code=code).stderr


def fetch(newsarchive: Callable, site: Site, *options: str, code: int = 0) -> str:
    story = site.paper.posts()[0]
    return newsarchive("fetch", f"{site.paper.url}{story.slug}/", *options, code=code).stderr


def verdicts(db: Callable[[], Database]) -> list[str]:
    return [tls for (tls,) in db().conn.execute("select distinct tls from captures order by id")]


def shake_hands(judge: CertificateJudge, server: ssl.SSLContext) -> Response:
    """A TLS handshake in memory, both sides; gives a response that came with it. Raises SSL.Error where refused."""
    options = judge.creatorForNetloc(b"127.0.0.1", 443)
    protocol = TLSMemoryBIOFactory(options, True, Factory.forProtocol(Protocol)).buildProtocol(None)
    client = options.clientConnectionForTLS(protocol)
    client.set_connect_state()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    other = server.wrap_bio(incoming, outgoing, server_side=True)
    for _ in range(4):
        with suppress(SSL.WantReadError):
            client.do_handshake()
        with suppress(SSL.WantReadError):
            incoming.write(client.bio_read(1 << 16))
        with suppress(ssl.SSLWantReadError):
            other.do_handshake()
        if data := outgoing.read():
            client.bio_write(data)
    return Response("https://127.0.0.1/", certificate=Certificate(client.get_peer_certificate()))


@pytest.mark.parametrize("kind", VERDICTS)
def test_a_handshake_tells_what_a_certificate_is_worth(contexts: dict[str, ssl.SSLContext], kind: str) -> None:
    crawler = Crawler(Spider, Settings({"TWISTED_REACTOR_ENABLED": True}))
    judge = CertificateJudge.of(crawler)
    response = shake_hands(judge, contexts[kind])
    assert judge.verdict(response, "127.0.0.1") == VERDICTS[kind]
    assert judge.verdict(shake_hands(judge, contexts["good"]), "127.0.0.1") == "valid"
    assert judge.verdict(response, "127.0.0.1") == VERDICTS[kind], "each certificate of a host has its own"
    strict = CertificateJudge.of(Crawler(Spider, Settings({"DOWNLOAD_VERIFY_CERTIFICATES": True})))
    if VERDICTS[kind] == "valid":
        assert strict.verdict(shake_hands(strict, contexts[kind]), "127.0.0.1") == "valid"
        return
    with pytest.raises(SSL.Error):
        shake_hands(strict, contexts[kind])
    assert set(strict.refusal("127.0.0.1").split("; ")) <= set(VERDICTS[kind].split("; "))
    assert strict.refusal("127.0.0.1")
    shake_hands(strict, contexts["good"])
    assert strict.refusal("127.0.0.1") == "", "a renewed certificate is no longer refused"


def test_a_fetch_warns_once_and_keeps_the_verdict(
    site: Site, newsarchive: Callable, db: Callable[[], Database], folder: Path
) -> None:
    site.use("lapsed")
    said = fetch(newsarchive, site)
    wanted = VERDICTS["lapsed"]
    assert verdicts(db) == [wanted]
    assert said.count(f"127.0.0.1: the TLS certificate is not valid: {wanted}") == 1, "for page and robots.txt together"
    [path] = (folder / "warc").iterdir()
    records = [record.headers for record in ArchiveIterator(BytesIO(path.read_bytes()))]
    assert {r.get("WARC-TLS-Verification") for r in records if r["WARC-Type"] == "response"} == {wanted}
    assert {r.get("WARC-TLS-Verification") for r in records if r["WARC-Type"] == "request"} == {None}


def test_a_crawl_tells_once_when_it_begins_and_once_when_it_is_over(
    site: Site, newsarchive: Callable, db: Callable[[], Database]
) -> None:
    assert "certificate" not in crawl(newsarchive)
    site.use("expired")
    said = [crawl(newsarchive), crawl(newsarchive)]
    assert [f"127.0.0.1 is not valid: {EXPIRED}" in words for words in said] == [True, False]
    assert [words.count("certificate") for words in said] == [1, 0]
    site.use("good")
    said = [crawl(newsarchive), crawl(newsarchive)]
    assert ["127.0.0.1 is valid again" in words for words in said] == [True, False]
    assert [words.count("certificate") for words in said] == [1, 0]
    assert verdicts(db) == ["valid", EXPIRED]
    rows = list(db().query("select site, host, verdict from certificates"))
    assert rows == [{"site": "paper", "host": "127.0.0.1", "verdict": "valid"}]


def test_a_connection_that_is_kept_alive_keeps_its_verdict(
    site: Site, newsarchive: Callable, db: Callable[[], Database]
) -> None:
    site.use("self")
    [outcome] = json.loads(newsarchive("crawl", "paper", "--limit", "2", "-s", "DOWNLOAD_DELAY=0", "--json").stdout)
    assert [alert.partition(".")[0] for alert in outcome["alerts"]] == ["the TLS certificate of 127"]
    assert site.server.connections < len(site.paper.requests)
    assert verdicts(db) == ["self-signed"]


def test_strict_sends_no_request_and_keeps_the_reason(
    site: Site, newsarchive: Callable, db: Callable[[], Database]
) -> None:
    site.use("wrong")
    reason = "TLS certificate is refused: wrong host name"
    assert reason in crawl(newsarchive, "--strict-tls", code=1)
    assert reason in fetch(newsarchive, site, "--strict-tls", code=1)
    assert reason in newsarchive("sites", "add", site.paper.url, "--name", "new", "--strict-tls", code=1).stderr
    assert reason in newsarchive("sites", "check", "paper", "--strict-tls", code=1).stderr
    assert site.paper.requests == []
    assert verdicts(db) == []


def test_strict_lets_a_good_certificate_pass(site: Site, newsarchive: Callable, db: Callable[[], Database]) -> None:
    site.use("complete")
    crawl(newsarchive, "--strict-tls")
    assert verdicts(db) == ["valid"]


def test_a_profile_may_be_strict(site: Site, newsarchive: Callable, folder: Path, tmp_path: Path) -> None:
    profile = folder / "sites" / "paper.toml"
    profile.write_text("strict_tls = true\n" + profile.read_text(encoding="utf-8"), encoding="utf-8")
    assert read_profile(profile).strict_tls
    site.use("expired")
    assert "is refused: expired" in crawl(newsarchive, code=1)
    assert "is refused: expired" in fetch(newsarchive, site, code=1)
    assert site.paper.requests == []
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('url = "https://a.kz/"\nstrict_tls = "yes"\n', encoding="utf-8")
    with pytest.raises(Exception, match="strict_tls must be true or false"):
        read_profile(wrong)


def test_sites_add_warns(site: Site, newsarchive: Callable) -> None:
    site.use("expired")
    said = newsarchive("sites", "add", site.paper.url, "--name", "new").stderr
    assert EXPIRED in said


def jpeg() -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize((400, 300)).save(out, "JPEG")
    return out.getvalue()


def answers(pages: dict[str, tuple[int, str, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, kind, body = pages.get(self.path, (404, "text/plain", b""))
            self.send_response(status)
            self.send_header("Location" if status in (301, 302) else "Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    return Handler


def article(picture: str) -> bytes:
    text = "".join(f"<p>Ауыл тұрғындары су тасқынынан кейін үйлеріне {n}-ші күні қайта оралды.</p>" for n in range(9))
    return f"<html><h1>Су тасыды</h1><article>{text}<img src='{picture}' width=400></article></html>".encode()


def test_pictures_of_other_hosts_and_hops_have_verdicts_of_their_own(
    contexts: dict[str, ssl.SSLContext], newsarchive: Callable, db: Callable[[], Database]
) -> None:
    pages: dict[str, tuple[int, str, bytes]] = {}
    plain = ThreadingHTTPServer(("127.0.0.1", 0), answers(pages))
    thread = threading.Thread(target=plain.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    pictures = answers({"/su.jpg": (200, "image/jpeg", jpeg())})
    with serving(contexts["good"], answers(pages)) as own, serving(contexts["self"], pictures) as other:
        secure = f"https://127.0.0.1:{own.server_port}"
        unsecured = f"http://127.0.0.1:{plain.server_port}"
        picture = f"https://localhost:{other.server_port}/su.jpg"
        pages["/a"] = (301, f"{secure}/b", b"")
        pages["/b"] = (301, f"{unsecured}/c", b"")
        pages["/c"] = (200, "text/html; charset=utf-8", article(picture))
        said = newsarchive("fetch", f"{unsecured}/a", "--images", "--ignore-robots").stderr
    plain.shutdown()
    plain.server_close()
    thread.join()
    found = {url.rpartition("/")[2]: tls for url, tls in db().conn.execute("select url, tls from captures")}
    assert {name: found[name] for name in ("a", "b", "c", "su.jpg")} == {
        "a": None,
        "b": "valid",
        "c": None,
        "su.jpg": "self-signed",
    }
    assert "localhost: the TLS certificate is not valid: self-signed" in said


def test_exports_carry_it_and_imports_read_it(
    site: Site, newsarchive: Callable, db: Callable[[], Database], tmp_path: Path
) -> None:
    site.use("expired")
    crawl(newsarchive)
    for form in ("warc", "wacz"):
        newsarchive("export", "--format", form, "-o", str(tmp_path / f"out.{form}"))
        other = tmp_path / form
        newsarchive("--archive", str(other), "import", "--any-site", str(tmp_path / f"out.{form}"))
        again = read_archive(other)
        assert {tls for (tls,) in again.conn.execute("select tls from captures")} == {EXPIRED}
        again.close()
