"""Scrapy's HTTP handler with an end to the head of an answer, and no way from a public host's name into a network."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from newsarchive.errors import NewsArchiveError
from newsarchive.resolving import PUBLIC_HOSTS

LONGEST_HEAD = 256 * 1024  # bytes; browsers allow about as much


class HeadTooLong(NewsArchiveError):
    """A server's header lines are longer than any honest ones."""


class BoundedHeadHandler(HTTP11DownloadHandler):
    """Downloads as Scrapy does, and hangs up on a head that is too long; Scrapy bounds bodies alone."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        usual: Any = self._pool._factory

        class Factory(usual):  # type: ignore[misc]
            def buildProtocol(self, addr: Any) -> Any:  # noqa: N802  Twisted's name
                return bound_head(super().buildProtocol(addr))

        self._pool._factory = Factory

    async def download_request(self, request: Request) -> Response:
        """Download; raises IgnoreRequest where a public host's name leads to a private address now."""
        try:
            return await super().download_request(request)
        except CannotResolveHostError as error:
            if PUBLIC_HOSTS.has_turned(urlsplit(request.url).hostname or ""):
                raise IgnoreRequest("the name of a public host leads to a private address now") from error
            raise


def bound_head(protocol: Any) -> Any:
    """Make a client protocol count the bytes of each head, and give up at LONGEST_HEAD of them."""
    receive = protocol.dataReceived
    head_of: Any = None
    size = 0

    def receive_bounded(data: bytes) -> None:
        nonlocal head_of, size
        receive(data)
        parser = protocol._parser
        if parser is None or parser.state not in ("STATUS", "HEADER"):
            return
        size = len(data) + (size if head_of is parser else 0)
        head_of = parser
        if size > LONGEST_HEAD:
            error = HeadTooLong(f"more than {LONGEST_HEAD} bytes of header lines")
            protocol._giveUp(Failure(error))  # type: ignore[no-untyped-call]

    protocol.dataReceived = receive_bounded
    return protocol
