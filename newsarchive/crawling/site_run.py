"""SiteRun: what the run of one site stores, from its first response to the end of its job."""

from __future__ import annotations

import logging
from functools import partial

from scrapy.settings import BaseSettings

from newsarchive import database
from newsarchive.crawling.advice import canonical_alert
from newsarchive.crawling.batches import Member
from newsarchive.crawling.held_up import HeldUp
from newsarchive.crawling.jobs import JOBS, Job
from newsarchive.crawling.opening import OpenArchive
from newsarchive.crawling.reports import RunReport
from newsarchive.crawling.run_captures import RunCaptures
from newsarchive.crawling.run_images import RunImages
from newsarchive.database.alerts import open_about
from newsarchive.images.files import ImageFile
from newsarchive.items import Extracted, FetchedImage
from newsarchive.takedown import purge_forgotten

logger = logging.getLogger(__name__)


class SiteRun:
    """Composes the parts of a run in an open archive: `batch`, `job`, `captures`, `images` and `held_up`.

    What happens goes into the tally of `member` and into `report`, which outlive it.
    """

    def __init__(
        self, archive: OpenArchive, settings: BaseSettings, *, command: str, member: Member, report: RunReport
    ) -> None:
        site, kind = archive.site, JOBS[command]
        self.archive = archive
        self.batch = archive.batch
        self.job: Job = kind(archive, settings, write=self.batch.write)
        self.captures = RunCaptures(archive, member)
        self.images = RunImages(
            archive,
            member.tally,
            mode=kind.image_mode(site, settings),
            again=settings.getbool("ARCHIVE_FULL"),
        )
        self.held_up = HeldUp(archive.db, site.name, write=self.batch.write, keep=settings.getbool("BACK_OFF_KEEP"))
        self._member = member
        self._tally = member.tally
        self._report = report

    async def save(self, item: Extracted) -> list[database.Unread]:
        """Store the outcome for a page, and count it; if stored revisions are to be read again first, return those."""
        return await self.batch.in_turn(partial(self._save_if_read, item), article=True)

    def save_failed(self, item: Extracted) -> None:
        """Store that a page failed, and count it, with the next batch."""
        self.batch.later(partial(self._save_if_new, item), self._member)

    def _save_if_new(self, item: Extracted) -> None:
        if not self.was_visited(item.fetched.urls[0]):
            self._save(item)

    def _save_if_read(self, item: Extracted) -> list[database.Unread]:
        unread = database.unread_readings(self.archive.db, item, site=self.archive.site)
        if not unread:
            self._save(item)
        return unread

    def _save(self, item: Extracted) -> None:
        texts, url = self.batch.search_texts, item.fetched.urls[0]
        outcome, reason = database.keep_extracted(
            self.archive.db,
            item,
            site=self.archive.site,
            run=self.archive.run,
            revisit=self.job.revisit,
            source="crawl",
            waiting=texts,
        )
        texts.write(at_least=database.TOGETHER)
        if reason:
            self._report.not_stored(url, reason)
        self._tally.articles[outcome] = self._tally.articles.get(outcome, 0) + 1
        if outcome == "forgotten":
            self.archive.forgotten.add(item.fetched.urls)
        if item.article is not None:
            self.images.note_stored(url, outcome)
        self.job.done(url)

    async def save_image(self, fetched: FetchedImage, image: ImageFile | None) -> None:
        """Store the outcome for an image, and count it."""
        if reason := await self.images.save(fetched, image):
            self._report.not_stored(fetched.wanted.url, reason)

    def was_visited(self, url: str) -> bool:
        """Return whether the outcome for a page is stored already."""
        return database.was_visited(self.archive.db, url, self.archive.run)

    # The end, in this order

    def end_job(self, *, completed: bool) -> None:
        """Store what the job leaves; `completed` is False if the spider was cut off."""
        self.batch.write()
        self.job.end(completed=completed)
        self.batch.flush()

    def close_warc(self) -> None:
        """Close the WARC file and record it, and purge what was taken down meanwhile."""
        self.archive.warc.close()
        purge_forgotten(self.archive.db, self.archive.folder)
        database.record_warc(self.archive.db, self.archive.warc.path)

    def look_for_needs(self) -> None:
        """Look for what needs a person, now that everything is stored."""
        found = self.job.what_needs_a_person()
        self._report.needs, self._report.well = found.alerts, found.well

    def look_for_news(self) -> None:
        """Find what a person should know, though nothing needs to be done, and log what is new of it."""
        db, site = self.archive.db, self.archive.site.name
        certificates, canonical = self.captures.certificate_alerts(), canonical_alert(db, site)
        told = canonical is not None and bool(open_about(db, site, canonical.key.code))
        for alert in [*certificates, *([canonical] if canonical is not None and not told else [])]:
            logger.warning("%s: %s.", site, alert)
        self._report.alerts = [*certificates, *([canonical] if canonical is not None else [])]
