"""PoliteDownloader: each host is requested no faster than it allows, whatever AutoThrottle makes of its delay.

Scrapy keeps a delay per host in a slot that AutoThrottle changes with every answer, and that is dropped and made again;
and each crawl has its own. What a host asked for, and when it was last requested, is kept here instead, once for all
crawls of the process, and applied where a slot decides when its next request may go out: every request counts,
robots.txt and redirects too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from newsarchive.crawling.permission import given_permission
from newsarchive.crawling.resolving import host_of
from newsarchive.crawling.scrapy_internals import SlotDownloader
from newsarchive.crawling.spiders.page import Postponed

LONGEST_DELAY = 60.0
"""Seconds between two requests that a host may demand; a crawl at less than one page a minute would never end."""
TURN = 0.02
"""Seconds by which a crawl lets others of the same host go first that have waited longer."""


@dataclass(eq=False)
class Host:
    """What one host asked for: seconds between two requests, and the moment until which it wants none (monotonic).

    All crawls of this process share it, since two sites may be on one host.
    """

    delay: float = 0.0
    asked: float = 0.0
    """When it was last requested."""
    answered: float = 0.0
    """When it last answered; its delay counts from there, because a request may take long."""
    paused_until: float = 0.0
    slots: set[PoliteSlot] = field(default_factory=set)
    """The queues for it, one per crawl."""
    crawls: set[PoliteDownloader] = field(default_factory=set)
    """Those that request from it."""


_HOSTS: dict[str, Host] = {}


class PoliteSlot(Slot):
    """A crawl's queue of requests to a host, with the delay that the host demands as a minimum.

    Where crawls share a host, the largest of their delays holds for all of them, and they take turns.
    """

    def __init__(self, slot: Slot, host: Host) -> None:
        self.host = host
        self.sent = 0.0
        asked = host.asked
        super().__init__(slot.concurrency, slot.delay, slot.jitter)
        self.lastseen = asked
        self.sent = 0.0
        host.slots.add(self)

    @property
    def lastseen(self) -> float:
        """When the host was last requested, by whichever crawl."""
        return self.host.asked

    @lastseen.setter
    def lastseen(self, moment: float) -> None:
        self.host.asked = self.sent = moment

    def download_delay(self) -> float:
        """Return the seconds from the last request to the next: largest of throttle, minimum and rest of a pause."""
        host = self.host
        floor = max(host.asked, host.answered) + host.delay if host.delay else 0.0
        throttle = max((slot.throttle() for slot in host.slots), default=self.throttle())
        delay = max(throttle, max(floor, host.paused_until) - host.asked)
        return delay + TURN * self._behind() if delay else 0.0

    def throttle(self) -> float:
        """Return the delay that AutoThrottle has this crawl keep."""
        return super().download_delay()

    def _behind(self) -> int:
        """Return how many crawls wait for the host that have sent nothing for longer than this one."""
        return sum(bool(slot.queue) and slot.sent < self.sent for slot in self.host.slots)

    def close(self) -> None:
        """End the queue."""
        self.host.slots.discard(self)
        super().close()


class PoliteDownloader(SlotDownloader):
    """Scrapy's Downloader with a minimum delay per host, pauses that also hold queued requests, and a prompt end."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._hosts: dict[str, Host] = {}
        self._refused: dict[str, Postponed] = {}
        """Why nothing more is requested from a host in this run."""
        self._stopped: Postponed | None = None
        self._abandoned: Postponed | None = None
        self._fetches: set[asyncio.Future[Any]] = set()
        self._transfers: set[asyncio.Task[Any]] = set()
        self._permission = given_permission()
        if self._permission is not None:
            self._permission.note_delay(self._delay)
        crawler.signals.connect(self._answered, signals.response_downloaded)

    # What hosts ask for

    def host(self, url: str) -> Host:
        """Return what is known of the host of a URL."""
        key = host_of(url)
        if key not in self._hosts:
            self._hosts[key] = host = _HOSTS.setdefault(key, Host())
            host.crawls.add(self)
        return self._hosts[key]

    def keep_apart(self, url: str, seconds: float) -> float:
        """Request from the host of `url` at most once in so many seconds; return the delay kept, at most a minute."""
        host = self.host(url)
        host.delay = max(host.delay, min(seconds, LONGEST_DELAY))
        return host.delay

    def _answered(self, request: Request) -> None:
        host, slot = self.host(request.url), self.slots.get(host_of(request.url))
        host.answered = monotonic()
        if self._permission is not None:
            self._permission.note_delay(max(host.delay, slot.delay if slot is not None else 0.0))

    def slow_down(self, url: str) -> None:
        """Halve the pace from now on: the host has said that it was too high."""
        host, slot = self.host(url), self.slots.get(host_of(url))
        present = max(host.delay, slot.delay if slot is not None else self._delay)
        self.keep_apart(url, max(2 * present, 0.25))

    def pause(self, url: str, seconds: float) -> None:
        """Request nothing from the host for so long, including what is queued."""
        host = self.host(url)
        host.paused_until = max(host.paused_until, monotonic() + seconds)

    # The end

    def refuse(self, url: str, reason: Postponed) -> None:
        """Request nothing more from the host of `url` in this run."""
        self._refused[host_of(url)] = reason
        if slot := self.slots.get(host_of(url)):
            _drop_queue(slot, reason)

    def stop(self, reason: Postponed) -> None:
        """Begin no more requests; those already sent may end."""
        self._stopped = self._stopped or reason
        for slot in self.slots.values():
            _drop_queue(slot, reason)

    def abandon(self, reason: Postponed) -> None:
        """End what is still under way at once."""
        self.stop(reason)
        self._abandoned = reason
        for task in [*self._fetches, *self._transfers]:
            task.cancel()

    @property
    def under_way(self) -> int:
        """The number of requests sent and not answered yet."""
        return len(self._transfers)

    # Scrapy's side

    def get_slot_key(self, request: Request) -> str:
        """Return the host that a request goes to; a redirect would carry the key of the host that it came from."""
        return host_of(request.url)

    def slot_for(self, slot: Slot, request: Request) -> Slot:
        if isinstance(slot, PoliteSlot):
            return slot
        return PoliteSlot(slot, self.host(request.url))

    def fetch(self, request: Request, spider: Spider | None = None) -> Deferred[Response | Request]:
        """Send a request through the middlewares; fires with Postponed if it is abandoned."""
        self.active.add(request)
        task = self.send(request)
        self._fetches.add(task)

        def ended(result: Any) -> Any:
            self.active.remove(request)
            self._fetches.discard(task)
            if self._abandoned and isinstance(result, Failure) and isinstance(result.value, asyncio.CancelledError):
                return Failure(copy(self._abandoned))  # type: ignore[no-untyped-call]
            return result

        return Deferred.fromFuture(task).addBoth(ended)

    def before_queueing(self, request: Request) -> None:
        if reason := self._stopped or self._refused.get(host_of(request.url)):
            raise copy(reason)

    @contextmanager
    def transferring(self) -> Iterator[None]:
        if self._permission is not None:
            self._permission.require()
        transfer = asyncio.current_task()
        assert transfer is not None
        self._transfers.add(transfer)
        try:
            yield
        finally:
            self._transfers.discard(transfer)

    def close(self) -> None:
        """End the slots; of a host that no other crawl requests only the time of the last request is remembered."""
        super().close()
        for key, host in self._hosts.items():
            host.crawls.discard(self)
            if not host.crawls:
                _HOSTS[key] = Host(asked=host.asked)


def downloader_of(crawler: Crawler) -> PoliteDownloader:
    """Return the downloader of a crawl; the settings make it a polite one."""
    downloader = crawler.engine.downloader
    assert isinstance(downloader, PoliteDownloader)
    return downloader


def _drop_queue(slot: Slot, reason: Postponed) -> None:
    while slot.queue:
        _, waiting = slot.queue.popleft()
        waiting.errback(Failure(copy(reason)))  # type: ignore[no-untyped-call]
