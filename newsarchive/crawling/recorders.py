"""Recorders keep every response of a crawl: ArchiveRun (see run) in the archive, PageRecorder for a one-off fetch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from sqlite_utils import Database

from newsarchive import database
from newsarchive.captures.truncation import WORDS
from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.crawling.failures import cause_of
from newsarchive.crawling.held_up import HeldUp
from newsarchive.database.images import images_to_download
from newsarchive.images.files import ImageFile, keep_image_file
from newsarchive.images.selecting import select_images
from newsarchive.items import Capture, Extracted, FetchedImage, ImageToDownload
from newsarchive.sites import Site


class Recorder(ABC):
    """What the middlewares and pipelines of a crawl hand its responses and images to."""

    @property
    @abstractmethod
    def held_up(self) -> HeldUp | None:
        """The archive's record of URLs that end the site's runs; None if there is none, as in a one-off fetch."""

    @abstractmethod
    def postpone(self, until: str, sentence: str) -> None:
        """Take note that the site asked to come back at a time (UTC with Z)."""

    @abstractmethod
    def capture(self, request: Request, response: Response) -> Capture | None:
        """Keep a response with its request; return None if it is not to be kept."""

    @abstractmethod
    def images_to_download(self, item: Extracted) -> list[ImageToDownload]:
        """Return the images of an article to download now."""

    async def captures_kept(self) -> None:
        """Return once the captures so far are as safe as what is made of them may be."""
        return

    @abstractmethod
    async def save_image(self, fetched: FetchedImage, image: ImageFile | None) -> None:
        """Keep the outcome for an image; `image` is what was read of its bytes, None if they are not kept."""


def recorder_of(crawler: Crawler) -> Recorder | None:
    """Return the recorder of a crawl; None if it keeps nothing."""
    return crawler.get_extension(Recorder)  # type: ignore[type-abstract]  # whichever of them was built


def write_response(warc: CaptureWriter, request: Request, response: Response) -> Capture | None:
    """Write a response with its request into a WARC file; return where it is."""
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    ]
    return warc.write(
        RecordedResponse(
            url=response.url,
            status=response.status,
            headers=headers,
            body=response.body,
            request=_request_head(request),
            ip=str(response.ip_address or ""),
            tls=request.meta.get("tls"),
            truncated=_truncation(response),
        )
    )


class PageRecorder(Recorder):
    """Keeps the responses of a one-off fetch in PAGE_WARC_FOLDER, in a file named PAGE_WARC_NAME."""

    def __init__(self, folder: Path, name: str, *, archive: Path, crawler: Crawler) -> None:
        self._crawler = crawler
        self._folder = archive / "images"
        self.images: list[tuple[FetchedImage, ImageFile | None]] = []
        self._db: Database | None = None
        with suppress(database.ArchiveError):  # no archive yet, or an unreadable one: no payload is known
            self._db = database.read_archive(archive)
        originals = partial(database.original_of, self._db) if self._db else (lambda _sha256: None)
        self.warc = CaptureWriter(folder, name, originals=originals)
        self.captures: list[Capture] = []
        self.problem = ""
        """Why not everything could be kept; empty if it was."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PageRecorder:
        folder = crawler.settings["PAGE_WARC_FOLDER"]
        if not folder:
            raise NotConfigured
        archive = Path(crawler.settings["ARCHIVE_FOLDER"])
        self = cls(Path(folder), crawler.settings["PAGE_WARC_NAME"], archive=archive, crawler=crawler)
        crawler.signals.connect(self.close, signals.spider_closed)
        return self

    @property
    def held_up(self) -> None:
        """No URL is known to end runs."""

    def postpone(self, until: str, sentence: str) -> None:
        """Do nothing: the middleware reports it at the end of the fetch."""

    def capture(self, request: Request, response: Response) -> Capture | None:
        """Keep a response with its request, and remember it for the database.

        If that fails it is not kept and the fetch continues: the article is printed all the same.
        """
        capture = None
        with self._keeping():
            capture = write_response(self.warc, request, response)
        self.captures += [capture] if capture else []
        return capture

    def images_to_download(self, item: Extracted) -> list[ImageToDownload]:
        """Return those images of an article, as the settings or else its profile ask for, that are not kept yet."""
        with self._keeping():
            return self._missing_images(item)
        return []

    def _missing_images(self, item: Extracted) -> list[ImageToDownload]:
        site: Site = self._crawler.spider.sites[item.fetched.urls[0]]  # type: ignore[union-attr]
        mode = self._crawler.settings["IMAGES"] or site.images
        assert item.article is not None
        if self._db and any(database.is_forgotten(self._db, url) for url in (*item.fetched.urls, item.article.url)):
            return []
        wanted = select_images(item.article.images, item.fetched.urls[-1], site=site, mode=mode)
        return images_to_download(self._db, wanted) if self._db else wanted

    async def save_image(self, fetched: FetchedImage, image: ImageFile | None) -> None:
        """Write the image's file, and remember the outcome for the database."""
        if image is not None:
            with self._keeping():
                keep_image_file(self._folder, image, fetched.body)
        fetched.body = b""
        self.images.append((fetched, image))

    def close(self) -> None:
        """Sync the captures to the disk; if that fails they are not kept.

        Their file stays open, so that no takedown touches it before its rows are stored.
        """
        with self._keeping():
            self.warc.sync()
        if self._db is not None:
            with self._keeping():
                self._db.close()

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001  whatever it is, the person at the terminal learns of it
            self.problem = self.problem or cause_of(error)


def _truncation(response: Response) -> str:
    """Return why a body is incomplete; empty if it is complete.

    Scrapy flags a response that it was told to stop (see `RobotsMiddleware`), and one that broke off.
    """
    if "download_stopped" in response.flags:
        return WORDS["length"]
    return WORDS["disconnect"] if "dataloss" in response.flags else ""


def _request_head(request: Request) -> bytes:
    parts = urlsplit(request.url)
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [
        f"{name.decode('latin-1')}: {value.decode('latin-1')}"
        for name, values in request.headers.items()
        for value in values
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
