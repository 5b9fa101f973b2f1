"""Between the engine and the wire: which hosts and paths are asked, how fast, and what is kept of their answers."""

from newsarchive.middlewares.back_off import BackOffMiddleware
from newsarchive.middlewares.hosts import OwnHostsMiddleware
from newsarchive.middlewares.pace import PoliteDownloader
from newsarchive.middlewares.robots import RobotsMiddleware
from newsarchive.middlewares.wire import BrokenOffMiddleware, CaptureMiddleware, PageCompressionMiddleware

__all__ = [
    "BackOffMiddleware",
    "BrokenOffMiddleware",
    "CaptureMiddleware",
    "OwnHostsMiddleware",
    "PageCompressionMiddleware",
    "PoliteDownloader",
    "RobotsMiddleware",
]
