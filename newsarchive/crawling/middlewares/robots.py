"""RobotsMiddleware: obey robots.txt (RFC 9309) and its Crawl-delay."""

from __future__ import annotations

import logging
from copy import copy
from math import isfinite
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import StopDownload
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from twisted.python.failure import Failure

from newsarchive.crawling.failures import failure_ends_crawl
from newsarchive.crawling.middlewares.pace import downloader_of
from newsarchive.crawling.middlewares.robots_text import MOST_READ, MOST_SENT, NotWhole, robots_text, rules_text
from newsarchive.crawling.scrapy_internals import RobotsHooks
from newsarchive.crawling.spiders.page import BROKEN_OFF, Postponed, RobotsForbidden, RobotsUnknown, refusal
from newsarchive.crawling.statuses import status_line
from newsarchive.items import NotKept

logger = logging.getLogger(__name__)


class RobotsMiddleware(RobotsHooks):
    """Obeys robots.txt, and requests nothing from a host that cannot serve it (RFC 9309, section 2.3.1.4).

    It is requested once per run; discovery, which reads the sitemaps that it names, gets the same answer. At most
    500 KiB of it are read (section 2.5).
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unknown: dict[str, Exception] = {}
        self._answers: dict[str, Response] = {}
        crawler.signals.connect(self._bytes_received, signals.bytes_received)

    async def process_request(self, request: Request) -> Response | None:  # type: ignore[override]
        if request.meta.get("dont_obey_robotstxt"):
            request.meta.update(robots_bytes=0, keep_encoded=True, download_maxsize=0)
            return None
        await super().process_request(request)
        answer = self._answers.get(request.url)
        return answer and answer.replace(request=request, flags=[*answer.flags, "cached"])  # in the WARC file already

    def _bytes_received(self, data: bytes, request: Request) -> None:
        """Close the connection once enough of robots.txt has arrived."""
        if "robots_bytes" in request.meta:
            request.meta["robots_bytes"] += len(data)
            if request.meta["robots_bytes"] >= MOST_SENT:
                raise StopDownload(fail=False)

    def rules_of(self, response: Response, netloc: str, request: Request) -> Response:
        """Read the rules from an answer. A missing file forbids nothing; a truncated or failed one, everything."""
        parts = urlsplit(request.url)
        text = ""
        if response.status >= 500:
            self._unknown[netloc] = RobotsUnknown(status_line(response.status))
        elif response.status >= 300:  # 2.3.1.3: unavailable
            self._answers[f"{parts.scheme}://{netloc}/robots.txt"] = response
        else:
            try:
                text = self._text(response)
            except NotWhole as error:
                self._unknown[netloc] = RobotsUnknown(str(error))
            else:
                answer = _of_text(response, text)
                answer.headers.pop("Content-Encoding", None)
                self._answers[f"{parts.scheme}://{netloc}/robots.txt"] = answer
        return _of_text(response, rules_text(text))

    def rules_known(self, rules: RobotParser, request: Request) -> None:
        with failure_ends_crawl(self.crawler):
            self._obey_delay(rules, request.url)

    def _text(self, response: Response) -> str:
        if "dataloss" in response.flags:  # the rule that matters may be in the rest
            raise NotWhole(BROKEN_OFF)
        encoding = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1")
        text = robots_text(response.body, encoding, stopped="download_stopped" in response.flags)
        if len(response.body) > MOST_READ:
            logger.warning("robots.txt of %s is read to its first 500 KiB alone", urlsplit(response.url).netloc)
        return text

    def _obey_delay(self, parser: RobotParser, url: str) -> None:
        """Slow down to the host's Crawl-delay, at most a minute."""
        asked = parser.crawl_delay(self.crawler.settings["ROBOTSTXT_USER_AGENT"])
        if asked is None or not isfinite(asked) or asked <= 0:
            return
        delay = downloader_of(self.crawler).keep_apart(url, asked)
        host = urlsplit(url).hostname
        if asked > delay:
            logger.warning(
                "robots.txt of %s asks for %.6g s between requests, which would take too long; %.0f s are kept",
                host, asked, delay,
            )  # fmt: skip
        else:
            logger.info("robots.txt of %s asks for %.1f s between requests", host, asked)

    def robots_failed(self, error: Exception, netloc: str) -> None:
        known = isinstance(error, Postponed | NotKept)
        self._unknown[netloc] = error if known else RobotsUnknown(refusal(Failure(error)))  # type: ignore[no-untyped-call]

    def forbidden(self) -> RobotsForbidden:
        return RobotsForbidden()

    def before_rules(self, request: Request) -> None:
        if reason := self._unknown.get(urlsplit(request.url).netloc):
            raise copy(reason)


def _of_text(response: Response, text: str) -> Response:
    """Return a copy of a response with another text, as UTF-8.

    It is not made by its `replace`, which detects the encoding of any text, for .1 s.
    """
    values = {name: getattr(response, name) for name in Response.attributes}
    return Response(**{**values, "body": text.encode()})
