"""ExtractionPipeline: a fetched page becomes an article."""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem, IgnoreRequest
from twisted.python.failure import Failure

from newsarchive.crawling.failures import failures_of
from newsarchive.crawling.pools import pools_of
from newsarchive.crawling.signals import abandoned
from newsarchive.crawling.spiders.page import ANSWERS, PageWaits, Postponed, page_of, refusal
from newsarchive.crawling.statuses import GONE, status_line
from newsarchive.items import MOST_PAGES, Extracted, Fetched, FetchedImage, NotKept
from newsarchive.sites import Site, host_site
from newsarchive.urls import is_address, url_key
from newsarchive.workers.extracting import ExtractionPool
from newsarchive.workers.pool import PoolClosed

logger = logging.getLogger(__name__)


class ExtractionPipeline:
    """Extracts the article of a fetched page in a worker process, with all of its further pages."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._abandoned = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ExtractionPipeline:
        self = cls(crawler)
        crawler.signals.connect(self.abandon, abandoned)
        return self

    def open_spider(self) -> None:
        self.pool: ExtractionPool = pools_of(self._crawler).extraction.join()

    def close_spider(self) -> None:
        with failures_of(self._crawler).noted():
            pools_of(self._crawler).extraction.leave()

    def abandon(self) -> None:
        """Drop the pages that are being extracted, and those that come after; other crawls go on."""
        self._abandoned = True
        site: Site | None = getattr(self._crawler.spider, "site", None)
        self.pool.drop(site.name if site else None)

    async def process_item(self, item: Fetched | Extracted | FetchedImage) -> Extracted | FetchedImage:
        """Extract; raises DropItem where the run ends first: the page stays due."""
        if not isinstance(item, Fetched):
            return item
        try:
            if self._abandoned:
                raise PoolClosed("the run ends")
            return await self._extract(item)
        except PoolClosed as error:
            raise DropItem(f"{item.urls[0]}: {error}") from error

    async def _extract(self, item: Fetched) -> Extracted:
        site = self._site(item)
        extracted = await self.pool.extract(item, site)
        while extracted.article and extracted.article.more_pages and len(item.pages) < MOST_PAGES:
            known = len(item.pages)
            if reason := await self._fetch_more(item, extracted.article.more_pages):
                return Extracted(fetched=item, outcome="failed", reason=reason)
            if len(item.pages) == known:
                break
            extracted = await self.pool.extract(item, site)
        return extracted

    def _site(self, item: Fetched) -> Site:
        spider = self._crawler.spider
        site: Site | None = getattr(spider, "site", None)
        sites: dict[str, Site] = getattr(spider, "sites", {})
        return site or sites.get(item.urls[0]) or host_site(item.urls[-1])

    async def _fetch_more(self, item: Fetched, urls: tuple[str, ...]) -> str:
        """Fetch further pages of an article; return why one cannot be fetched: without it the rest would be an edit.

        One that is not there, or that robots.txt forbids, is left out. Raises DropItem where the host asks for a pause,
        or where a page cannot be stored.
        """
        for url in urls[: MOST_PAGES - len(item.pages)]:
            if not is_address(url) or urlsplit(url).netloc != urlsplit(item.pages[0].url).netloc:
                continue
            request = Request(url, meta={"keep_encoded": True, "handle_httpstatus_list": ANSWERS}, dont_filter=True)
            try:
                response = await self._crawler.engine.download_async(request)
            except (NotKept, Postponed) as error:
                raise DropItem(f"{url}: {error}") from error
            except PageWaits as error:
                return f"its page {url}: {error}"
            except IgnoreRequest as error:
                logger.warning("%s: a page of the article is missing: %s", url, error)
                continue
            except Exception as error:  # noqa: BLE001  whatever the host did to the connection; the reason is kept
                return f"its page {url}: {refusal(Failure(error))}"  # type: ignore[no-untyped-call]
            if response.status in GONE or same_page(response.url, item):
                continue  # a page that was guessed, and is not there: WordPress leads back to the first
            page = page_of(response)
            if response.status != HTTPStatus.OK or page.cut:
                return f"its page {url}: {page.cut or status_line(response.status)}"
            item.pages += (page,)
            capture = response.meta.get("capture")
            item.captures += (capture,) if capture else ()
        return ""


def same_page(url: str, item: Fetched) -> bool:
    """Whether a response came from a page of the article that is there already."""
    return any(url_key(url) == url_key(page.url) for page in item.pages)
