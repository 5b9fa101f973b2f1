"""ImageSpider: downloads the images that are still missing; and how a response becomes a downloaded image."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from http import HTTPStatus
from typing import Protocol

from scrapy import Request, Spider, signals
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from newsarchive.crawling.certificates import CertificateRefused
from newsarchive.crawling.spiders.page import ANSWERS, HostGivenUp, Postponed, RobotsUnknown, refusal
from newsarchive.crawling.statuses import status_line
from newsarchive.items import FetchedImage, ImageToDownload, NotKept
from newsarchive.sites import Site

BATCH = 50


class ImagePlan(Protocol):
    """Which images to download, according to the archive."""

    def due(self, limit: int) -> list[ImageToDownload]:
        """Return up to `limit` images to download now, each once."""


class ImageSpider(Spider):
    """Downloads the images of one site's articles according to its plan."""

    name = "images"
    site: Site
    plan: ImagePlan

    async def start(self) -> AsyncIterator[Request | FetchedImage]:
        while due := self.plan.due(BATCH):
            for request in image_requests(self, due):
                yield request
            await self.crawler.signals.wait_for(signals.scheduler_empty)


def image_requests(spider: Spider, wanted: Iterable[ImageToDownload]) -> Iterator[Request | FetchedImage]:
    """Return the requests for images that a spider downloads by themselves; their outcomes are items.

    An image with an invalid URL, as an earlier version stored them, has failed already.
    """
    most = spider.settings.getint("IMAGE_MAX_BYTES")
    for image in wanted:
        try:
            request = image_request(image, most_bytes=most)
        except ValueError as error:
            yield image_failed(image, Failure(error))  # type: ignore[no-untyped-call]
            continue
        request.callback, request.errback = _parse_image, _image_failed
        yield request


def _parse_image(response: Response) -> Iterator[FetchedImage]:
    yield fetched_image(response)


def _image_failed(failure: Failure) -> Iterator[FetchedImage]:
    if not is_postponed(failure.value):  # else it is still missing
        yield image_failed(failure.request.meta["image"], failure)  # type: ignore[attr-defined]


def image_request(wanted: ImageToDownload, *, most_bytes: int) -> Request:
    """Return the request for an image; if its file is kept, it asks only for a changed one."""
    headers = {"Accept": "image/*,*/*;q=0.5"}
    validators = {"If-None-Match": wanted.etag, "If-Modified-Since": wanted.last_modified}
    return Request(
        wanted.url,
        headers={**headers, **{name: value for name, value in validators.items() if value.isascii() and value}},
        dont_filter=True,
        priority=-10,
        meta={
            "image": wanted,
            "handle_httpstatus_list": ANSWERS,
            "download_maxsize": most_bytes,
            "dont_redirect": wanted.shown,  # its captures are known by its address, so they are of no other
        },
    )


def fetched_image(response: Response) -> FetchedImage:
    """Return the outcome of the answer to a request for an image."""
    wanted: ImageToDownload = response.meta["image"]
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
    """Return True if the run ends, which says nothing of the image; a host that was given up alone is a reason."""
    return isinstance(error, NotKept | Postponed) and not isinstance(error, HostGivenUp)


def image_failed(wanted: ImageToDownload, failure: Failure) -> FetchedImage:
    """Return the outcome of a request for an image that failed."""
    error, reason = failure.value, refusal(failure)
    if isinstance(error, DownloadCancelledError):
        return FetchedImage(wanted=wanted, state="refused", reason="larger than an image may be")
    passing = isinstance(error, CertificateRefused | HostGivenUp | RobotsUnknown)
    ignored = isinstance(error, IgnoreRequest) and not passing
    return FetchedImage(wanted=wanted, state="refused" if ignored else "failed", reason=reason)
