"""BackOffMiddleware: a host that answers 429 or 503 gets the pause that it asks for, within what a run has."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from newsarchive.crawling.failures import failure_ends_crawl
from newsarchive.crawling.held_up import HeldUp
from newsarchive.crawling.middlewares.pace import downloader_of
from newsarchive.crawling.resolving import host_of
from newsarchive.crawling.run import ArchiveRun
from newsarchive.crawling.spiders.page import HostGivenUp, PageWaits, Postponed, sites_of, status_line
from newsarchive.times import stamp

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 600.0
LONGEST_WAIT = 7 * 86_400.0
"""Seconds; a host that asks for more is asked again after a week: years are a mistake of somebody's."""


@dataclass
class _Trouble:
    """How one host has answered: pauses in a row, sound answers since its last pause, addresses refused since then."""

    pauses: int = 0
    sound: int = 0
    ever_sound: bool = False
    until: float = 0.0
    refused: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class ComeBack:
    """When a site wants to be asked again (UTC with Z), and the sentence that says so."""

    until: str
    sentence: str


class BackOffMiddleware:
    """Holds a host on 429 and 503, as long as Retry-After says, else for growing pauses; then asks again.

    All pauses of a site in one run together are bounded (BACK_OFF_TOTAL). Where a host asks for more, the run of its
    site ends, and the next one waits for the time that the host named. Other hosts (of pictures) share a bound of their
    own; such a host is given up alone. An address that has ended two runs in a row so, while others of its host were
    answered, waits alone from then on (see `HeldUp`). Retry-After: RFC 9110, section 10.2.3, seconds or an HTTP date.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._first_pause = crawler.settings.getfloat("BACK_OFF_PAUSE")
        self._tries = crawler.settings.getint("BACK_OFF_TIMES")
        self._total = crawler.settings.getfloat("BACK_OFF_TOTAL")
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._troubles: dict[str, _Trouble] = {}
        self.come_back: dict[str, ComeBack] = {}
        """Which sites asked to come back later, by name; of a probe, which knows no site, under an empty one."""

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
            if response.status < 400 and monotonic() >= trouble.until:  # sent since the pause, not before it
                trouble.pauses, trouble.sound, trouble.ever_sound = 0, trouble.sound + 1, True
                trouble.refused.clear()
            return response
        if response.status == 503 and trouble.sound > request.meta.get("back_off_sound", trouble.sound):
            return response  # others were answered meanwhile: it is this page that is out of order
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
        """Seconds of pause from now; 0 where the pause under way is enough: the answers of those sent before it."""
        left = trouble.until - monotonic()
        if left > 0:
            return asked if asked is not None and asked > left + 1 else 0.0
        trouble.pauses += 1
        own = min(LONGEST_PAUSE, self._first_pause * 2.0 ** min(trouble.pauses - 1, 30))
        return own if asked is None else max(asked, min(own, trouble.pauses - 1), 0.1)

    def _afford(self, request: Request, trouble: _Trouble, pause: float) -> bool:
        """Whether the pause is within what this run has for pauses; takes it from there."""
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
        """End what is asked of the host in this run. Raises Postponed."""
        host, party = urlsplit(request.url).netloc, self._site_name(request)
        until = _moment(pause)
        answer = f"{host} answers {status_line(status)}"
        sentence = f"{answer} and asked to come back at {until}"
        if not told:
            sentence = f"{answer} again and again, so the next run may come back at {until}"
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
        else:  # pages of several sites: the others are fetched
            downloader.refuse(request.url, reason)
        if run := self._crawler.get_extension(ArchiveRun):
            run.postpone(until, sentence)
        raise reason

    def _note_held_up(self, request: Request, seconds: float) -> None:
        """Remember which address ends the run of its site, though its host answers others."""
        held_up = self._held_up()
        if held_up and self._site_name(request) and not request.meta.get("dont_obey_robotstxt"):
            with failure_ends_crawl(self._crawler):
                held_up.note(request.url, _moment(seconds))

    def _leave_alone(self, request: Request, status: int, seconds: float, held_up: HeldUp) -> None:
        """Let an address wait that has ended the last runs; the site goes on. Raises PageWaits."""
        until = _moment(seconds)
        with failure_ends_crawl(self._crawler):
            held_up.note(request.url, until)
        sentence = _alone(f"{status_line(status)}, it asked again to come back at {until}")
        held_up.notes.append(f"{request.url}: {sentence}")
        raise PageWaits(sentence)

    def _held_up(self) -> HeldUp | None:
        """What the run in the archive knows of such addresses; None in a fetch or a probe."""
        run = self._crawler.get_extension(ArchiveRun)
        return run.held_up if run else None

    def _site_name(self, request: Request) -> str | None:
        """The site that a request is for; empty in a probe; None where the host is not a site's own."""
        sites = sites_of(self._crawler.spider)
        if sites is None:
            return ""
        return next((site.name for site in sites if site.covers(request.url)), None)


def _alone(why: str) -> str:
    return f"{why}; this page alone waits, the site goes on"


def _moment(seconds: float) -> str:
    """The time in so many seconds, a week at most (UTC with Z)."""
    return stamp(datetime.now(UTC) + timedelta(seconds=min(seconds, LONGEST_WAIT)))


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for; None where there is none or it cannot be read.

    >>> retry_after("120", datetime(2025, 1, 1, tzinfo=UTC))
    120.0
    >>> retry_after("Wed, 01 Jan 2025 00:01:00 GMT", datetime(2025, 1, 1, tzinfo=UTC))
    60.0
    >>> retry_after("²", datetime(2025, 1, 1, tzinfo=UTC))
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
