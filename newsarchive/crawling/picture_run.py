"""PictureRun: the run of `images fetch` in the archive."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from scrapy.crawler import Crawler

from newsarchive.crawling.picture_plan import PicturePlan
from newsarchive.crawling.run import ArchiveRun, Progress


class PictureRun(ArchiveRun):
    """Fetches the pictures that a site's articles still miss; what it is asked for is in the same settings."""

    command = "images"

    def __init__(self, crawler: Crawler, folder: Path, *, batch_seconds: float, batch_articles: int) -> None:
        super().__init__(crawler, folder, batch_seconds=batch_seconds, batch_articles=batch_articles)
        self.counts = {}
        self._committed = ({}, Counter())

    @property
    def picture_mode(self) -> str:
        """Which pictures to keep: who calls for pictures wants some, though the profile asks for none."""
        said = super().picture_mode
        return "all" if said == "none" else said

    def make_plan(self) -> PicturePlan:
        """The pictures that are missing; with ARCHIVE_FULL all."""
        settings = self.crawler.settings
        return PicturePlan(
            self.db,
            self.site,
            mode=self.picture_mode,
            again=settings.getbool("ARCHIVE_FULL"),
            limit=settings.getint("ARCHIVE_LIMIT"),
        )

    def end_plan(self, *, completed: bool) -> None:
        """Pictures that were not asked for stay missing."""

    def what_needs_a_person(self) -> list[str]:
        """A picture that cannot be had is no business of a person's: `images` says why it is missing."""
        return []

    def progress(self) -> Progress:
        """How many pictures are done, of how many, and of which kinds."""
        kinds = self.pictures
        words = f"{kinds['new']} new, {kinds['refused']} refused, {kinds['failed']} failed"
        return sum(kinds.values()), self.plan.total, words
