"""Scrapy's private interfaces, each with why it is needed and no public one serves.

tests/test_private_interfaces.py names those that an update of Scrapy changed.
"""

from __future__ import annotations

from scrapy.crawler import Crawler
from scrapy.utils.defer import _schedule_coro


def close_spider_soon(crawler: Crawler, *, reason: str) -> None:
    """End a crawl from a synchronous handler; the end is awaited by Scrapy itself.

    `_schedule_coro` is what Scrapy's own extensions (CloseSpider, MemoryUsage) do here; a plain asyncio task would do,
    were it not for crawls without an asyncio reactor, and for its errors, which Scrapy logs.
    """
    assert crawler.engine is not None
    _schedule_coro(crawler.engine.close_spider_async(reason=reason))
