"""Which images of an article are to be downloaded, and from which hosts."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from newsarchive.items import Image, ImageToDownload
from newsarchive.sites import Site

MODES = ("none", "lead", "all")


def select_images(images: Iterable[Image], page: str, *, site: Site, mode: str) -> list[ImageToDownload]:
    """Return the images of the page at `page` that `mode` (none, lead, all) selects, each URL once.

    The largest versions come first, then the versions that the page shows if those are others. Their hosts are those
    of the site and those of the images that the page shows; an image that it names but does not show counts as shown.

    >>> site = Site(name="a", url="https://a.kz/")
    >>> images = [Image(url="https://cdn.kz/1.jpg", lead=True), Image(url="https://x.kz/2.jpg", shown="https://a.kz/2")]
    >>> wanted = select_images(images, "", site=site, mode="all")
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
