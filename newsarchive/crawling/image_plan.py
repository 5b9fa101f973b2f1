"""ImagePlan: which images of a site `images fetch` downloads."""

from __future__ import annotations

from itertools import islice

from sqlite_utils import Database

from newsarchive.database.images import site_images
from newsarchive.items import ImageToDownload
from newsarchive.sites import Site


class ImagePlan:
    """The missing images of a site's articles, batch by batch.

    `limit` (0: none) is the number of images to ask for at most; `again` asks for kept ones, too.
    """

    def __init__(self, db: Database, site: Site, *, mode: str, again: bool = False, limit: int = 0) -> None:
        self._images = list(islice(site_images(db, site, mode=mode, again=again), limit or None))
        self._given = 0

    def due(self, limit: int) -> list[ImageToDownload]:
        """Return up to `limit` images to fetch now, each once."""
        part = self._images[self._given : self._given + limit]
        self._given += len(part)
        return part

    @property
    def total(self) -> int:
        """The number of images to fetch in this run."""
        return len(self._images)
