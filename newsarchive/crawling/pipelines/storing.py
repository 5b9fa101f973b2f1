"""ArchivePipeline: an article becomes rows."""

from __future__ import annotations

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from newsarchive.crawling.pipelines.extraction import ExtractionPipeline
from newsarchive.crawling.run import ArchiveRun
from newsarchive.items import Extracted, FetchedImage, NotKept
from newsarchive.workers.kept_captures import read_again
from newsarchive.workers.pool import PoolClosed


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
            try:
                while unread := await run.stored.save(item):
                    extraction = self._crawler.get_item_pipeline(ExtractionPipeline)
                    assert extraction is not None
                    item.readings |= await read_again(extraction.pool, run.folder, unread, run.site)
            except (PoolClosed, NotKept) as error:  # the run ends, and the page stays due
                raise DropItem(f"{item.fetched.urls[0]}: {error}") from error
        return item
