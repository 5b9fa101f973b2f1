"""Which pictures `images fetch` gets of a site: those of its articles that are missing, batch by batch."""

from __future__ import annotations

from itertools import islice

from sqlite_utils import Database

from newsarchive.database.images import site_images
from newsarchive.items import ImageToDownload
from newsarchive.sites import Site


class PicturePlan:
    """The plan of one run; `limit` (0: none) is how many pictures to ask for at most, `again` to ask for kept ones."""

    def __init__(self, db: Database, site: Site, *, mode: str, again: bool = False, limit: int = 0) -> None:
        self.notes: list[str] = []
        self._wanted = list(islice(site_images(db, site, mode=mode, again=again), limit or None))
        self._given = 0

    def due(self, limit: int) -> list[ImageToDownload]:
        """Pictures to fetch now, each given once."""
        part = self._wanted[self._given : self._given + limit]
        self._given += len(part)
        return part

    @property
    def total(self) -> int:
        """How many pictures are to be fetched in this run."""
        return len(self._wanted)
