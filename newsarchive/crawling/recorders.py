"""What keeps every response of a run: the recorders, that of a one-off fetch among them."""

from __future__ import annotations

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
from newsarchive.captures.writing import CaptureWriter
from newsarchive.crawling.failures import reason_of
from newsarchive.database.images import images_to_download
from newsarchive.images.reading import Picture, keep_picture
from newsarchive.images.wanted import wanted_pictures
from newsarchive.items import Capture, Extracted, FetchedImage, ImageToDownload
from newsarchive.sites import Site


class Recorder:
    """Keeps every response of a run in a WARC file."""

    warc: CaptureWriter

    def capture(self, request: Request, response: Response) -> Capture | None:
        """Keep a response with its request; gives where, None where it is not to be kept."""
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
        ]
        return self.warc.write(
            url=response.url,
            status=response.status,
            headers=headers,
            body=response.body,
            request=_request_head(request),
            ip=str(response.ip_address or ""),
            tls=request.meta.get("tls"),
            truncated=_truncation(response),
        )

    def wanted_pictures(self, item: Extracted) -> list[ImageToDownload]:
        """The pictures of an article that are to be had now."""
        return []

    def save_image(self, fetched: FetchedImage, picture: Picture | None) -> None:
        """Keep what came of a picture; `picture` is what was read of its bytes, None where it was not kept."""


class PageRecorder(Recorder):
    """Keeps the responses of a one-off fetch; PAGE_WARC_FOLDER says where, PAGE_WARC_NAME under which name."""

    def __init__(self, folder: Path, name: str, *, archive: Path, crawler: Crawler) -> None:
        self._crawler = crawler
        self._images = archive / "images"
        self.pictures: list[tuple[FetchedImage, Picture | None]] = []
        self._db: Database | None = None
        with suppress(database.ArchiveError):  # none yet, or one that cannot be read: nothing is known of payloads
            self._db = database.read_archive(archive)
        originals = partial(database.original_of, self._db) if self._db else (lambda _sha256: None)
        self.warc = CaptureWriter(folder, name, originals=originals)
        self.captures: list[Capture] = []
        self.problem = ""
        """Why not all of it could be kept; empty where it was."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PageRecorder:
        folder = crawler.settings["PAGE_WARC_FOLDER"]
        if not folder:
            raise NotConfigured
        archive = Path(crawler.settings["ARCHIVE_FOLDER"])
        self = cls(Path(folder), crawler.settings["PAGE_WARC_NAME"], archive=archive, crawler=crawler)
        crawler.signals.connect(self.close, signals.spider_closed)
        return self

    def capture(self, request: Request, response: Response) -> Capture | None:
        """Keep a response with its request, and remember it for the database.

        Where that fails it is not kept, and the fetch goes on: what was asked for is printed all the same.
        """
        capture = None
        with self._keeping():
            capture = super().capture(request, response)
        self.captures += [capture] if capture else []
        return capture

    def wanted_pictures(self, item: Extracted) -> list[ImageToDownload]:
        """The pictures of an article that the settings, else its site's profile, ask for; those not kept yet."""
        with self._keeping():
            return self._wanted_pictures(item)
        return []

    def _wanted_pictures(self, item: Extracted) -> list[ImageToDownload]:
        site: Site = self._crawler.spider.sites[item.fetched.urls[0]]  # type: ignore[union-attr]
        mode = self._crawler.settings["PICTURES"] or site.images
        assert item.article is not None
        if self._db and any(database.is_forgotten(self._db, url) for url in (*item.fetched.urls, item.article.url)):
            return []
        wanted = wanted_pictures(item.article.images, item.fetched.urls[-1], site=site, mode=mode)
        return images_to_download(self._db, wanted) if self._db else wanted

    def save_image(self, fetched: FetchedImage, picture: Picture | None) -> None:
        """Write the picture's file, and remember what came of it for the database."""
        if picture is not None:
            with self._keeping():
                keep_picture(self._images, picture, fetched.body)
        fetched.body = b""
        self.pictures.append((fetched, picture))

    def close(self) -> None:
        """Bring the captures to the disk; what cannot be brought there is not kept.

        Their file stays open, so that no takedown touches it before it has rows.
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
        except Exception as error:  # noqa: BLE001  whatever it is, the person at the terminal is told
            self.problem = self.problem or reason_of(error)


def _truncation(response: Response) -> str:
    """Why a body is not whole, as WARC-Truncated has it; empty where it is.

    Scrapy marks an answer that it was told to stop at (see `RobotsMiddleware`), and one that broke off.
    """
    return "length" if "download_stopped" in response.flags else "disconnect" if "dataloss" in response.flags else ""


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
