"""BackOffMiddleware: pause requests to a host that answers 429 or 503, within the bounds of a run."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from newsarchive.crawling.failures import failure_ends_crawl
from newsarchive.crawling.held_up import HeldUp
from newsarchive.crawling.middlewares.pace import downloader_of
from newsarchive.crawling.recorders import recorder_of
from newsarchive.crawling.resolving import host_of
from newsarchive.crawling.spiders.page import HostGivenUp, PageWaits, Postponed, sites_of
from newsarchive.crawling.statuses import status_line
from newsarchive.times import retry_after, stamp

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 600.0
LONGEST_WAIT = 7 * 86_400.0
"""Seconds. A host that asks for a longer wait is asked again after a week, since years are a mistake."""


@dataclass
class _Trouble:
    """The answers of one host: pauses in a row, and since the last pause the good answers and the URLs refused."""

    pauses: int = 0
    sound: int = 0
    ever_sound: bool = False
    until: float = 0.0
    refused: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class ComeBack:
    """When a site asks us to return (UTC, with Z), and the sentence that says so."""

    until: str
    sentence: str


class BackOffMiddleware:
    """On 429 and 503, pauses the host for as long as Retry-After says, else for growing pauses, and then retries.

    The pauses of a site in one run have a total bound (BACK_OFF_TOTAL). If a host asks for more, the site's run ends,
    and the next run respects the time that the host named. Other hosts, such as those of images, share a separate
    bound; giving one up does not end the run. A URL that has ended two runs in a row while its host answered other
    requests waits alone from then on (see `HeldUp`). Retry-After: RFC 9110, section 10.2.3, seconds or an HTTP date.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._first_pause = crawler.settings.getfloat("BACK_OFF_PAUSE")
        self._tries = crawler.settings.getint("BACK_OFF_TIMES")
        self._total = crawler.settings.getfloat("BACK_OFF_TOTAL")
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._troubles: dict[str, _Trouble] = {}
        self.come_back: dict[str, ComeBack] = {}
        """Sites that asked us to return later, by name; a probe, which knows no site, uses an empty name."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BackOffMiddleware:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        party = self._site_name(request)
        if party is not None and party in self.come_back:
            raise Postponed(self.come_back[party].sentence)
        held_up = self._held_up()
        if held_up and (until := held_up.wait_of(request.url)):
            raise PageWaits(_alone(f"it asked to come back at {until}"))

    def process_response(self, request: Request, response: Response) -> Request | Response:
        trouble = self._troubles.setdefault(host_of(request.url), _Trouble())
        held_up = self._held_up()
        if response.status not in (429, 503):
            if held_up:
                with failure_ends_crawl(self._crawler):
                    held_up.answered(request.url)
            if response.status < 400 and monotonic() >= trouble.until:  # requested after the pause began
                trouble.pauses, trouble.sound, trouble.ever_sound = 0, trouble.sound + 1, True
                trouble.refused.clear()
            return response
        if response.status == 503 and trouble.sound > request.meta.get("back_off_sound", trouble.sound):
            return response  # others were answered meanwhile: only this page fails
        self.process_request(request)
        self._crawler.stats.inc_value("back_off/count")
        asked = retry_after((response.headers.get("Retry-After") or b"").decode("latin-1"), datetime.now(UTC))
        if held_up and asked is not None and held_up.is_alone(request.url):
            self._leave_alone(request, response.status, asked, held_up)
        trouble.refused.add(request.url)
        tries = request.meta.get("back_off_tries", 0) + 1
        pause = self._pause(trouble, asked)
        if pause and (tries > self._tries or not self._afford(request, trouble, pause)):
            if response.status == 503 and asked is None and trouble.ever_sound and len(trouble.refused) == 1:
                return response
            if asked is not None and trouble.ever_sound:
                self._note_held_up(request, pause)
            self._give_up(request, response.status, pause, told=asked is not None)
        elif pause:
            self._begin_pause(request, response.status, trouble, pause)
        meta = {**request.meta, "back_off_tries": tries, "back_off_sound": trouble.sound}
        return request.replace(meta=meta, dont_filter=True)

    def _pause(self, trouble: _Trouble, asked: float | None) -> float:
        """Return the seconds to pause from now; 0 if the current pause covers this answer to an earlier request."""
        left = trouble.until - monotonic()
        if left > 0:
            return asked if asked is not None and asked > left + 1 else 0.0
        trouble.pauses += 1
        own = min(LONGEST_PAUSE, self._first_pause * 2.0 ** min(trouble.pauses - 1, 30))
        return own if asked is None else max(asked, min(own, trouble.pauses - 1), 0.1)

    def _afford(self, request: Request, trouble: _Trouble, pause: float) -> bool:
        """Return whether the pause fits into the rest of this run's bound, and if so subtract it."""
        party = self._site_name(request)
        cost = pause - max(0.0, trouble.until - monotonic())
        key = "elsewhere" if party is None else f"site {party}"
        if self._spent[key] + cost > self._total:
            return False
        self._spent[key] += cost
        return True

    def _begin_pause(self, request: Request, status: int, trouble: _Trouble, pause: float) -> None:
        trouble.until = monotonic() + pause
        downloader = downloader_of(self._crawler)
        downloader.pause(request.url, pause)
        downloader.slow_down(request.url)
        host = urlsplit(request.url).netloc
        logger.warning("%s answers %s: pausing for %.0f s", host, status_line(status), pause)

    def _give_up(self, request: Request, status: int, pause: float, *, told: bool) -> None:
        """Send no further requests to the host in this run. Raises Postponed."""
        host, party = urlsplit(request.url).netloc, self._site_name(request)
        until = _moment(pause)
        answer = f"{host} answers {status_line(status)}"
        sentence = f"{answer} and asked to come back at {until}"
        if not told:
            sentence = f"{answer} repeatedly; the next run may come back at {until}"
        downloader = downloader_of(self._crawler)
        if party is None:
            logger.warning("%s; nothing more is requested from it in this run", sentence)
            reason: Postponed = HostGivenUp(f"backing off: {sentence}")
            downloader.refuse(request.url, reason)
            raise reason
        reason = Postponed(sentence)
        self.come_back[party] = ComeBack(until=until, sentence=sentence)
        if not hasattr(self._crawler.spider, "sites"):
            downloader.stop(reason)
        else:  # pages of several sites: continue with the others
            downloader.refuse(request.url, reason)
        if recorder := recorder_of(self._crawler):
            recorder.postpone(until, sentence)
        raise reason

    def _note_held_up(self, request: Request, seconds: float) -> None:
        """Record the URL that ends its site's run although the host answers other requests."""
        held_up = self._held_up()
        if held_up and self._site_name(request) and not request.meta.get("dont_obey_robotstxt"):
            with failure_ends_crawl(self._crawler):
                held_up.note(request.url, _moment(seconds))

    def _leave_alone(self, request: Request, status: int, seconds: float, held_up: HeldUp) -> None:
        """Postpone only this URL, which ended the last runs, and continue with the site. Raises PageWaits."""
        until = _moment(seconds)
        with failure_ends_crawl(self._crawler):
            held_up.note(request.url, until)
        sentence = _alone(f"{status_line(status)}, it asked again to come back at {until}")
        held_up.notes.append(f"{request.url}: {sentence}")
        raise PageWaits(sentence)

    def _held_up(self) -> HeldUp | None:
        """Return the archive's record of such URLs; None in a fetch or a probe."""
        recorder = recorder_of(self._crawler)
        return recorder.held_up if recorder else None

    def _site_name(self, request: Request) -> str | None:
        """Return the name of the request's site: empty in a probe, None for a host that belongs to no site."""
        sites = sites_of(self._crawler.spider)
        if sites is None:
            return ""
        return next((site.name for site in sites if site.covers(request.url)), None)


def come_back_of(crawler: Crawler) -> dict[str, ComeBack]:
    """Return the sites that asked to come back later during a crawl, by name."""
    try:
        found = crawler.get_downloader_middleware(BackOffMiddleware)
    except RuntimeError:  # it ended before it had any middlewares
        return {}
    return found.come_back if found else {}


def _alone(why: str) -> str:
    return f"{why}; only this page waits, the crawl of the site continues"


def _moment(seconds: float) -> str:
    """Return the time this many seconds from now, at most a week (UTC, with Z)."""
    return stamp(datetime.now(UTC) + timedelta(seconds=min(seconds, LONGEST_WAIT)))
