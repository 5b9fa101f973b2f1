"""Verifies the TLS certificate of a host at each handshake, so that the verdict can be stored with each capture.

Newspapers let certificates lapse, and an archive that stopped there would lose what they publish in the meantime. So
a connection continues whatever the verdict, unless DOWNLOAD_VERIFY_CERTIFICATES requires a valid certificate.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import certifi
from OpenSSL import SSL
from OpenSSL.crypto import X509
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from service_identity import VerificationError
from service_identity.exceptions import CertificateError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from zope.interface import implementer

from newsarchive.crawling.scrapy_internals import ContextFactory
from newsarchive.crawling.twisted_internals import IOpenSSLTrustRoot, TLSConnections
from newsarchive.errors import NewsArchiveError

VALID = "valid"
_NO_ISSUER = "incomplete chain or unknown authority"
_REASONS = {
    2: _NO_ISSUER,
    18: "self-signed",
    19: "unknown authority",
    20: _NO_ISSUER,
    21: _NO_ISSUER,
    23: "revoked",
    24: "issuer is no authority",
    25: "issuer may not issue it",
    26: "not made for servers",
    66: "key too short",
    67: "key too short",
    68: "weak signature",
}
"""OpenSSL's error number (X509_V_ERR_…) -> reason; validity times (9, 10) are worded in `_reason`."""


class CertificateRefused(NewsArchiveError, IgnoreRequest):
    """The certificate of a host is invalid, and a valid one is required."""


class CertificateJudge(ContextFactory):
    """Makes TLS connections, and stores the verdict on each certificate by host."""

    strict = False
    _made: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reasons: dict[tuple[str, bytes], list[str]] = {}
        self._refused: dict[str, list[str]] = {}

    @classmethod
    def of(cls, crawler: Crawler) -> CertificateJudge:
        """Return the judge of one crawl; the setting DOWNLOAD_VERIFY_CERTIFICATES makes it strict."""
        self = cls.from_crawler(crawler)
        self.strict = crawler.settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES")
        return self

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: N802  Twisted's name
        if self._made is None:  # reading the trusted certificates takes longer than a handshake
            self._made = self.options_trusting(_TrustRoot())
        return TLSConnections(self._made, hostname.decode("ascii"), verify=self.callback)

    def verdict(self, response: Response, host: str) -> str | None:
        """Return the verdict on a response's certificate: `valid`, or why it is not; None without TLS."""
        if response.certificate is None:
            return None
        reasons = self._reasons.get((host, response.certificate.original.digest("sha256")))
        return None if reasons is None else "; ".join(reasons) or VALID

    def refusal(self, host: str) -> str:
        """Return why the last connection to a host was refused; empty if it was not."""
        return "; ".join(self._refused.get(host, ()))

    def callback(self, host: str, *, is_name: bool) -> Callable[[SSL.Connection, X509, int, int, int], bool]:
        """Return what OpenSSL calls for each certificate and fault of a chain; that returns whether to continue."""
        reasons: list[str] = []
        seen_leaf = False

        def judge(_connection: SSL.Connection, certificate: X509, error: int, depth: int, ok: int) -> bool:
            nonlocal seen_leaf
            found = [] if ok else [_reason(error, certificate, depth)]
            if depth == 0 and not seen_leaf:
                seen_leaf = True
                self._reasons[host, certificate.digest("sha256")] = reasons
                found += [] if _is_for(certificate, host, is_name=is_name) else ["wrong host name"]
            reasons.extend(reason for reason in found if reason not in reasons)
            if self.strict and reasons:
                self._refused[host] = reasons
                return False
            if depth == 0:
                self._refused.pop(host, None)
            return True

        return judge


@implementer(IOpenSSLTrustRoot)
class _TrustRoot:
    """The authorities of the system and of certifi; SSL_CERT_FILE or SSL_CERT_DIR replaces them."""

    def _addCACertsToContext(self, context: SSL.Context) -> None:  # noqa: N802  Twisted's name
        context.set_default_verify_paths()
        if not os.environ.get("SSL_CERT_FILE") and not os.environ.get("SSL_CERT_DIR"):
            context.load_verify_locations(certifi.where())


def host_of(url_host: str | None) -> str:
    """Return a host in lower-case ASCII, the key of its verdicts.

    >>> host_of("Газет.kz")
    'xn--80afhh0d.kz'
    """
    host = (url_host or "").lower()
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _reason(error: int, certificate: X509, depth: int) -> str:
    whose = "" if depth == 0 else "issuer's certificate "
    if error in (9, 10):
        facts = certificate.to_cryptography()
        if error == 9:
            return f"{whose}not valid before {facts.not_valid_before_utc:%Y-%m-%d}"
        return f"{whose}expired on {facts.not_valid_after_utc:%Y-%m-%d}"
    return _REASONS.get(error, f"OpenSSL error {error}")


def _is_for(certificate: X509, host: str, *, is_name: bool) -> bool:
    wanted = DNS_ID(host) if is_name else IPAddress_ID(host)
    try:
        verify_service_identity(extract_patterns(certificate), [wanted], [])
    except (CertificateError, VerificationError, ValueError):
        return False
    return True
