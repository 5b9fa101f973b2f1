"""ImagePipeline: the images of a stored article are downloaded, read and kept."""

from __future__ import annotations

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from twisted.python.failure import Failure

from newsarchive.crawling.failures import failures_of
from newsarchive.crawling.pools import pools_of
from newsarchive.crawling.recorders import Recorder, recorder_of
from newsarchive.crawling.signals import abandoned
from newsarchive.crawling.spiders.images import fetched_image, image_failed, image_request, is_postponed
from newsarchive.errors import reason_of
from newsarchive.images.files import ImageFile, ImageRefused
from newsarchive.items import Extracted, FetchedImage, ImageToDownload, NotKept
from newsarchive.workers.pool import PoolClosed, WorkerDied, WorkerPool
from newsarchive.workers.serving import TooSlow


class ImagePipeline:
    """Fetches the images of an article that was stored, reads them in a worker process and stores them.

    Images that a spider fetched by themselves come here too.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._most_bytes = crawler.settings.getint("IMAGE_MAX_BYTES")
        self._most_pixels = crawler.settings.getint("IMAGE_MAX_PIXELS")
        self._pool: WorkerPool | None = None
        self._abandoned = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ImagePipeline:
        self = cls(crawler)
        crawler.signals.connect(self.abandon, abandoned)
        return self

    def close_spider(self) -> None:
        if self._pool is not None:
            with failures_of(self._crawler).noted():
                pools_of(self._crawler).images.leave()

    def abandon(self) -> None:
        """Drop the images that are being read, and those that come after; other crawls go on."""
        self._abandoned = True
        if self._pool is not None:
            self._pool.drop(self._lane)

    @property
    def _lane(self) -> str:
        return self._crawler.spider.name if self._crawler.spider else ""

    async def process_item(self, item: Extracted | FetchedImage) -> Extracted | FetchedImage:
        recorder = recorder_of(self._crawler)
        if recorder is None:
            return item
        try:
            if isinstance(item, FetchedImage):
                await self._keep(item, recorder)
            elif item.article is not None:
                for wanted in recorder.images_to_download(item):
                    if (fetched := await self._fetch(wanted)) is not None:
                        await self._keep(fetched, recorder)
        except NotKept as error:  # the run ends, and its images stay missing
            raise DropItem(str(error)) from error
        return item

    async def _fetch(self, wanted: ImageToDownload) -> FetchedImage | None:
        """Return the outcome for an image; None where the run ends before it was had: it stays missing."""
        try:
            request = image_request(wanted, most_bytes=self._most_bytes)
            return fetched_image(await self._crawler.engine.download_async(request))
        except Exception as error:  # noqa: BLE001  whatever a stranger's host does; the reason is kept
            if is_postponed(error):
                return None
            return image_failed(wanted, Failure(error))  # type: ignore[no-untyped-call]

    async def _keep(self, fetched: FetchedImage, recorder: Recorder) -> None:
        image = None
        if fetched.state == "fetched":
            try:
                image = await self._read(fetched.body)
            except PoolClosed:
                return  # the run ends: the image stays missing
            except ImageRefused as error:
                fetched.state, fetched.reason = "refused", str(error)
            except (TooSlow, WorkerDied):
                fetched.state, fetched.reason = "refused", "it stalls or crashes its reader"
            except Exception as error:  # noqa: BLE001  a stranger's file may break any reader; the reason is kept
                fetched.state, fetched.reason = "refused", f"its reader fails: {reason_of(error)}"
        if fetched.wanted.shown:
            image = None  # its capture is all that is kept of it
        await recorder.save_image(fetched, image)

    async def _read(self, body: bytes) -> ImageFile:
        from newsarchive.images.reading import read_image_file  # only now: it loads Pillow, and most crawls keep none

        if self._abandoned:
            raise PoolClosed("the run ends")
        if self._pool is None:
            self._pool = pools_of(self._crawler).images.join()
        return await self._pool.run(read_image_file, body, self._most_pixels, lane=self._lane)
