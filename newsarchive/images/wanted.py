"""Which of an article's pictures are to be had, and from which hosts: pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from newsarchive.items import Image, ImageToDownload
from newsarchive.sites import Site

MODES = ("none", "lead", "all")


def wanted_pictures(images: Iterable[Image], page: str, *, site: Site, mode: str) -> list[ImageToDownload]:
    """The pictures of the page at `page` that `mode` (none, lead, all) asks for, each address once.

    Each in its largest version, then the version that the page shows where that is another.

    They may come from the site's own hosts and from those that the page itself shows pictures from. A picture that the
    page names but does not show counts as shown.

    >>> site = Site(name="a", url="https://a.kz/")
    >>> images = [Image(url="https://cdn.kz/1.jpg", lead=True), Image(url="https://x.kz/2.jpg", shown="https://a.kz/2")]
    >>> wanted = wanted_pictures(images, "", site=site, mode="all")
    >>> [(w.url, w.shown, "x.kz" in w.hosts, "cdn.kz" in w.hosts) for w in wanted]  # doctest: +NORMALIZE_WHITESPACE
    [('https://cdn.kz/1.jpg', False, False, True), ('https://x.kz/2.jpg', False, False, True),
     ('https://a.kz/2', True, False, True)]
    """
    images = [image for image in images if _is_web(image.url)]
    shown = {urlsplit(image.shown if _is_web(image.shown) else image.url).netloc.lower() for image in images}
    bare = {host.removeprefix("www.") for host in shown}
    hosts = frozenset(site.hosts | bare | {f"www.{host}" for host in bare})
    asked = [image for image in images if mode == "all" or (mode == "lead" and image.lead)]
    largest = dict.fromkeys(image.url for image in asked)
    smaller = dict.fromkeys(image.shown for image in asked if _is_web(image.shown) and image.shown not in largest)
    return [ImageToDownload(url=url, page=page, hosts=hosts, shown=url in smaller) for url in (*largest, *smaller)]


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
