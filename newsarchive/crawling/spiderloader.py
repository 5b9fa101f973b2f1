"""Every profile is a spider: `scrapy list`, `scrapy crawl ortalyq`, `newsarchive crawl ortalyq` do the same crawl."""

from __future__ import annotations

import builtins
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.settings import BaseSettings

from newsarchive.crawling.run_settings import adopt_old_names, user_agent
from newsarchive.crawling.spiders.images import ImageSpider
from newsarchive.crawling.spiders.news import NewsSpider
from newsarchive.crawling.spiders.page import PageSpider
from newsarchive.sites import Profiles, Site, load_profiles


class SiteSpiderLoader:
    """Loads a NewsSpider class for each site profile, packaged or in the archive's `sites/` folder.

    They are read when they are asked for, which our own command line does not.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self._settings = settings

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> SiteSpiderLoader:
        adopt_old_names(settings)  # of `scrapy crawl`; our own commands have done so
        return cls(settings)

    @cached_property
    def _profiles(self) -> Profiles:
        profiles = load_profiles(Path(self._settings["ARCHIVE_FOLDER"]) / "sites")
        for error in profiles.broken.values():
            warnings.warn(f"{error}; this site is left out", category=RuntimeWarning, stacklevel=2)
        return profiles

    def load(self, spider_name: str) -> type[Spider]:
        if spider_name == PageSpider.name:
            return PageSpider
        if spider_name in self._profiles.broken:
            raise self._profiles.broken[spider_name]
        return site_spider(self._profiles.sites[spider_name], self._settings)

    def list(self) -> list[str]:
        return sorted(self._profiles.sites)

    def find_by_request(self, request: Request) -> builtins.list[str]:
        return [name for name, site in self._profiles.sites.items() if site.covers(request.url)]


def site_spider(site: Site, settings: BaseSettings) -> type[Spider]:
    """The spider class of one site, with the settings that its profile gives."""
    spider = ImageSpider if settings["ARCHIVE_COMMAND"] == "images" else NewsSpider
    own: dict[str, Any] = {"USER_AGENT": user_agent(site.contact or settings["CONTACT"])}
    if site.delay is not None:
        own |= {"DOWNLOAD_DELAY": site.delay, "AUTOTHROTTLE_START_DELAY": site.delay}
        if site.delay == 0:
            own |= {"AUTOTHROTTLE_ENABLED": False}
    if site.strict_tls:
        own |= {"DOWNLOAD_VERIFY_CERTIFICATES": True}
    return type("SiteSpider", (spider,), {"name": site.name, "site": site, "custom_settings": own})
