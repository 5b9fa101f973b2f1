"""The images of an article: the lead image, the largest version of each, captions and credits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from newsarchive.extraction.assets import asset_names, base_of, parts_of, size_in
from newsarchive.extraction.captions import credit_in
from newsarchive.extraction.record import Metadata
from newsarchive.extraction.regions import Element
from newsarchive.extraction.shown_images import (
    NO_IMAGE,
    ORIGINAL,
    ShownImage,
    captioned,
    merged,
    read_image,
    scope_of,
    shown_images,
    widest,
)
from newsarchive.items import Hints, Image
from newsarchive.sites import Site


def choose_images(
    metadata: Metadata, tree: Element, article: Element | None, *, site: Site, hints: Hints, url: str
) -> tuple[Image, ...]:
    """Return the article's images: the lead image first, the others in page order.

    `article` is the element that contains the text, None if unknown; the lead image may be above it.
    """
    scope, text = scope_of(tree, article)
    read = list(shown_images(scope, text, url))
    shown = merged([captioned(p) for p in read if not p.small])
    named = [n for n in metadata.images if not NO_IMAGE.search(parts_of(n).path.lower())]
    if not named and not any(image.in_text or not image.after for image in shown):
        named = list(metadata.images[:1])  # a logo rather than nothing
    listed = hints.image
    wanted = [*named, *([listed.url] if listed else [])]
    lead = _named(shown, wanted) or (_named_elsewhere(tree, read, wanted, url) if wanted else None)
    if lead is None and (named or not listed):  # a CMS knows its lead image, which a page may show by CSS only
        lead = next((p for p in shown if _may_lead(p)), None) or (shown[0] if shown and not wanted else None)
    images = [_not_shown(wanted[0], listed if not named else None)] if lead is None and wanted else []
    ordered = ([lead] if lead else []) + [p for p in shown if p is not lead]
    images += [_image(image, wanted, lead=image is lead) for image in ordered]
    if listed and images and images[0].lead and _same_image(images[0].url, listed.url):
        images[0] = _completed(images[0], listed)
    return tuple(images)


def _named_elsewhere(tree: Element, read: Sequence[ShownImage], wanted: Sequence[str], url: str) -> ShownImage | None:
    """Return the lead image if it is above the block of the text, where only its name identifies it."""
    body = tree.find("body")
    seen = {image.element for image in read}
    others = (e for e in (body if body is not None else tree).iter("img", "amp-img") if e not in seen)
    everywhere = (image for e in others if (image := read_image(e, url)))
    lead = _named((image for image in everywhere if not image.small and not 0 < widest(image) <= 300), wanted)
    return captioned(lead) if lead is not None else None


def _not_shown(url: str, listed: Image | None) -> Image:
    """Return the lead image that only metadata name; `listed` is what a listing says of it."""
    known = listed or Image(url="")
    credit = known.credit or credit_in(known.caption)
    return Image(url=url, alt=known.alt, caption=known.caption, credit=credit, lead=True)


def _completed(image: Image, listed: Image) -> Image:
    """Return an image with what only the listing says of it."""
    return replace(
        image,
        alt=image.alt or listed.alt,
        caption=image.caption or listed.caption,
        credit=image.credit or listed.credit or credit_in(listed.caption),
    )


def lead_source(images: Sequence[Image], metadata: Metadata, *, hints: Hints) -> str:
    """Return the source of the lead image: ``meta`` (JSON-LD or og:image), ``listing`` or ``figure``."""
    lead = next((image for image in images if image.lead), None)
    if lead is None:
        return ""
    if any(_same_image(lead.url, address) for address in metadata.images):
        return "meta"
    return "listing" if hints.image and _same_image(lead.url, hints.image.url) else "figure"


def _same_image(one: str, other: str) -> bool:
    return base_of(one) == base_of(other) or bool(asset_names(one) & asset_names(other))


def _named(images: Iterable[ShownImage], wanted: Sequence[str]) -> ShownImage | None:
    """Return the first image that the page's metadata or the listing name, by URL or file name."""
    bases = {base_of(address) for address in wanted}
    names = {name for address in wanted for name in asset_names(address)}
    shown = list(images)
    by_address = (p for p in shown if any(base_of(v) in bases for v in (p.shown, *p.versions)))
    return next(by_address, None) or next((p for p in shown if names and p.names & names), None)


def _may_lead(image: ShownImage) -> bool:
    """True if an unnamed image may be the lead by position and size: large, or in a figure, above the text."""
    width = widest(image)
    if image.after > 600 or 0 < width < 300:
        return False
    near = zip(image.element.iterancestors(), range(4), strict=False)
    return width >= 400 or any(a.tag in ("figure", "picture") for a, _ in near)


def _image(image: ShownImage, wanted: Sequence[str], *, lead: bool) -> Image:
    versions = dict(image.versions)
    bases = {base_of(v) for v in (image.shown, *versions)}
    for address in wanted:
        if base_of(address) in bases and not parts_of(address).query and not size_in(parts_of(address).path):
            versions.setdefault(address, ORIGINAL - 2)
    url = max(versions, key=lambda v: _rank(v, versions[v]), default=image.shown)
    return Image(
        url=url or image.shown,
        shown=image.shown,
        alt=image.alt,
        caption=image.caption,
        credit=image.credit,
        lead=lead,
    )


def _rank(address: str, width: int) -> tuple[int, int]:
    """Rank wider versions first; of versions of equal width, the shortest URL, which has no size in its name."""
    return width, -len(address)
