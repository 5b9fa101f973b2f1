"""What a run in the archive is for, by the setting ARCHIVE_COMMAND: a crawl, or the images still missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from scrapy.settings import BaseSettings

from newsarchive.crawling.alerts import Findings, what_needs_a_person
from newsarchive.crawling.batches import Tally
from newsarchive.crawling.image_plan import ImagePlan
from newsarchive.crawling.opening import OpenArchive
from newsarchive.crawling.plan import PlanOptions, SitePlan
from newsarchive.crawling.progress import Progress
from newsarchive.items import Article
from newsarchive.sites import Site


class Job(Protocol):
    """The part of a run that depends on what it is for."""

    @property
    def plan(self) -> SitePlan | ImagePlan:
        """What the spider is to do."""

    @property
    def notes(self) -> list[str]:
        """What a person should know, though nothing is wrong."""

    def done(self, url: str) -> None:
        """Record that the outcome for a page is stored."""

    def revisit(self, article: Article, time: str) -> str | None:
        """Return when an article fetched at `time` is due again; None if a source reports its changes."""

    def end(self, *, completed: bool) -> None:
        """Record that the spider is done; `completed` is False if it was cut off."""

    def what_needs_a_person(self) -> Findings:
        """Return what was found, once everything is stored."""

    def progress(self, tally: Tally) -> Progress:
        """Return what is done, the total, and the outcomes in words."""


class CrawlJob:
    """Reads a site's listings and the pages that are due."""

    outcomes = ("new", "changed", "same", "gone", "missing", "not_article", "failed")

    def __init__(self, archive: OpenArchive, settings: BaseSettings, *, write: Callable[[], None]) -> None:
        options = PlanOptions.from_settings(settings)
        self.plan = SitePlan(archive.db, archive.site, write=write, run=archive.run, options=options)
        self._archive = archive

    @staticmethod
    def image_mode(site: Site, settings: BaseSettings) -> str:
        """Return which images to keep: none, lead or all."""
        return str(settings["IMAGES"] or site.images)

    @property
    def notes(self) -> list[str]:
        return self.plan.notes

    def done(self, url: str) -> None:
        self.plan.done(url)

    def revisit(self, article: Article, time: str) -> str | None:
        return self.plan.revisit(article, time)

    def end(self, *, completed: bool) -> None:
        self.plan.finish(completed=completed)

    def what_needs_a_person(self) -> Findings:
        own = self._archive
        found = what_needs_a_person(own.db, own.site, own.run, own.folder)
        return Findings(alerts=[*self.plan.problems, *found.alerts], well=found.well | self.plan.well)

    def progress(self, tally: Tally) -> Progress:
        counts, done = tally.articles, sum(tally.articles.values())
        words = f"{counts['new']} new, {counts['changed']} changed, {counts['failed']} failed"
        return done, done + self.plan.waiting(), words


class ImageJob:
    """Downloads the images that a site's articles still miss; with ARCHIVE_FULL all of them."""

    outcomes = ()

    def __init__(self, archive: OpenArchive, settings: BaseSettings, *, write: Callable[[], None]) -> None:
        self.plan = ImagePlan(
            archive.db,
            archive.site,
            mode=self.image_mode(archive.site, settings),
            again=settings.getbool("ARCHIVE_FULL"),
            limit=settings.getint("ARCHIVE_LIMIT"),
        )
        self.notes: list[str] = []

    @staticmethod
    def image_mode(site: Site, settings: BaseSettings) -> str:
        """Return which images to keep: whoever asks for images wants some, even if the profile keeps none."""
        mode = CrawlJob.image_mode(site, settings)
        return "all" if mode == "none" else mode

    def done(self, url: str) -> None:
        """Do nothing: a missing image is due until it is kept."""

    def revisit(self, article: Article, time: str) -> str | None:
        return None

    def end(self, *, completed: bool) -> None:
        """Do nothing: images that were not requested stay missing."""

    def what_needs_a_person(self) -> Findings:
        """Return nothing: `images` says why an image is missing."""
        return Findings(alerts=[], well=frozenset())

    def progress(self, tally: Tally) -> Progress:
        images = tally.images
        words = f"{images['new']} new, {images['refused']} refused, {images['failed']} failed"
        return sum(images.values()), self.plan.total, words


JOBS: dict[str, type[CrawlJob] | type[ImageJob]] = {"crawl": CrawlJob, "images": ImageJob}
