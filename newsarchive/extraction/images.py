"""The pictures of an article: which one leads, the largest version of each, captions and credits."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from newsarchive.extraction.survey import Element
from newsarchive.items import Hints, Image
from newsarchive.sites import Site

if TYPE_CHECKING:
    from newsarchive.extraction.metadata import Metadata


def choose_images(
    metadata: Metadata, tree: Element, article: Element | None, *, site: Site, hints: Hints, url: str
) -> tuple[Image, ...]:
    """The article's pictures, the lead first."""
    found = []
    for image in (article if article is not None else tree).iter("img"):
        if (src := image.get("src")) and not src.startswith("data:"):
            found.append(Image(url=urljoin(url, src), shown=urljoin(url, src), alt=image.get("alt") or ""))
    if article is None:
        found = []
    if metadata.images and not found:
        found = [Image(url=metadata.images[0], lead=True)]
    return tuple(found)
