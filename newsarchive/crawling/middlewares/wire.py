"""Next to the wire: pages stay encoded as they came, truncated answers are asked for again, all are captured."""

from __future__ import annotations

import logging
import sqlite3

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import Response

from newsarchive.crawling.failures import cause_of, failures_of
from newsarchive.crawling.recorders import recorder_of
from newsarchive.crawling.spiders.page import BROKEN_OFF
from newsarchive.items import NotKept


class PageCompressionMiddleware(HttpCompressionMiddleware):
    """Leaves article pages as they came over the wire, for extraction to inflate, and inflates all else.

    Switching compression off instead would leave a gzipped robots.txt unread, and so disobeyed.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        if request.meta.get("keep_encoded") and response.status == 200:
            return response
        return super().process_response(request, response)


class BrokenOffMiddleware:
    """Asks again for an answer that came shorter than its head said, as Scrapy does after other failures."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BrokenOffMiddleware:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if "dataloss" not in response.flags:
            return response
        spider = self._crawler.spider
        assert spider is not None
        again = get_retry_request(request, spider=spider, reason=BROKEN_OFF, give_up_log_level=logging.DEBUG)
        return again or response


class CaptureMiddleware:
    """Writes every response, as it came, into the run's WARC file; stands next to the wire.

    Where one cannot be stored, the crawl ends, and what asked for it learns nothing of the site from that.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CaptureMiddleware:
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        recorder = recorder_of(self._crawler)
        if recorder is not None and "cached" not in response.flags:
            try:
                request.meta["capture"] = recorder.capture(request, response)
                if not request.meta.get("keep_encoded"):  # what a listing leads to must never be kept without it
                    await recorder.captures_kept()
            except (OSError, sqlite3.Error) as error:
                failures_of(self._crawler).end(cause_of(error))
                raise NotKept(cause_of(error)) from error
        return response
