"""Where no request may go, whatever a site says."""

from __future__ import annotations

import asyncio

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from newsarchive.crawling.middlewares import OwnHostsMiddleware
from newsarchive.crawling.spiders.page import PageSpider


def passes(url: str, came_from: str) -> None:
    request = Request(url, meta={"redirect_urls": [came_from]})
    asyncio.run(OwnHostsMiddleware(Crawler(PageSpider)).process_request(request))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "http://10.1.2.3/", "http://192.168.0.1/", "http://169.254.169.254/", "http://[::1]/"]
)
def test_a_redirect_from_a_public_site_to_a_private_address_is_refused(url: str) -> None:
    with pytest.raises(IgnoreRequest, match="private address"):
        passes(url, "http://8.8.8.8/habar/")


def test_redirects_among_public_and_among_private_addresses_pass() -> None:
    passes("http://1.1.1.1/b/", "http://8.8.8.8/a/")
    passes("http://127.0.0.1/b/", "http://127.0.0.1:8000/a/")
