"""Between the engine and the wire: which hosts and paths are asked, how fast, and what is kept of their answers."""

from newsarchive.crawling.middlewares.back_off import BackOffMiddleware
from newsarchive.crawling.middlewares.hosts import OwnHostsMiddleware
from newsarchive.crawling.middlewares.pace import PoliteDownloader
from newsarchive.crawling.middlewares.robots import RobotsMiddleware
from newsarchive.crawling.middlewares.walls import CookieWallMiddleware, RefreshMiddleware
from newsarchive.crawling.middlewares.wire import BrokenOffMiddleware, CaptureMiddleware, PageCompressionMiddleware

__all__ = [
    "BackOffMiddleware",
    "BrokenOffMiddleware",
    "CaptureMiddleware",
    "CookieWallMiddleware",
    "OwnHostsMiddleware",
    "PageCompressionMiddleware",
    "PoliteDownloader",
    "RefreshMiddleware",
    "RobotsMiddleware",
]
