"""Twisted's private interfaces, each with why no public one serves.

tests/test_private_interfaces.py names those that an update of Twisted changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenSSL import SSL
from twisted.internet._sslverify import ClientTLSOptions, IOpenSSLTrustRoot
from twisted.python.failure import Failure

__all__ = ["IOpenSSLTrustRoot", "TLSConnections", "hang_up", "head_being_read", "reasons_of"]


def head_being_read(protocol: Any) -> object | None:
    """Return the parser of the response whose head a client protocol is reading; None if it reads none.

    Twisted bounds neither the length nor the number of header lines, and its public response exists only once the
    whole head is there.
    """
    parser = protocol._parser
    return parser if parser is not None and parser.state in ("STATUS", "HEADER") else None


def hang_up(protocol: Any, error: Exception) -> None:
    """Close a connection, with the error as the outcome of its request; `loseConnection` would hide the error."""
    protocol._giveUp(Failure(error))  # type: ignore[no-untyped-call]


def reasons_of(error: BaseException) -> list[BaseException]:
    """Return the errors for which a request failed, those given to `hang_up` among them.

    Scrapy raises an error of its own, whose cause is Twisted's ResponseFailed.
    """
    reasons: list[Failure] = getattr(error.__cause__, "reasons", [])
    return [reason.value for reason in reasons if reason.value is not None]


class TLSConnections(ClientTLSOptions):
    """Makes the TLS connections to one host, each with a callback for OpenSSL's verdicts on its certificates.

    Twisted's public options either verify or do not; this class is what they are made of.
    """

    def __init__(self, certificate_options: Any, hostname: str, *, verify: Callable[..., Callable[..., bool]]) -> None:
        super().__init__(certificate_options._makeTLSConnection, hostname)
        self._verify = verify

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: N802, N803  Twisted's names
        connection = super().clientConnectionForTLS(tlsProtocol)
        callback = self._verify(self._hostnameASCII.lower(), is_name=self._hostnameIsDnsName)
        connection.set_verify(SSL.VERIFY_PEER, callback)
        return connection
