"""ArchiveRun: the run of one site in the archive, from the opening of its spider to the end."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, NotConfigured
from scrapy.http import Response
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from newsarchive import database
from newsarchive.crawling.batches import Member, Tally
from newsarchive.crawling.failures import cause_of, close_soon, failure_ends_crawl, failures_of
from newsarchive.crawling.held_up import HeldUp
from newsarchive.crawling.jobs import JOBS
from newsarchive.crawling.opening import open_for_run
from newsarchive.crawling.progress import Follow, Progress, follow_nothing
from newsarchive.crawling.recorders import Recorder
from newsarchive.crawling.reports import RunReport
from newsarchive.crawling.site_run import SiteRun
from newsarchive.crawling.writer import ArchiveWriter
from newsarchive.database.alerts import Alert, note_alerts
from newsarchive.images.files import ImageFile
from newsarchive.items import Capture, Extracted, Fetched, FetchedImage, ImageToDownload
from newsarchive.run_ends import RunEnd
from newsarchive.sites import Site
from newsarchive.times import now

logger = logging.getLogger(__name__)

SHOWN_EVERY = 0.5
"""Seconds between two looks at the progress of a run."""


class ArchiveRun(Recorder):
    """Opens the archive for one site's spider, stores what comes of its pages, and closes it again.

    This is Scrapy's side of a run: signals, the clock, errors. `stored` has what it stores, `report` what it says.
    """

    stored: SiteRun

    def __init__(self, crawler: Crawler, folder: Path, *, command: str, lock: AbstractContextManager[None]) -> None:
        self.crawler = crawler
        self.folder = folder
        self.report = RunReport()
        self._command = command
        self._lock = lock
        self._tally = Tally(JOBS[command].outcomes)
        self._timer = LoopingCall(self._show_progress)
        self._follow: Follow = follow_nothing
        self._held: ExitStack | None = None
        """Closes what the run has open: the files, the database, the lock."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchiveRun:
        settings = crawler.settings
        command = settings["ARCHIVE_COMMAND"]
        if not settings.getbool("ARCHIVE_ENABLED") or command not in JOBS:
            raise NotConfigured
        folder = Path(settings["ARCHIVE_FOLDER"])
        lock = database.lock_archive(folder) if settings.getbool("ARCHIVE_LOCK") else nullcontext()
        self = cls(crawler, folder, command=command, lock=lock)
        crawler.signals.connect(self.open, signals.spider_opened)
        crawler.signals.connect(self.close, signals.spider_closed)
        crawler.signals.connect(self.error, signals.item_error)
        crawler.signals.connect(self.error, signals.spider_error)
        return self

    @property
    def site(self) -> Site:
        """The site of the run, once it is open."""
        return self.stored.archive.site

    @property
    def held_up(self) -> HeldUp | None:
        """The URLs that end the site's runs; None until the run is open."""
        return self.stored.held_up if self._held else None

    # Opening

    def open(self, spider: Spider) -> None:
        """Open the archive and the run, and give the spider its plan.

        Raise CloseSpider if that fails: what was opened is closed again, and no page is requested.
        """
        try:
            with ExitStack() as held:
                held.enter_context(self._lock)
                self._open(spider, held)
                self._held = held.pop_all()
        except Exception as error:
            failures_of(self.crawler).note(cause_of(error))
            raise CloseSpider(RunEnd.FAILED) from error
        if self._follow is not follow_nothing:
            self._timer.start(SHOWN_EVERY).addErrback(self._timer_failed)
        self._respect_retry_after()

    def _open(self, spider: Spider, held: ExitStack) -> None:
        settings = self.crawler.settings
        site: Site = spider.site  # type: ignore[attr-defined]
        contact = site.contact or settings["CONTACT"]
        member = Member(tally=self._tally, fail=self._storing_failed)
        archive = open_for_run(
            self.folder,
            getattr(spider, "writer", None) or ArchiveWriter.of(settings),
            site,
            command=self._command,
            contact=contact,
            member=member,
            held=held,
        )
        self.stored = SiteRun(archive, settings, command=self._command, member=member, report=self.report)
        spider.plan = self.stored.job.plan  # type: ignore[attr-defined]
        spider.left_images = self.stored.images.left()  # type: ignore[attr-defined]
        self._follow = getattr(spider, "follow", follow_nothing)

    def _respect_retry_after(self) -> None:
        """Raise CloseSpider if the site asked an earlier run for no request before a time."""
        until = database.retry_after_of(self.stored.archive.db, self.site.name)
        if not until:
            return
        sentence = f"asked to come back at {until}"
        if not self.crawler.settings.getbool("BACK_OFF_KEEP"):
            logger.warning("%s %s; requesting it anyway, because BACK_OFF_KEEP is off", self.site.name, sentence)
            return
        self.report.postpone(until, f"{sentence}; nothing is requested from it before")
        raise CloseSpider(RunEnd.POSTPONED)

    # While it is open

    def _show_progress(self) -> None:
        self._follow(self.site.name, self.progress)

    def _storing_failed(self, error: Exception) -> None:
        failures_of(self.crawler).end(cause_of(error))

    def _timer_failed(self, failure: Failure) -> None:
        failures_of(self.crawler).end(cause_of(failure.value))

    def capture(self, request: Request, response: Response) -> Capture | None:
        """Keep a response with its request; return None if it is not to be kept."""
        return self.stored.captures.save(request, response)

    def images_to_download(self, item: Extracted) -> list[ImageToDownload]:
        """Return the images of a stored article to download now."""
        return self.stored.images.of(item)

    async def captures_kept(self) -> None:
        """Return once the captures so far have their rows."""
        await self.stored.batch.captures_kept()

    async def save_image(self, fetched: FetchedImage, image: ImageFile | None) -> None:
        """Store the outcome for an image, and count it."""
        await self.stored.save_image(fetched, image)

    def error(self, failure: Failure, item: object = None, response: Response | None = None) -> None:
        """Count the page as failed about which a pipeline or a callback of the spider raised."""
        failures_of(self.crawler).error(failure)
        error = failure.value
        if not isinstance(error, Exception) or database.concerns_archive(error):
            return
        with failure_ends_crawl(self.crawler):
            page = _page_of(item, response)
            if page is not None and not self.stored.was_visited(page.urls[0]):
                self.stored.save_failed(Extracted(fetched=page, outcome="failed", reason=cause_of(error)))

    def postpone(self, until: str, sentence: str) -> None:
        """End the run because the site asked to come back at a time (UTC with Z), for which the next run waits."""
        if not self.report.come_back:
            self.report.postpone(until, sentence)
            close_soon(self.crawler, reason=RunEnd.POSTPONED)

    # Closing

    def close(self, reason: str) -> None:
        """Commit, close the run and the files, and free the archive; if a step fails, the others are still done."""
        if self._held is None:
            return  # it could not be opened, which is known
        if self._timer.running:
            self._timer.stop()
        failures, stored = failures_of(self.crawler), self.stored
        steps = (
            stored.batch.flush,
            self._show_progress,
            lambda: stored.end_job(completed=reason == RunEnd.FINISHED and not failures.reasons),
            stored.close_warc,
            stored.look_for_needs,
            stored.look_for_news,
            lambda: self._finish(reason),
            stored.batch.flush,
        )
        with failures.noted(), self._held:
            for step in steps:
                with failures.noted():
                    try:
                        step()
                    except BaseException:
                        stored.batch.undo()
                        raise
        self.report.reason = RunEnd.FAILED if failures.reasons else self.report.reason

    def _finish(self, reason: str) -> None:
        db, run = self.stored.archive.db, self.stored.archive.run
        self.report.end(reason, failed=bool(failures_of(self.crawler).reasons))
        database.note_retry_after(db, self.site.name, self.report.come_back or None)
        message = "; ".join(self.problems)
        alerts = [*self.problems, *self.report.alerts]
        note_alerts(db, self.site.name, alerts, well=self.report.over(), time=now())
        database.finish_run(db, run, reason=self.report.reason, message=message, counts=self.counts)

    # What it reports

    @property
    def problems(self) -> list[Alert]:
        """What needs a person: what failed, and once the run is closed what was found in the archive."""
        return self.report.problems(failures_of(self.crawler).reasons)

    @property
    def notes(self) -> list[str]:
        """What a person should know, though nothing is wrong."""
        return [*self.stored.job.notes, *self.stored.held_up.notes] if self._held else []

    def progress(self) -> Progress:
        """Return what is done, the total, and the outcomes in words."""
        return self.stored.job.progress(self._tally)

    @property
    def counts(self) -> dict[str, int]:
        """The counts of articles, of images (`pictures_new`, ...) if there were any, and of requests."""
        images = {f"pictures_{state}": count for state, count in sorted(self._tally.images.items())}
        requests = int(self.crawler.stats.get_value("downloader/request_count", 0))
        return {**self._tally.articles, **images, "requests": requests}


def _page_of(item: object, response: Response | None) -> Fetched | None:
    """Return the article's page that an error is about; None if it is about something else."""
    if isinstance(item, Extracted):
        return item.fetched
    if isinstance(item, Fetched):
        return item
    url = response.request.cb_kwargs.get("url") if item is None and response is not None and response.request else None
    return Fetched(site="", urls=(url,), pages=(), captures=()) if isinstance(url, str) else None
