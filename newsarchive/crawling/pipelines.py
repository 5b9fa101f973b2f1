"""Item pipelines: a fetched page becomes an article, an article becomes rows."""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem, IgnoreRequest
from twisted.python.failure import Failure

from newsarchive.crawling.failures import failures_of
from newsarchive.crawling.recorders import Recorder, recorder_of
from newsarchive.crawling.run import ArchiveRun
from newsarchive.crawling.spiders.page import ANSWERS, GONE, PageWaits, Postponed, page_of, refusal, status_line
from newsarchive.crawling.spiders.pictures import fetched_picture, is_postponed, picture_failed, picture_request
from newsarchive.errors import reason_of
from newsarchive.images.reading import ImageFile, ImageRefused, read_image_file
from newsarchive.items import MOST_PAGES, Extracted, Fetched, FetchedImage, ImageToDownload, NotKept
from newsarchive.sites import Site, host_site
from newsarchive.urls import is_address, url_key
from newsarchive.workers.extracting import ExtractionPool
from newsarchive.workers.kept_captures import read_again
from newsarchive.workers.pool import PoolClosed, TooSlow, WorkerDied, WorkerPool

logger = logging.getLogger(__name__)


class ExtractionPipeline:
    """Extracts the article of a fetched page in a worker process, with all of its further pages."""

    def __init__(self, crawler: Crawler, workers: int) -> None:
        self._crawler = crawler
        self._workers = workers

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ExtractionPipeline:
        return cls(crawler, crawler.settings.getint("EXTRACTION_WORKERS"))

    def open_spider(self) -> None:
        self.pool = ExtractionPool(self._workers)

    def close_spider(self) -> None:
        with failures_of(self._crawler).noted():
            self.pool.close()

    abandon = close_spider

    async def process_item(self, item: Fetched | Extracted | FetchedImage) -> Extracted | FetchedImage:
        """Extract; raises DropItem where the run ends first: the page stays due."""
        if not isinstance(item, Fetched):
            return item
        try:
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
        """Fetch further pages of an article; gives why one cannot be had now: without it the rest would be an edit.

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


class ArchivePipeline:
    """Stores what came of each page, once what it is compared with is read by the same extractor."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchivePipeline:
        return cls(crawler)

    async def process_item(self, item: Extracted | FetchedImage) -> Extracted | FetchedImage:
        run = self._crawler.get_extension(ArchiveRun)
        if run is not None and isinstance(item, Extracted):
            # asked again after each wait: whoever stored another revision meanwhile, none comes between this and saving
            while unread := run.stored.unread_readings(item):
                extraction = self._crawler.get_item_pipeline(ExtractionPipeline)
                assert extraction is not None
                try:
                    item.readings |= await read_again(extraction.pool, run.folder, unread, run.site)
                except PoolClosed as error:
                    raise DropItem(f"{item.fetched.urls[0]}: {error}") from error
            run.stored.save(item)
        return item


class PicturePipeline:
    """Fetches the pictures of an article that was stored, reads them in a worker process and stores them.

    Pictures that a spider fetched by themselves come here too.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._most_bytes = crawler.settings.getint("PICTURE_MAX_BYTES")
        self._most_pixels = crawler.settings.getint("PICTURE_MAX_PIXELS")
        self._pool: WorkerPool | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PicturePipeline:
        return cls(crawler)

    def close_spider(self) -> None:
        if self._pool is not None:
            with failures_of(self._crawler).noted():
                self._pool.close()

    abandon = close_spider

    async def process_item(self, item: Extracted | FetchedImage) -> Extracted | FetchedImage:
        recorder = recorder_of(self._crawler)
        if recorder is None:
            return item
        if isinstance(item, FetchedImage):
            await self._keep(item, recorder)
        elif item.article is not None:
            for wanted in recorder.images_to_download(item):
                if (fetched := await self._fetch(wanted)) is not None:
                    await self._keep(fetched, recorder)
        return item

    async def _fetch(self, wanted: ImageToDownload) -> FetchedImage | None:
        """What came of a picture; None where the run ends before it was had: it stays missing."""
        try:
            request = picture_request(wanted, most_bytes=self._most_bytes)
            return fetched_picture(await self._crawler.engine.download_async(request))
        except Exception as error:  # noqa: BLE001  whatever a stranger's host does; the reason is kept
            if is_postponed(error):
                return None
            return picture_failed(wanted, Failure(error))  # type: ignore[no-untyped-call]

    async def _keep(self, fetched: FetchedImage, recorder: Recorder) -> None:
        picture = None
        if fetched.state == "fetched":
            try:
                picture = await self._read(fetched.body)
            except PoolClosed:
                return  # the run ends: the picture stays missing
            except ImageRefused as error:
                fetched.state, fetched.reason = "refused", str(error)
            except (TooSlow, WorkerDied):
                fetched.state, fetched.reason = "refused", "it stalls or crashes its reader"
            except Exception as error:  # noqa: BLE001  a stranger's file may break any reader; the reason is kept
                fetched.state, fetched.reason = "refused", f"its reader fails: {reason_of(error)}"
        if fetched.wanted.shown:
            picture = None  # its capture is all that is kept of it
        recorder.save_image(fetched, picture)

    async def _read(self, body: bytes) -> ImageFile:
        if self._pool is None:  # started at the first picture: most crawls keep none
            self._pool = WorkerPool(1, preload=(ImageFile.__module__,))
        return await self._pool.run(read_image_file, body, self._most_pixels)
