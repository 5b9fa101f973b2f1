"""SiteRun: what the run of one site stores, from its first response to the end of its job."""

from __future__ import annotations

import logging

from scrapy.settings import BaseSettings

from newsarchive import database
from newsarchive.crawling.batches import Batch, Tally
from newsarchive.crawling.held_up import HeldUp
from newsarchive.crawling.jobs import JOBS, Job
from newsarchive.crawling.opening import OpenArchive
from newsarchive.crawling.reports import RunReport
from newsarchive.crawling.run_captures import RunCaptures
from newsarchive.crawling.run_images import RunImages
from newsarchive.images.files import ImageFile
from newsarchive.items import Extracted, FetchedImage
from newsarchive.takedown import purge_forgotten

logger = logging.getLogger(__name__)


class SiteRun:
    """Composes the parts of a run in an open archive: `batch`, `job`, `captures`, `images` and `held_up`.

    What happens goes into `tally` and `report`, which outlive it.
    """

    def __init__(
        self, archive: OpenArchive, settings: BaseSettings, *, command: str, tally: Tally, report: RunReport
    ) -> None:
        site, kind = archive.site, JOBS[command]
        self.archive = archive
        self.batch = Batch(archive, tally, most_articles=settings.getint("ARCHIVE_BATCH_ARTICLES"))
        self.job: Job = kind(archive, settings, write=self.batch.write)
        self.captures = RunCaptures(archive, self.batch)
        self.images = RunImages(
            archive,
            self.batch,
            tally,
            mode=kind.image_mode(site, settings),
            again=settings.getbool("ARCHIVE_FULL"),
        )
        self.held_up = HeldUp(archive.db, site.name, write=self.batch.write, keep=settings.getbool("BACK_OFF_KEEP"))
        self._tally = tally
        self._report = report

    def unread_readings(self, item: Extracted) -> list[database.Unread]:
        """Return the stored revisions to read again before a page can be saved in the transaction now open."""
        self.batch.write()
        return database.unread_readings(self.archive.db, item, site=self.archive.site)

    def save(self, item: Extracted) -> None:
        """Store the outcome for a page, and count it."""
        self.batch.write()
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
        self.batch.stored()

    def save_image(self, fetched: FetchedImage, image: ImageFile | None) -> None:
        """Store the outcome for an image, and count it."""
        if reason := self.images.save(fetched, image):
            self._report.not_stored(fetched.wanted.url, reason)

    def was_visited(self, url: str) -> bool:
        """Return whether the outcome for a page is stored already."""
        return database.was_visited(self.archive.db, url, self.archive.run)

    # The end, in this order

    def end_job(self, *, completed: bool) -> None:
        """Store what the job leaves; `completed` is False if the spider was cut off."""
        self.batch.write()
        self.job.end(completed=completed)
        self.archive.db.conn.commit()

    def close_warc(self) -> None:
        """Close the WARC file and record it, and purge what was taken down meanwhile."""
        self.archive.warc.close()
        purge_forgotten(self.archive.db, self.archive.folder)
        database.record_warc(self.archive.db, self.archive.warc.path)

    def look_for_needs(self) -> None:
        """Look for what needs a person, now that everything is stored."""
        found = self.job.what_needs_a_person()
        self._report.needs, self._report.well = found.alerts, found.well

    def look_at_certificates(self) -> None:
        """Store what certificates are worth, and log those that changed."""
        self._report.alerts = self.captures.certificate_alerts()
        for alert in self._report.alerts:
            logger.warning("%s: %s.", self.archive.site.name, alert)
