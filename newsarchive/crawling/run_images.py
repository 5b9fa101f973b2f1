"""RunImages: which images of a run's articles are downloaded, and how they are stored."""

from __future__ import annotations

import logging
from functools import partial

from newsarchive import database
from newsarchive.crawling.batches import Tally
from newsarchive.crawling.opening import OpenArchive
from newsarchive.database.images import images_to_download, site_images
from newsarchive.images.files import ImageFile, keep_image_file
from newsarchive.images.selecting import select_images
from newsarchive.items import Extracted, FetchedImage, ImageToDownload

logger = logging.getLogger(__name__)


class RunImages:
    """Chooses and stores the images of a run; `mode` is none, lead or all, `again` to ask for kept ones, too."""

    def __init__(self, archive: OpenArchive, tally: Tally, *, mode: str, again: bool) -> None:
        self._archive = archive
        self._tally = tally
        self._mode = mode
        self._again = again
        self._asked: set[tuple[str, bool]] = set()
        self._outcomes: dict[str, str] = {}

    def left(self) -> list[ImageToDownload]:
        """Return the images that an earlier run was killed or interrupted before it could keep."""
        if self._mode == "none":
            return []
        images = list(site_images(self._archive.db, self._archive.site, mode=self._mode, cut_off=True))
        self._asked.update((image.url, image.shown) for image in images)
        return images

    def note_stored(self, url: str, outcome: str) -> None:
        """Record the outcome of storing an article, which decides about its images."""
        self._outcomes[url] = outcome

    def of(self, item: Extracted) -> list[ImageToDownload]:
        """Return the images to download of a stored article.

        Those that are missing; if the article changed, also the kept ones, to see whether they did.
        """
        outcome = self._outcomes.pop(item.fetched.urls[0], "")
        if self._mode == "none" or item.article is None or outcome not in ("new", "changed", "same"):
            return []
        site, again = self._archive.site, outcome == "changed" or self._again
        images = select_images(item.article.images, item.fetched.urls[-1], site=site, mode=self._mode)
        missing = images_to_download(self._archive.db, images, again=again)
        fresh = [image for image in missing if (image.url, image.shown) not in self._asked]
        self._asked.update((image.url, image.shown) for image in fresh)
        return fresh

    async def save(self, fetched: FetchedImage, image: ImageFile | None) -> str:
        """Write an image's file and its rows, and count it; return why its rows could not be written, if so."""
        if image is not None:
            keep_image_file(self._archive.folder / "images", image, fetched.body)
        return await self._archive.batch.in_turn(partial(self._save, fetched, image))

    def _save(self, fetched: FetchedImage, image: ImageFile | None) -> str:
        state, reason = database.keep_fetched_image(self._archive.db, fetched, image, run=self._archive.run)
        if state.endswith(("refused", "failed")):
            logger.info("%s: image %s: %s", fetched.wanted.url, state, reason or fetched.reason)
        self._tally.images[state] += 1
        return reason
