"""Downloader middlewares: keep every response, leave pages as they came, back off where a host asks for it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from newsarchive.failures import failures_of, reason_of
from newsarchive.items import NotKept, WantedPicture
from newsarchive.recorders import Recorder
from newsarchive.resolving import PUBLIC_HOSTS
from newsarchive.spiders.page import BROKEN_OFF, status_line

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 600.0
PATIENCE = 3600.0


class OwnHostsMiddleware:
    """Lets no request out to a host that is not the site's own, whatever a redirect says."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._picture_hosts: set[str] = set()
        self._private: dict[str, bool] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> OwnHostsMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).netloc.lower()
        if wanted := request.meta.get("picture"):
            await self._let_picture_out(request, wanted, host)
            return
        site = getattr(self._crawler.spider, "site", None)
        robots = request.meta.get("dont_obey_robotstxt") and host in self._picture_hosts
        if site is not None and not site.covers(request.url) and not request.meta.get("any_host") and not robots:
            raise IgnoreRequest(f"leads to another host ({urlsplit(request.url).netloc})")
        hops = request.meta.get("redirect_urls")
        if hops and not await _is_private(hops[0]) and await _is_private(request.url):
            raise IgnoreRequest("redirects from a public site to a private address")

    async def _let_picture_out(self, request: Request, wanted: WantedPicture, host: str) -> None:
        """Pictures may come from hosts that their page shows pictures from, too, at a pace that suits a guest."""
        if host not in wanted.hosts:
            where = "leads to" if request.meta.get("redirect_urls") else "is on"
            raise IgnoreRequest(f"{where} a host that the page shows no picture from ({host})")
        if not await self._leads_inside(wanted.page) and await self._leads_inside(request.url):
            raise IgnoreRequest("leads from a public site to a private address")
        if host in self._picture_hosts:
            return
        self._picture_hosts.add(host)
        site = getattr(self._crawler.spider, "site", None)
        if site is not None and not site.covers(request.url):
            settings = self._crawler.settings
            delay = max(settings.getfloat("PICTURE_DELAY_ELSEWHERE"), settings.getfloat("DOWNLOAD_DELAY"))
            slots = self._crawler.engine.downloader.per_slot_settings
            slots.setdefault(urlsplit(request.url).hostname or "", {"delay": delay})

    async def _leads_inside(self, url: str) -> bool:
        host = urlsplit(url).hostname or ""
        if host not in self._private:
            self._private[host] = await _is_private(url)
        return self._private[host]


async def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        found = []
    if any(not ip_address(address[4][0]).is_global for address in found):
        return True
    PUBLIC_HOSTS.add(host)  # and so it has to be when it is connected to
    return False


class RobotsMiddleware(RobotsTxtMiddleware):
    """Obeys robots.txt, and asks for nothing where the host cannot give it: RFC 9309, section 2.3.1.4.

    It is asked for once in a run: where discovery reads the sitemaps that it names, it gets the same answer.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unknown: dict[str, str] = {}
        self._answers: dict[str, Response] = {}

    async def process_request(self, request: Request) -> Response | None:  # type: ignore[override]
        if request.meta.get("dont_obey_robotstxt"):
            return None
        await super().process_request(request)
        answer = self._answers.get(request.url)
        return answer and answer.replace(request=request, flags=[*answer.flags, "cached"])  # in the WARC file already

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            self._unknown[netloc] = status_line(response.status)
        elif "dataloss" in response.flags:  # the rule that matters may be in the rest
            self._unknown[netloc] = BROKEN_OFF
        else:
            parts = urlsplit(request.url)
            self._answers[f"{parts.scheme}://{netloc}/robots.txt"] = response
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if isinstance(exc, IgnoreRequest | NotKept):
            self._unknown[netloc] = str(exc)
        super()._robots_error(exc, netloc)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        if reason := self._unknown.get(urlsplit(request.url).netloc):
            raise IgnoreRequest(f"robots.txt cannot be had ({reason}), so nothing may be fetched")
        super().process_request_2(rp, request)


class BackOffMiddleware:
    """Holds a whole host on 429 and 503, as long as Retry-After says, else for growing pauses; then tries again.

    Retry-After: RFC 9110, section 10.2.3, seconds or an HTTP date.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._first_pause = crawler.settings.getfloat("BACK_OFF_PAUSE")
        self._tries = crawler.settings.getint("BACK_OFF_TIMES")
        self._until: dict[str, float] = {}
        self._pauses: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BackOffMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        while (wait := self._until.get(host, 0) - time.monotonic()) > 0:
            await asyncio.sleep(wait)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        host = urlsplit(request.url).netloc
        if response.status not in (429, 503):
            if response.status < 400:
                self._pauses.pop(host, None)
            return response
        asked = retry_after((response.headers.get("Retry-After") or b"").decode("latin-1"), datetime.now(UTC))
        tries = request.meta.get("back_off_tries", 0) + 1
        if self._until.get(host, 0) <= time.monotonic():  # the first of those under way; the others came with it
            self._pauses[host] = self._pauses.get(host, 0) + 1
            pause = (
                asked if asked is not None else min(LONGEST_PAUSE, self._first_pause * 2 ** (self._pauses[host] - 1))
            )
            self._until[host] = time.monotonic() + pause
            self._slow_down(request)
            logger.warning("%s answers %s: pausing for %.0f s", host, status_line(response.status), pause)
        self._crawler.stats.inc_value("back_off/count")
        if tries > self._tries or self._until[host] - time.monotonic() > PATIENCE:
            raise IgnoreRequest(f"backing off: the host still answers {status_line(response.status)}")
        return request.replace(meta={**request.meta, "back_off_tries": tries}, dont_filter=True)

    def _slow_down(self, request: Request) -> None:
        """Ask for half as much from then on: the host has said that the pace was too high."""
        slot = self._crawler.engine.downloader.slots.get(request.meta.get("download_slot", ""))
        if slot is not None:
            slot.delay = min(60.0, max(slot.delay * 2, 0.25))


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for; None where there is none or it cannot be read.

    >>> retry_after("120", datetime(2025, 1, 1, tzinfo=UTC))
    120.0
    >>> retry_after("Wed, 01 Jan 2025 00:01:00 GMT", datetime(2025, 1, 1, tzinfo=UTC))
    60.0
    """
    value = value.strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):
        return None


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

    def process_response(self, request: Request, response: Response) -> Response:
        recorder = self._crawler.get_extension(Recorder)
        if recorder is not None and "cached" not in response.flags:
            try:
                request.meta["capture"] = recorder.capture(request, response)
            except (OSError, sqlite3.Error) as error:
                failures_of(self._crawler).end(reason_of(error))
                raise NotKept(reason_of(error)) from error
        return response
