"""OwnHostsMiddleware: refuse requests to hosts that are not the site's own, also after a redirect."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from newsarchive.crawling.middlewares.pace import downloader_of
from newsarchive.crawling.resolving import PUBLIC_HOSTS
from newsarchive.crawling.spiders.page import sites_of
from newsarchive.crawling.threads import in_thread
from newsarchive.items import ImageToDownload


class OwnHostsMiddleware:
    """Refuses requests to hosts that are not the site's own, also after a redirect."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._other_hosts: set[str] = set()
        self._private: dict[str, bool] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> OwnHostsMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).netloc.lower()
        if wanted := request.meta.get("image"):
            await self._let_image_out(request, wanted, host)
            return
        site = getattr(self._crawler.spider, "site", None)
        robots = request.meta.get("dont_obey_robotstxt") and host in self._other_hosts
        if site is not None and not site.covers(request.url) and not robots:
            if not request.meta.get("any_host"):
                raise IgnoreRequest(f"leads to another host ({urlsplit(request.url).netloc})")
            if not await self._leads_inside(site.url) and await self._leads_inside(request.url):
                raise IgnoreRequest("leads from a public site to a private address")
            self._other_hosts.add(host)
        hops = request.meta.get("redirect_urls")
        if hops and not await _is_private(hops[0]) and await _is_private(request.url):
            raise IgnoreRequest("redirects from a public site to a private address")

    async def _let_image_out(self, request: Request, wanted: ImageToDownload, host: str) -> None:
        """Allow images from the hosts whose images their page shows, rate-limited."""
        if host not in wanted.hosts:
            where = "leads to" if request.meta.get("redirect_urls") else "is on"
            raise IgnoreRequest(f"{where} a host that the page shows no image from ({host})")
        if not await self._leads_inside(wanted.page) and await self._leads_inside(request.url):
            raise IgnoreRequest("leads from a public site to a private address")
        if host in self._other_hosts:
            return
        self._other_hosts.add(host)
        sites = sites_of(self._crawler.spider)
        if sites and not any(site.covers(request.url) for site in sites):
            settings = self._crawler.settings
            delay = max(settings.getfloat("IMAGE_DELAY_ELSEWHERE"), settings.getfloat("DOWNLOAD_DELAY"))
            downloader_of(self._crawler).keep_apart(request.url, delay)

    async def _leads_inside(self, url: str) -> bool:
        host = urlsplit(url).hostname or ""
        if host not in self._private:
            self._private[host] = await _is_private(url)
        return self._private[host]


async def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        pass
    try:
        found = await in_thread(socket.getaddrinfo, host, None)
    except OSError:
        found = []
    if any(not ip_address(address[4][0]).is_global for address in found):
        return True
    PUBLIC_HOSTS.add(host)  # and so it has to be when it is connected to
    return False
