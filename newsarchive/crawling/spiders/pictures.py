"""PictureSpider: fetches the pictures that are still missing; and how a response becomes a fetched picture."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from http import HTTPStatus
from typing import Protocol

from scrapy import Request, Spider, signals
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from newsarchive.crawling.certificates import CertificateRefused
from newsarchive.crawling.spiders.page import ANSWERS, HostGivenUp, Postponed, RobotsUnknown, refusal, status_line
from newsarchive.items import FetchedImage, ImageToDownload, NotKept
from newsarchive.sites import Site

BATCH = 50


class PicturePlan(Protocol):
    """What pictures to fetch; the archive makes it from what it knows."""

    def due(self, limit: int) -> list[ImageToDownload]:
        """Pictures to fetch now, each given once."""


class PictureSpider(Spider):
    """Fetches the pictures of one site's articles, as its plan says."""

    name = "pictures"
    site: Site
    plan: PicturePlan

    async def start(self) -> AsyncIterator[Request | FetchedImage]:
        while due := self.plan.due(BATCH):
            for request in picture_requests(self, due):
                yield request
            await self.crawler.signals.wait_for(signals.scheduler_empty)


def picture_requests(spider: Spider, wanted: Iterable[ImageToDownload]) -> Iterator[Request | FetchedImage]:
    """The requests for pictures that a spider fetches by themselves; what comes of them goes on to be read.

    One of an invalid address, as an earlier version stored them, has failed already.
    """
    most = spider.settings.getint("PICTURE_MAX_BYTES")
    for picture in wanted:
        try:
            request = picture_request(picture, most_bytes=most)
        except ValueError as error:
            yield picture_failed(picture, Failure(error))  # type: ignore[no-untyped-call]
            continue
        request.callback, request.errback = _parse_picture, _picture_failed
        yield request


def _parse_picture(response: Response) -> Iterator[FetchedImage]:
    yield fetched_picture(response)


def _picture_failed(failure: Failure) -> Iterator[FetchedImage]:
    if not is_postponed(failure.value):  # else it is still missing
        yield picture_failed(failure.request.meta["picture"], failure)  # type: ignore[attr-defined]


def picture_request(wanted: ImageToDownload, *, most_bytes: int) -> Request:
    """The request for a picture; where a file of it is kept, only for one that has changed since."""
    headers = {"Accept": "image/*,*/*;q=0.5"}
    validators = {"If-None-Match": wanted.etag, "If-Modified-Since": wanted.last_modified}
    return Request(
        wanted.url,
        headers={**headers, **{name: value for name, value in validators.items() if value.isascii() and value}},
        dont_filter=True,
        priority=-10,
        meta={
            "picture": wanted,
            "handle_httpstatus_list": ANSWERS,
            "download_maxsize": most_bytes,
            "dont_redirect": wanted.shown,  # its captures are known by its address, so they are of no other
        },
    )


def fetched_picture(response: Response) -> FetchedImage:
    """What the answer to a request for a picture is."""
    wanted: ImageToDownload = response.meta["picture"]
    capture = response.meta.get("capture")
    if response.status == HTTPStatus.NOT_MODIFIED:
        return FetchedImage(wanted=wanted, state="same", capture=capture)
    if response.status != HTTPStatus.OK:
        return FetchedImage(wanted=wanted, state="failed", reason=status_line(response.status), capture=capture)
    if "dataloss" in response.flags:
        reason = "the host broke the answer off"
        return FetchedImage(wanted=wanted, state="failed", reason=reason, capture=capture)
    return FetchedImage(wanted=wanted, state="fetched", body=response.body, capture=capture)


def is_postponed(error: BaseException | None) -> bool:
    """Whether the run ends, so that nothing can be said of the picture; a host that is given up alone is a reason."""
    return isinstance(error, NotKept | Postponed) and not isinstance(error, HostGivenUp)


def picture_failed(wanted: ImageToDownload, failure: Failure) -> FetchedImage:
    """Why a request for a picture brought nothing."""
    error, reason = failure.value, refusal(failure)
    if isinstance(error, DownloadCancelledError):
        return FetchedImage(wanted=wanted, state="refused", reason="larger than a picture may be")
    passing = isinstance(error, CertificateRefused | HostGivenUp | RobotsUnknown)
    ignored = isinstance(error, IgnoreRequest) and not passing
    return FetchedImage(wanted=wanted, state="refused" if ignored else "failed", reason=reason)
