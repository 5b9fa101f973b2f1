"""Scrapy's private interfaces, each with why no public one serves; the rest of the program uses the public names here.

`USED` lists them. tests/test_private_interfaces.py names those that an update of Scrapy changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from scrapy import Request, Spider
from scrapy.core.downloader import Downloader, Slot
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.settings import BaseSettings

from newsarchive.crawling.quick_stack import stack_without_sources

with stack_without_sources():
    from scrapy.core.downloader.contextfactory import _ScrapyCertificateOptions, _ScrapyClientContextFactory
    from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler

USED: tuple[tuple[type, str, tuple[str, ...]], ...] = (
    (Downloader, "_get_slot", ("request", "spider")),
    (Downloader, "_enqueue_request", ("request",)),
    (Downloader, "_download", ("slot", "request")),
    (RobotsTxtMiddleware, "_parse_robots", ("response", "netloc", "request")),
    (RobotsTxtMiddleware, "_robots_error", ("exc", "netloc")),
    (RobotsTxtMiddleware, "process_request_2", ("rp", "request")),
    (_ScrapyClientContextFactory, "_get_cert_options_kwargs", ()),
    (AsyncCrawlerProcess, "_signal_shutdown", ("signum", "_")),
    (AsyncCrawlerProcess, "_signal_kill", ("signum", "_")),
)
"""Methods with the parameters that they are called with."""


class SlotDownloader(Downloader):
    """Scrapy's Downloader with hooks around its slots, the queues of requests to one host.

    Scrapy has a setting for another downloader, but none for another kind of slot, and nothing public between a
    request's entry into a slot's queue and its transfer.
    """

    def slot_for(self, slot: Slot, request: Request) -> Slot:
        """Return the slot to use in place of Scrapy's own."""
        return slot

    def before_queueing(self, request: Request) -> None:
        """Check a request before it enters a queue; what this raises is its outcome."""

    @contextmanager
    def transferring(self) -> Iterator[None]:
        """Enclose the transfer of one request, in its task."""
        yield

    def send(self, request: Request) -> asyncio.Future[Response | Request]:
        """Send a request through the middlewares into its host's queue."""
        return asyncio.ensure_future(self.middleware.download_async(self._enqueue_request, request))

    def _get_slot(self, request: Request, spider: Spider | None = None) -> tuple[str, Slot]:
        key, slot = super()._get_slot(request)
        self.slots[key] = slot = self.slot_for(slot, request)
        return key, slot

    async def _enqueue_request(self, request: Request) -> Response:
        self.before_queueing(request)
        return await super()._enqueue_request(request)

    async def _download(self, slot: Slot, request: Request) -> Response:
        with self.transferring():
            return await super()._download(slot, request)


class RobotsHooks(RobotsTxtMiddleware):
    """Scrapy's robots.txt middleware with hooks for what it does with the answer.

    Scrapy takes any answer without an exception for rules, and none for permission; RFC 9309 has other rules, and no
    setting or subclass hook changes them.
    """

    def rules_of(self, response: Response, netloc: str, request: Request) -> Response:
        """Return the robots.txt to parse for an answer."""
        return response

    def rules_known(self, rules: RobotParser, request: Request) -> None:
        """Take note of the rules of a host."""

    def robots_failed(self, error: Exception, netloc: str) -> None:
        """Take note that a host's robots.txt could not be fetched."""

    def before_rules(self, request: Request) -> None:
        """Check a request before the rules are applied; what this raises is its outcome."""

    def forbidden(self) -> Exception:
        """Return the outcome of a request that the rules forbid."""
        return IgnoreRequest("forbidden by robots.txt")

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        await super()._parse_robots(self.rules_of(response, netloc, request), netloc, request)
        rules = self._parsers[netloc]
        if isinstance(rules, RobotParser):
            self.rules_known(rules, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self.robots_failed(exc, netloc)
        super()._robots_error(exc, netloc)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        self.before_rules(request)
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest as error:
            raise self.forbidden() from error


class ContextFactory(_ScrapyClientContextFactory):
    """Scrapy's factory of TLS contexts, with its settings for ciphers and versions.

    Scrapy either verifies certificates or ignores them; no setting lets a connection go on and reports what its
    certificate was worth.
    """

    def options_trusting(self, trust_root: Any) -> _ScrapyCertificateOptions:
        """Return certificate options by Scrapy's settings that trust the given authorities."""
        return _ScrapyCertificateOptions(**self._get_cert_options_kwargs(), trustRoot=trust_root)


def replace_connections(handler: HTTP11DownloadHandler, wrap: Callable[[Any], Any], contexts: ContextFactory) -> None:
    """Make a download handler wrap the protocol of each connection, and use other TLS contexts.

    The handler makes its pool itself; there is no setting for the pool's protocol, and the setting for the contexts is
    deprecated.
    """
    usual: Any = handler._pool._factory

    class Factory(usual):  # type: ignore[misc]
        def buildProtocol(self, addr: Any) -> Any:  # noqa: N802  Twisted's name
            return wrap(super().buildProtocol(addr))

    handler._pool._factory = Factory
    handler._contextFactory = contexts  # type: ignore[assignment]  # it declares an interface of zope


class SignalProcess(AsyncCrawlerProcess):
    """Scrapy's process of crawls with handlers for the first and the second signal that it gets.

    Its own first handler waits for everything under way, its second one leaves runs open; it offers no other, except
    to handle no signal at all.
    """

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)  # type: ignore[arg-type]

    def first_signal(self, signum: int) -> None:
        """Handle Ctrl-C or SIGTERM."""

    def second_signal(self, signum: int) -> None:
        """Handle it again."""

    def _signal_shutdown(self, signum: int, _: Any) -> None:
        self.first_signal(signum)

    def _signal_kill(self, signum: int, _: Any) -> None:
        self.second_signal(signum)
