"""The pools of worker processes, which all crawls of this process share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from newsarchive.workers.extracting import ExtractionPool
from newsarchive.workers.pool import WorkerPool

P = TypeVar("P", bound=WorkerPool)
READING_IMAGES = ("newsarchive.images.reading",)
"""What workers that read images need loaded."""


class SharedPool(Generic[P]):
    """A pool of worker processes that starts with the first crawl that needs it, and ends with the last."""

    def __init__(self, make: Callable[[], P]) -> None:
        self._make = make
        self._users = 0
        self._pool: P | None = None

    def join(self) -> P:
        """Return the pool; call `leave` in the end."""
        self._users += 1
        if self._pool is None:
            self._pool = self._make()
        return self._pool

    def leave(self) -> None:
        """Need the pool no more."""
        self._users -= 1
        if not self._users and self._pool is not None:
            pool, self._pool = self._pool, None
            pool.close()


@dataclass(frozen=True, kw_only=True)
class Pools:
    """The pools by what their workers do; a spider whose crawl shares them has them as its attribute `pools`."""

    extraction: SharedPool[ExtractionPool]
    images: SharedPool[WorkerPool]

    @classmethod
    def of(cls, settings: BaseSettings) -> Pools:
        """Return pools of the sizes that Scrapy's settings name; no process is started yet."""
        workers = settings.getint("EXTRACTION_WORKERS")
        return cls(
            extraction=SharedPool(lambda: ExtractionPool(workers)),
            images=SharedPool(lambda: WorkerPool(1, preload=READING_IMAGES)),
        )


def pools_of(crawler: Crawler) -> Pools:
    """Return the pools that a crawl shares with others; if it runs alone, its own."""
    pools: Pools | None = getattr(crawler.spider, "pools", None)
    if pools is None:
        pools = Pools.of(crawler.settings)
        crawler.spider.pools = pools  # type: ignore[union-attr]
    return pools
