"""Extensions: the run of a crawl in the archive, and robots.txt's Crawl-delay."""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, NotConfigured
from scrapy.http import Response
from sqlite_utils import Database
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from newsarchive import database
from newsarchive.captures.writing import CaptureWriter
from newsarchive.crawling.alerts import certificate_alerts, what_needs_a_person
from newsarchive.crawling.certificates import VALID, host_of
from newsarchive.crawling.failures import failure_ends_crawl, failures_of, reason_of
from newsarchive.crawling.held_up import HeldUp
from newsarchive.crawling.plan import PlanOptions, SitePlan
from newsarchive.crawling.recorders import Recorder
from newsarchive.database.certificates import note_certificates
from newsarchive.database.images import images_to_download, site_images
from newsarchive.images.reading import Picture, clear_drafts, keep_picture
from newsarchive.images.wanted import wanted_pictures
from newsarchive.items import Capture, Extracted, Fetched, FetchedImage, ImageToDownload
from newsarchive.sites import Site
from newsarchive.takedown import clean_up, purge_forgotten
from newsarchive.text.encodings import inflate
from newsarchive.times import now

logger = logging.getLogger(__name__)

Progress = tuple[int, int | None, str]
"""Pages done, pages in all where that is known, and their kinds in words."""
Follow = Callable[[str, Callable[[], Progress]], None]
"""Shows how a run is going; is given its name and what returns its progress. It never raises."""


def follow_nothing(_name: str, _progress: Callable[[], Progress]) -> None:
    """Show nothing: nobody is watching."""


class ArchiveRun(Recorder):
    """The run of one site's crawl: holds the database, the WARC file and the counts from opening to closing.

    Writes gather in one transaction that is committed after some articles or half a second, the WARC file always
    brought to the disk before: a power cut may undo the last batch, but never leaves a row that points at nothing.
    """

    command = "crawl"
    plan: Any = None

    def __init__(self, crawler: Crawler, folder: Path, *, batch_seconds: float, batch_articles: int) -> None:
        self.crawler = crawler
        self.folder = folder
        self.counts = dict.fromkeys(("new", "changed", "same", "gone", "missing", "not_article", "failed"), 0)
        self.pictures: Counter[str] = Counter()
        self.alerts: list[str] = []
        """What a person should know, and needs nothing done."""
        self.reason = "failed"
        self.postponed = ""
        """When the site asked to be asked again (UTC with Z)."""
        self._why_postponed = ""
        self.held_up: HeldUp | None = None
        """The addresses that end the site's runs, once the run is open."""
        self._needs: list[str] = []
        self._batch_seconds = batch_seconds
        self._batch_articles = batch_articles
        self._waiting = 0
        self._asked: set[tuple[str, bool]] = set()
        self._outcomes: dict[str, str] = {}
        self._certificates: dict[str, str] = {}
        self._committed = (dict(self.counts), Counter(self.pictures))
        self._uncommitted: list[Capture] = []
        self._timer = LoopingCall(self._tick)
        self._follow: Follow = follow_nothing
        self._held: ExitStack | None = None
        """What an open run holds: the lock, the database and the files."""
        self._unstored: list[str] = []
        """Pages and pictures that could not be stored, each with the reason."""
        self._lock: AbstractContextManager[None] = nullcontext()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchiveRun:
        settings = crawler.settings
        if not settings.getbool("ARCHIVE_ENABLED") or settings["ARCHIVE_COMMAND"] != cls.command:
            raise NotConfigured
        self = cls(
            crawler,
            Path(settings["ARCHIVE_FOLDER"]),
            batch_seconds=settings.getfloat("ARCHIVE_BATCH_SECONDS"),
            batch_articles=settings.getint("ARCHIVE_BATCH_ARTICLES"),
        )
        if settings.getbool("ARCHIVE_LOCK"):
            self._lock = database.lock_archive(self.folder)
        crawler.signals.connect(self.open, signals.spider_opened)
        crawler.signals.connect(self.close, signals.spider_closed)
        crawler.signals.connect(self.error, signals.item_error)
        crawler.signals.connect(self.error, signals.spider_error)
        return self

    def open(self, spider: Spider) -> None:
        """Open the archive and the run, and give the spider its plan.

        Raises CloseSpider where that fails: what was opened is closed again, and no page is asked for.
        """
        try:
            with ExitStack() as held:
                held.enter_context(self._lock)
                self._open(spider.site, held)  # type: ignore[attr-defined]
                self.plan = spider.plan = self.make_plan()  # type: ignore[attr-defined]
                keep = self.crawler.settings.getbool("BACK_OFF_KEEP")
                self.held_up = HeldUp(self.db, self.site.name, write=self.write, keep=keep)
                clear_drafts(self.folder / "images")
                spider.left_pictures = self.left_pictures()  # type: ignore[attr-defined]
                self._follow = getattr(spider, "follow", follow_nothing)
                self._held = held.pop_all()
        except Exception as error:
            failures_of(self.crawler).note(reason_of(error))
            raise CloseSpider("failed") from error
        self._timer.start(self._batch_seconds).addErrback(self._timer_failed)
        self._keep_away()

    def _keep_away(self) -> None:
        """Raises CloseSpider where the site asked an earlier run for no request before a time."""
        until = database.retry_after_of(self.db, self.site.name)
        if not until:
            return
        sentence = f"asked to come back at {until}"
        if not self.crawler.settings.getbool("BACK_OFF_KEEP"):
            logger.warning("%s %s; it is asked now, for BACK_OFF_KEEP is off", self.site.name, sentence)
            return
        self.postponed, self._why_postponed = until, f"{sentence}; nothing is requested from it before"
        raise CloseSpider("postponed")

    def _open(self, site: Site, held: ExitStack) -> None:
        self.site = site
        self.db: Database = database.open_archive(self.folder)
        held.callback(self.db.close)
        database.save_site(self.db, self.site)
        clean_up(self.db, self.folder)
        self._checkpoints = database.Checkpoints(self.folder)
        held.callback(self._checkpoints.close)
        self.forgotten = database.ForgottenAddresses(self.db)
        self.run = database.start_run(self.db, self.command, self.site.name)
        held.push(self._give_up)
        self.started = now()
        stamp = self.started.translate(str.maketrans("", "", "-:TZ"))
        name = f"{self.site.name}-{stamp}-{self.run:05}"
        contact = self.site.contact or self.crawler.settings["CONTACT"]
        originals = partial(database.original_of, self.db)
        self.warc = CaptureWriter(self.folder / "warc", name, operator=contact, originals=originals)
        held.callback(self.warc.close)

    def _give_up(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Say in the archive why a run that began could not be opened."""
        if error is not None:
            with suppress(sqlite3.Error):
                database.finish_run(self.db, self.run, reason="failed", message=reason_of(error), counts={})

    def _tick(self) -> None:
        self.flush()
        self._follow(self.site.name, self.progress)

    def _timer_failed(self, failure: Failure) -> None:
        failures_of(self.crawler).end(reason_of(failure.value))

    def make_plan(self) -> Any:
        """What the spider is to do."""
        options = PlanOptions.from_settings(self.crawler.settings)
        return SitePlan(self.db, self.site, write=self.write, run=self.run, options=options)

    def left_pictures(self) -> list[ImageToDownload]:
        """Pictures that a crawl did not come to fetch, or to keep, before it was killed or interrupted."""
        if self.picture_mode == "none":
            return []
        wanted = list(site_images(self.db, self.site, mode=self.picture_mode, cut_off=True))
        self._asked.update((w.url, w.shown) for w in wanted)
        return wanted

    @property
    def picture_mode(self) -> str:
        """Which pictures to keep: none, lead or all."""
        return str(self.crawler.settings["PICTURES"] or self.site.images)

    def capture(self, request: Request, response: Response) -> Capture | None:
        """Keep a response with its request in the WARC file and in `captures`; none of what was taken down."""
        if self.forgotten.has(response.url) or self._lists_forgotten(request, response):
            return None
        capture = super().capture(request, response)
        if capture is not None:
            self.write()
            database.save_capture(self.db, capture, self.run)
            self._uncommitted.append(capture)
            host = host_of(urlsplit(capture.url).hostname)
            if capture.tls and self._certificates.get(host, VALID) == VALID:
                self._certificates[host] = capture.tls
        return capture

    def _lists_forgotten(self, request: Request, response: Response) -> bool:
        """Whether a listing names what was taken down: it is read, but not kept, for it may hold the text again."""
        if not self.forgotten or request.meta.get("keep_encoded") or request.meta.get("picture"):
            return False
        encoding = (response.headers.get("Content-Encoding") or b"").decode("latin-1")
        return self.forgotten.named_in(inflate(response.body, encoding).decode("utf-8", "replace"))

    def write(self) -> None:
        """Be in a transaction: open one where none is."""
        if not self.db.conn.in_transaction:
            self._forget_uncommitted()
            self.db.conn.execute("begin immediate")
            try:
                self._save_captures_again()
            except sqlite3.Error:
                self.db.conn.rollback()
                raise
            self._search_texts = database.PendingSearchTexts(
                self.db
            )  # those of a transaction that was undone are gone with it

    def unread_readings(self, item: Extracted) -> list[database.Unread]:
        """The stored revisions that must be read again before a page can be saved; asked in the transaction of that."""
        self.write()
        return database.unread_readings(self.db, item, site=self.site)

    def save(self, item: Extracted) -> None:
        """Store what came of a page, and count it."""
        self.write()
        outcome, reason = database.keep_extracted(
            self.db,
            item,
            site=self.site,
            run=self.run,
            revisit=self.plan.revisit,
            source="crawl",
            waiting=self._search_texts,
        )
        self._search_texts.write(at_least=database.TOGETHER)
        if reason:
            self._unstored.append(f"{item.fetched.urls[0]} {reason}")
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        if outcome == "forgotten":
            self.forgotten.add(item.fetched.urls)
        if item.article is not None:
            self._outcomes[item.fetched.urls[0]] = outcome
        self.plan.done(item.fetched.urls[0])
        self._waiting += 1
        if self._waiting >= self._batch_articles:
            self.flush()

    def wanted_pictures(self, item: Extracted) -> list[ImageToDownload]:
        """The pictures of an article that was stored: those missing; where it changed, kept ones too, if they did."""
        outcome = self._outcomes.pop(item.fetched.urls[0], "")
        if self.picture_mode == "none" or item.article is None or outcome not in ("new", "changed", "same"):
            return []
        again = outcome == "changed" or self.crawler.settings.getbool("ARCHIVE_FULL")
        wanted = wanted_pictures(item.article.images, item.fetched.urls[-1], site=self.site, mode=self.picture_mode)
        wanted = [w for w in images_to_download(self.db, wanted, again=again) if (w.url, w.shown) not in self._asked]
        self._asked.update((w.url, w.shown) for w in wanted)
        return wanted

    def save_image(self, fetched: FetchedImage, picture: Picture | None) -> None:
        """Write the picture's file and its rows, and count it."""
        if picture is not None:
            keep_picture(self.folder / "images", picture, fetched.body)
        self.write()
        state, reason = database.keep_fetched_image(self.db, fetched, picture, run=self.run)
        if reason:
            self._unstored.append(f"{fetched.wanted.url} {reason}")
        if state.endswith(("refused", "failed")):
            logger.info("%s: picture %s: %s", fetched.wanted.url, state, reason or fetched.reason)
        self.pictures[state] += 1

    def flush(self) -> None:
        """Commit what is waiting, the WARC file first; where that fails, undo it: the next run fetches it again."""
        articles, self._waiting = self._waiting, 0
        if not self.db.conn.in_transaction:
            self._forget_uncommitted()
            return
        try:
            self._search_texts.write()
            self.warc.sync()
            self.db.conn.commit()
        except BaseException:
            self._undo()
            raise
        self._committed = (dict(self.counts), Counter(self.pictures))
        self._uncommitted.clear()
        self._checkpoints.committed(articles)

    def _undo(self) -> None:
        with suppress(sqlite3.Error):
            self.db.conn.rollback()
        self._forget_uncommitted()

    def _forget_uncommitted(self) -> None:
        """Count only what was committed: SQLite may have undone a transaction by itself, too, on a full disk."""
        counts, pictures = self._committed
        self.counts, self.pictures = dict(counts), Counter(pictures)

    def _save_captures_again(self) -> None:
        """The captures of a transaction that was undone are in the WARC file all the same."""
        for capture in self._uncommitted:
            original = capture.refers_to and database.original_of(self.db, capture.sha256)
            again = replace(capture, refers_to=original.capture if original else None)
            database.save_capture(self.db, again, self.run)

    def error(self, failure: Failure, item: object = None, response: Response | None = None) -> None:
        """A pipeline or a callback of the spider raised: the page that it was about counts as failed."""
        failures_of(self.crawler).error(failure)
        error = failure.value
        if not isinstance(error, Exception) or database.concerns_archive(error):
            return
        with failure_ends_crawl(self.crawler):
            page = _page_of(item, response)
            if page is not None and not database.was_visited(self.db, page.urls[0], self.run):
                self.save(Extracted(fetched=page, outcome="failed", reason=reason_of(error)))

    def postpone(self, until: str, sentence: str) -> None:
        """End the run because the site asked to come back at a time (UTC with Z), which the next run waits for."""
        if not self.postponed:
            self.postponed, self._why_postponed = until, sentence
            from scrapy.utils.defer import _schedule_coro

            _schedule_coro(self.crawler.engine.close_spider_async(reason="postponed"))

    def close(self, reason: str) -> None:
        """Commit, close the run and the files, free the archive; where a step fails, the others are still done."""
        if self._held is None:
            return  # it could not be opened, which is known
        if self._timer.running:
            self._timer.stop()
        failures = failures_of(self.crawler)
        steps = (
            self.flush,
            lambda: self._follow(self.site.name, self.progress),
            lambda: self._end_plan(completed=reason == "finished" and not failures.reasons),
            self._close_warc,
            self._look_for_needs,
            self._note_certificates,
            lambda: self._finish(reason),
        )
        with failures.noted(), self._held:
            for step in steps:
                with failures.noted():
                    try:
                        step()
                    except BaseException:
                        self._undo()
                        raise
        self.reason = "failed" if failures.reasons else self.reason

    def _end_plan(self, *, completed: bool) -> None:
        self.write()
        self.end_plan(completed=completed)
        self.db.conn.commit()

    def _close_warc(self) -> None:
        self.warc.close()
        purge_forgotten(self.db, self.folder)
        database.record_warc(self.db, self.warc.path)

    def _look_for_needs(self) -> None:
        self._needs = self.what_needs_a_person()

    def _note_certificates(self) -> None:
        changes = note_certificates(self.db, self.site.name, self._certificates, now())
        self.alerts = certificate_alerts(changes)
        for alert in self.alerts:
            logger.warning("%s: %s.", self.site.name, alert)

    def _finish(self, reason: str) -> None:
        ended = {"finished": "finished", "shutdown": "interrupted"}.get(reason, reason)
        self.reason = "failed" if failures_of(self.crawler).reasons else ended
        database.note_retry_after(self.db, self.site.name, self.postponed or None)
        message = "; ".join(self.problems)
        database.finish_run(self.db, self.run, reason=self.reason, message=message, counts=self.all_counts)

    @property
    def problems(self) -> list[str]:
        """What needs a person: what failed, and once the run is closed what was found in the archive."""
        unstored = [_in_one_sentence(self._unstored)] if self._unstored else []
        return [*failures_of(self.crawler).reasons, *unstored, *filter(None, [self._why_postponed]), *self._needs]

    def end_plan(self, *, completed: bool) -> None:
        """The spider is done, with all of it or not."""
        self.plan.finish(completed=completed)

    def what_needs_a_person(self) -> list[str]:
        """Sentences on what was found, once all is written."""
        return [*self.plan.problems, *what_needs_a_person(self.db, self.site, self.run, self.folder)]

    @property
    def notes(self) -> list[str]:
        """What a person should know, though nothing is wrong."""
        return [*(self.plan.notes if self.plan else []), *(self.held_up.notes if self.held_up else [])]

    def progress(self) -> Progress:
        """How many pages are done, of how many that are known to be due, and of which kinds."""
        counts, done = self.counts, sum(self.counts.values())
        words = f"{counts['new']} new, {counts['changed']} changed, {counts['failed']} failed"
        return done, done + self.plan.waiting(), words

    @property
    def all_counts(self) -> dict[str, int]:
        """The counts of articles, of pictures (`pictures_new`, ...) where there were any, and of requests."""
        pictures = {f"pictures_{state}": count for state, count in sorted(self.pictures.items())}
        return {**self.counts, **pictures, "requests": self.requests}

    @property
    def requests(self) -> int:
        """How many requests the run has sent."""
        return int(self.crawler.stats.get_value("downloader/request_count", 0))


def _in_one_sentence(unstored: list[str]) -> str:
    number = "1 page or picture" if len(unstored) == 1 else f"{len(unstored)} pages or pictures"
    return (
        f"{number} could not be stored, the first: {unstored[0]}. All others were. This is an error in newsarchive:"
        " please report it. What failed is tried again."
    )


def _page_of(item: object, response: Response | None) -> Fetched | None:
    """The article's page that an error is about; None where it is about something else."""
    if isinstance(item, Extracted):
        return item.fetched
    if isinstance(item, Fetched):
        return item
    url = response.request.cb_kwargs.get("url") if item is None and response is not None and response.request else None
    return Fetched(site="", urls=(url,), pages=(), captures=()) if isinstance(url, str) else None
