"""Scrapy's HTTP handler with an end to the head of an answer, and no way from a public host's name into a network."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, DownloadFailedError, IgnoreRequest
from scrapy.http import Response

from newsarchive.crawling.certificates import VALID, CertificateJudge, CertificateRefused, host_of
from newsarchive.crawling.resolving import PUBLIC_HOSTS
from newsarchive.crawling.scrapy_internals import replace_connections
from newsarchive.crawling.spiders.page import HeadTooLong
from newsarchive.crawling.twisted_internals import hang_up, head_being_read, reasons_of

logger = logging.getLogger(__name__)

LONGEST_HEAD = 256 * 1024  # bytes; browsers allow about as much


class BoundedHeadHandler(HTTP11DownloadHandler):
    """Downloads as Scrapy does, and hangs up on a head that is too long; Scrapy bounds bodies alone."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._judge = CertificateJudge.of(crawler)
        replace_connections(self, bound_head, self._judge)
        self._warns = not crawler.settings.getbool("ARCHIVE_ENABLED")
        """The run of a crawl tells of a bad certificate at its end, where it was not told before."""
        self._warned: set[str] = set()

    async def download_request(self, request: Request) -> Response:
        """Download; what the certificate was worth is in the request's meta, as `tls`.

        Raises IgnoreRequest where a public host's name leads to a private address now, CertificateRefused.
        """
        request.meta.pop("tls", None)  # of the request that redirected here
        host = host_of(urlsplit(request.url).hostname)
        try:
            response = await super().download_request(request)
        except CannotResolveHostError as error:
            if PUBLIC_HOSTS.has_turned(urlsplit(request.url).hostname or ""):
                raise IgnoreRequest("the name of a public host leads to a private address now") from error
            raise
        except DownloadFailedError as error:
            if any(isinstance(reason, HeadTooLong) for reason in reasons_of(error)):
                raise HeadTooLong(request.url) from error
            if reason := self._judge.refusal(host):
                raise CertificateRefused(f"the TLS certificate is refused: {reason}") from error
            raise
        request.meta["tls"] = verdict = self._judge.verdict(response, host)
        if verdict not in (None, VALID) and self._warns and host not in self._warned:
            self._warned.add(host)
            logger.warning("%s: the TLS certificate is not valid: %s; fetched all the same.", host, verdict)
        return response


def bound_head(protocol: Any) -> Any:
    """Make a client protocol count the bytes of each head, and give up at LONGEST_HEAD of them."""
    receive = protocol.dataReceived
    head_of: Any = None
    size = 0

    def receive_bounded(data: bytes) -> None:
        nonlocal head_of, size
        receive(data)
        parser = head_being_read(protocol)
        if parser is None:
            return
        size = len(data) + (size if head_of is parser else 0)
        head_of = parser
        if size > LONGEST_HEAD:
            hang_up(protocol, HeadTooLong(f"more than {LONGEST_HEAD} bytes of header lines"))

    protocol.dataReceived = receive_bounded
    return protocol
