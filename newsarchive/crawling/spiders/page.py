"""PageSpider: fetches given URLs, one-off; and how a response becomes a fetched page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from newsarchive.crawling.statuses import GONE, KEPT_OUT, status_line
from newsarchive.errors import NewsArchiveError
from newsarchive.items import Extracted, Fetched, Hints, NotKept, Page
from newsarchive.sites import Site

HTML_TYPES = ("", "text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain")
BROKEN_OFF = "the host broke the answer off"
ANSWERS = [304, *range(400, 600)]
"""Statuses that come to the spider; the others are redirects, to be followed."""


def sites_of(spider: Spider | None) -> list[Site] | None:
    """Return the sites whose pages a spider fetches; None for a probe, which is to find out about one."""
    site: Site | None = getattr(spider, "site", None)
    sites: dict[str, Site] | None = getattr(spider, "sites", None)
    return [site] if site else None if sites is None else list(sites.values())


class Postponed(NewsArchiveError, IgnoreRequest):
    """A request not sent, or given up, for a reason that says nothing of its page: another run may send it."""


class HostGivenUp(Postponed):
    """A request to a host that is not the site's and demanded longer pauses than a run has."""


class PageWaits(NewsArchiveError, IgnoreRequest):
    """A request to a URL that asked for a long wait in run after run: only it waits, its site continues."""


class HeadTooLong(NewsArchiveError, DownloadFailedError):
    """A response whose header lines are longer than any honest ones."""

    def __str__(self) -> str:
        return "the answer's header lines do not end"


class RobotsForbidden(NewsArchiveError, IgnoreRequest):
    """A request that robots.txt forbids."""

    def __str__(self) -> str:
        return "forbidden by robots.txt"


class RobotsUnknown(NewsArchiveError, IgnoreRequest):
    """A request to a host whose robots.txt cannot be fetched now: it may forbid anything."""

    def __str__(self) -> str:
        return f"robots.txt cannot be fetched ({self.args[0]}), so nothing may be requested"


class PageSpider(Spider):
    """Fetches the pages of `urls`; `sites` names the site of each."""

    name = "page"
    urls: tuple[str, ...]
    sites: dict[str, Site]

    async def start(self) -> AsyncIterator[Request]:
        for url in self.urls:
            yield page_request(url, self.parse_page, self.page_failed)

    def parse_page(self, response: Response, url: str, hints: Hints) -> Iterator[Fetched | Extracted]:
        """Pass the page on to extraction, or the reason why there is none."""
        yield fetched(response, self.sites[url].name, url, hints)

    def page_failed(self, failure: Failure) -> Iterator[Extracted]:
        """Report that a page could not be fetched; nothing is stored of one that was postponed."""
        url = failure.request.cb_kwargs["url"]  # type: ignore[attr-defined]
        nothing = Fetched(site=self.sites[url].name, urls=(url,), pages=(), captures=())
        outcome = "postponed" if isinstance(failure.value, Postponed) else "failed"
        yield Extracted(fetched=nothing, outcome=outcome, reason=refusal(failure))


def page_request(
    url: str, callback: Callable[..., Any], errback: Callable[[Failure], Any], *, hints: Hints = Hints()
) -> Request:
    """Return the request for an article's page, whose body is to stay as it comes over the wire."""
    return Request(
        url,
        callback=callback,
        errback=errback,
        cb_kwargs={"url": url, "hints": hints},
        dont_filter=True,
        meta={"handle_httpstatus_list": ANSWERS, "keep_encoded": True},
    )


def page_of(response: Response) -> Page:
    """Return a Scrapy response as a Page."""
    headers = {header_text(n).lower(): header_text(b",".join(values)) for n, values in response.headers.items()}
    cut = BROKEN_OFF if "dataloss" in response.flags else ""
    return Page(url=response.url, body=response.body, status=response.status, headers=headers, cut=cut)


def header_text(value: bytes) -> str:
    """A header's bytes as text: UTF-8 where they are that, else Latin-1, which any bytes are.

    >>> header_text("Кітап".encode()), header_text(bytes([0xB3]))
    ('Кітап', '³')
    """
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def fetched(response: Response, site: str, url: str, hints: Hints, *, home: str = "") -> Fetched | Extracted:
    """Return the page for extraction, or the outcome if the status or the type already determines it."""
    hops = response.meta.get("redirect_urls", [])
    capture = response.meta.get("capture")
    item = Fetched(
        site=site,
        urls=tuple(dict.fromkeys([url, *hops, response.url])),
        pages=(page_of(response),),
        captures=(capture,) if capture else (),
        hints=hints,
    )
    if response.status in GONE:
        return Extracted(fetched=item, outcome="missing", reason=status_line(response.status))
    if home and hops and _is_home(response.url, home) and not _is_home(url, home):
        return Extracted(fetched=item, outcome="missing", reason="redirects to the home page")
    if hops and _SIGN_IN.search(urlsplit(response.url).path) and not _SIGN_IN.search(urlsplit(url).path):
        return Extracted(fetched=item, outcome="failed", reason="redirects to a page for signing in", kept_out=True)
    if response.status != HTTPStatus.OK:
        kept_out = response.status in KEPT_OUT
        return Extracted(fetched=item, outcome="failed", reason=status_line(response.status), kept_out=kept_out)
    kind = item.pages[0].headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in HTML_TYPES:
        return Extracted(fetched=item, outcome="not_article", reason=f"not HTML but {kind}")
    if response.body.startswith(b"%PDF-"):
        return Extracted(fetched=item, outcome="not_article", reason="not HTML but a PDF")
    if item.pages[0].cut:  # also where its last line is there: what a server promised and did not send may be text
        return Extracted(fetched=item, outcome="failed", reason=item.pages[0].cut)
    return item


_SIGN_IN = re.compile(
    r"/(?:(?:wp-|user/|users/|account/|auth/)?(?:log-?in|sign-?in|sign-?up|register)|auth|paywall)(?:\.\w{1,5})?/?$",
    re.IGNORECASE,
)


def _is_home(url: str, home: str) -> bool:
    return urlsplit(url).path.rstrip("/") == urlsplit(home).path.rstrip("/") and not urlsplit(url).query


_REFUSALS: tuple[tuple[type[Exception], str], ...] = (
    (CannotResolveHostError, "the host is not known (no network?)"),
    (DownloadConnectionRefusedError, "the host refused the connection"),
    (DownloadTimeoutError, "the host did not answer in time"),
    (DownloadCancelledError, "the answer is too large"),
    (ResponseDataLossError, BROKEN_OFF),
    (DownloadFailedError, "the host broke the connection off or cannot be reached"),
)


def refusal(failure: Failure) -> str:
    """Return in words why a request failed."""
    error = failure.value
    if isinstance(error, NotKept | Postponed | HeadTooLong):
        return str(error)
    if isinstance(error, HttpError):
        return f"{status_line(error.response.status)} without a usable Location"
    if isinstance(error, ValueError):
        return f"leads to an invalid URL ({error})"[:200]
    if isinstance(error, IgnoreRequest):
        return str(error)[:1].lower() + str(error)[1:] if str(error) else "refused"
    for kind, words in _REFUSALS:
        if isinstance(error, kind):
            return words
    return f"{type(error).__name__}: {error}"[:200]
