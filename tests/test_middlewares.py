"""Where no request may go, whatever a site says."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newsarchive.crawling.middlewares import CookieWallMiddleware, OwnHostsMiddleware, RefreshMiddleware
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


WALL = {"Location": "https://a.kz/n", "Set-Cookie": "seen=1; path=/"}


def test_a_wall_of_cookies_is_passed_within_the_run() -> None:
    wall = CookieWallMiddleware()
    first = Request("https://a.kz/n")
    wall.process_request(first)
    wall.process_response(first, Response("https://a.kz/n", status=302, headers=WALL))
    again = Request("https://a.kz/other")
    wall.process_request(again)
    assert (first.headers.get("Cookie"), again.headers.get("Cookie")) == (None, b"seen=1")


def test_a_wall_of_cookies_that_stays_is_named() -> None:
    wall, request = CookieWallMiddleware(), Request("https://a.kz/n")
    for _ in range(2):
        wall.process_request(request)
        if request.headers.get("Cookie"):
            with pytest.raises(IgnoreRequest, match="cookie wall"):
                wall.process_response(request, Response("https://a.kz/n", status=302, headers=WALL))
            return
        wall.process_response(request, Response("https://a.kz/n", status=302, headers=WALL))
    pytest.fail("the cookie was not sent back")


def test_cookies_of_pages_are_not_kept() -> None:
    wall, request = CookieWallMiddleware(), Request("https://a.kz/n")
    wall.process_response(request, Response("https://a.kz/n", headers={"Set-Cookie": "visitor=7"}))
    wall.process_request(request)
    assert "Cookie" not in request.headers


REFRESH = '<html><head><meta http-equiv="Refresh" content="{}"></head><body><p>{}</p></body></html>'


@pytest.mark.parametrize(
    ("content", "text", "target"),
    [
        ("0; url=/kk/n", "Көшіп жатыр", "https://a.kz/kk/n"),
        ("0;URL='https://a.kz/kk/n'", "", "https://a.kz/kk/n"),
        ("0; url=/n", "", None),  # to itself
        ("300; url=/kk/n", "", None),  # for readers who leave the page open
        ("0; url=/kk/n", "сөз " * 200, None),  # a page with a text of its own
        ("60", "", None),
    ],
)
def test_a_page_with_nothing_but_a_meta_refresh_is_a_redirect(content: str, text: str, target: str | None) -> None:
    body = REFRESH.format(content, text).encode()
    for encoding, sent in (("", body), ("gzip", gzip.compress(body))):
        headers = {"Content-Type": "text/html", **({"Content-Encoding": encoding} if encoding else {})}
        request = Request("https://a.kz/n", cb_kwargs={"url": "https://a.kz/n"})
        answer = RefreshMiddleware().process_response(request, Response("https://a.kz/n", headers=headers, body=sent))
        assert (answer.url if isinstance(answer, Request) else None) == target
        if isinstance(answer, Request):
            assert (answer.meta["redirect_urls"], answer.cb_kwargs) == (["https://a.kz/n"], request.cb_kwargs)


def test_refreshes_that_lead_on_for_ever_end() -> None:
    request: Request | Response = Request("https://a.kz/n/0")
    for number in range(1, 50):
        assert isinstance(request, Request)
        body = REFRESH.format(f"0; url=/n/{number}", "").encode()
        answer = RefreshMiddleware().process_response(request, Response(request.url, body=body))
        if isinstance(answer, Response):
            return
        request = answer
    pytest.fail("it went on")
