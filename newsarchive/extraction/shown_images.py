"""Reads the images that a page shows: their versions, sizes, captions, and which are part of the page's furniture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from newsarchive.extraction.assets import asset_names, base_of, number_in, parts_of, width_in
from newsarchive.extraction.blocks import absolute
from newsarchive.extraction.captions import caption_of
from newsarchive.extraction.regions import Element, in_boilerplate, text_of
from newsarchive.text.spacing import collapse

_FILE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|bmp|tiff?|heic)(?:$|[?#!/:@])", re.I)
# URLs and classes are searched in lower case, since re.I takes three times as long.
NO_IMAGE = re.compile(
    r"gravatar|/avatars?[/_-]|/authors?/|s\.w\.org/|/emoji|/smil(?:ey|ies)|wp-includes/|/plugins/|/sprites?[/._-]"
    r"|/icons?[/._-]|[/_-]icons?\.|[/_-]logos?[._-]"
    r"|/logos?/|spacer|blank\.|pixel\.|1x1|transparent\.|placeholder|/loading\.|loader\.|mc\.yandex|counter\."
    r"|top\.mail\.ru|facebook\.com/tr"
    r"|doubleclick|scorecardresearch|/ads?/|banner|no-?image|no-?photo|default[_-](?:avatar|user|image)|badge"
    r"|appstore|google-?play|qr-?code",
)
_NO_IMAGE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:avatar|emoji|smiley|wp-smiley|icon|logo|author|byline|author-?(?:image|photo|pic\w*|avatar"
    r"|img)|share|social|ad|ads|advert\w*|pixel|tracking"
    r"|flag|rating|spinner|thumb(?:nail)?-?(?:small|nav)|user-?pic\w*|profile)(?:$|[\s_])",
)
_SOURCES = (
    "src",
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-lazy",
    "data-url",
    "data-hi-res-src",
    "data-img-src",
    "data-image",
)
_LARGEST = (
    "data-orig-file",
    "data-full-url",
    "data-full-src",
    "data-large_image",
    "data-full",
    "data-zoom-image",
    "data-highres",
)
_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_BY_LINE = re.compile(r"(?:^|[\s_-]|[a-z](?=A))[Aa]uthors?(?:$|[\s_-])|(?:^|[\s_-])bylines?(?:$|[\s_-])")
_SET = re.compile(r"[\s,]*+(\S*+)((?:(?<!,)[^,]*+)?)")
"""HTML, 4.8.4.2.2: an address ends at white space, or at commas; its descriptors at a comma."""
_WIDTH = re.compile(r"\s*+(\d{1,6}+)(?:\.\d{1,6})?w")
ORIGINAL = 99_999
"""Of the original file: wider than any stated width."""


@dataclass(kw_only=True, slots=True, eq=False)
class ShownImage:
    """An image on the page: its URLs with their widths (0 if unknown)."""

    element: Element
    shown: str
    versions: dict[str, int] = field(default_factory=dict)
    in_text: bool = False
    after: int = 0
    """The number of characters in the paragraphs before it."""
    small: bool = False
    alt: str = ""
    caption: str = ""
    credit: str = ""

    @property
    def names(self) -> set[str]:
        return {name for address in (self.shown, *self.versions) for name in asset_names(address)}


def scope_of(tree: Element, article: Element | None) -> tuple[Element, Element | None]:
    """Return the smallest block with the text and the heading, so that it includes images between or above them."""
    body = tree.find("body")
    body = body if body is not None else tree
    if article is None:
        heading = next((h for h in body.iter("h1") if text_of(h)), None)
        article = next((a for a in body.iter("article") if heading is None or heading in a.iter("h1")), None)
        if article is not None:
            return article, article
        return body, None
    if next(article.iter("h1"), None) is not None:
        return article, article
    node = article
    for ancestor in article.iterancestors():
        if ancestor.tag in ("body", "html"):
            break
        node = ancestor
        if ancestor.tag in ("article", "main") or next(ancestor.iter("h1"), None) is not None:
            break
    return node, article


def shown_images(scope: Element, article: Element | None, url: str) -> Iterator[ShownImage]:
    """Yield the images above and inside the article's text, in page order, but not those after it."""
    spine = frozenset((article, *article.iterancestors())) if article is not None else frozenset(scope.iterancestors())
    reached = article is None or article is scope
    before = 0
    tags = ("p", "img", "amp-img") if article is None else ("p", "img", "amp-img", str(article.tag))
    for element in scope.iter(*tags):
        if element is article:
            reached = True
        if element.tag == "p" and element.text:
            before += len(element.text)
        if element.tag not in ("img", "amp-img"):
            continue
        in_text = article is None or article is scope or any(a is article for a in element.iterancestors())
        if (reached and not in_text) or in_boilerplate(element, spine):
            continue
        if image := read_image(element, url):
            image.in_text, image.after = in_text, before
            yield image


def read_image(element: Element, url: str) -> ShownImage | None:
    """Read an image element with all versions offered by it and its surroundings; None if it is not an image."""
    holder = element.getparent()
    classes = (element.get("class"), element.get("id"), holder.get("class") if holder is not None else None)
    around = " ".join(c for c in classes if c)
    if _names_no_image(around) or _shows_author(element):
        return None
    versions: dict[str, int] = {}
    shown = ""
    for name in _SOURCES:
        address = (element.get(name) or "").strip()
        if (
            address
            and not address.startswith("data:")
            and not NO_IMAGE.search((address.rpartition("?")[0] or address).lower())
        ):
            whole = absolute(url, address)
            shown = shown or whole
            versions.setdefault(whole, width_in(address) or number_in(element.get("width")))
    for address, width in _offered(element, holder, url):
        versions[address] = max(width, versions.get(address, 0))
    if not shown:
        shown = max(versions, key=lambda v: versions[v], default="")
    if (
        not shown
        or NO_IMAGE.search((parts_of(shown).netloc + parts_of(shown).path).lower())
        or parts_of(shown).path.endswith(".svg")
    ):
        return None
    width, height = number_in(element.get("width")), number_in(element.get("height"))
    stated = max(map(width_in, versions))
    if width <= 40 and stated > 300:
        width = height = 0  # an aspect ratio, not a size: width="16" height="9"
        versions = {address: stated if old <= 40 else old for address, old in versions.items()}
    known = max([width, *versions.values()])
    image = ShownImage(element=element, shown=shown, versions=versions, alt=collapse(element.get("alt") or ""))
    image.small = (0 < width < 120 and height < 120) or 0 < known < 150
    return image


def captioned(image: ShownImage) -> ShownImage:
    """Add caption and credit to an image that may be used."""
    image.caption, image.credit = caption_of(image.element)
    return image


def _shows_author(element: Element) -> bool:
    """True if an image is part of a byline."""
    for ancestor, _ in zip(element.iterancestors(), range(5), strict=False):
        if ancestor.tag in ("article", "main", "section", "body"):
            continue
        if (classes := ancestor.get("class")) and _names_by_line(classes):
            return True
    return False


@lru_cache(maxsize=20_000)  # the classes of a site and of common themes repeat
def _names_by_line(classes: str) -> bool:
    return _BY_LINE.search(classes) is not None


@lru_cache(maxsize=20_000)
def _names_no_image(names: str) -> bool:
    return _NO_IMAGE_CLASS.search(names.lower()) is not None


def _offered(element: Element, holder: Element | None, url: str) -> Iterator[tuple[str, int]]:
    for name in _LARGEST:
        if address := (element.get(name) or "").strip():
            yield absolute(url, address), ORIGINAL
    if address := (element.get("data-large-file") or "").strip():
        yield absolute(url, address), width_in(address) or 1024
    sources = [element]
    if holder is not None and holder.tag == "picture":
        sources += list(holder.iter("source"))
    for source in sources:
        for name in _SETS:
            for address, descriptors in _SET.findall(source.get(name) or ""):
                width = _WIDTH.match(descriptors)
                if address:
                    yield absolute(url, address.rstrip(",")), int(width[1]) if width else width_in(address)
    link = holder.getparent() if holder is not None and holder.tag == "picture" else holder
    if link is not None and link.tag == "a" and _FILE.search(href := (link.get("href") or "").strip()):
        yield absolute(url, href), ORIGINAL - 1


def merged(images: Sequence[ShownImage]) -> list[ShownImage]:
    """Merge images shown twice (as the lead image, or with and without lazy loading), at their place in the text."""
    found: dict[str, ShownImage] = {}
    for image in images:
        bases = [base_of(address) for address in (image.shown, *image.versions)]
        same = next((found[b] for b in bases if b in found), None)
        if same is None:
            same = image
        else:
            same.versions.update({a: max(w, same.versions.get(a, 0)) for a, w in image.versions.items()})
            same.alt, same.caption, same.credit = (
                same.alt or image.alt,
                same.caption or image.caption,
                same.credit or image.credit,
            )
            if image.in_text and not same.in_text:
                same.shown, same.in_text = image.shown, True
        for base in bases:
            found.setdefault(base, same)
    return list(dict.fromkeys(found.values()))


def widest(image: ShownImage) -> int:
    """Return the width of the widest version in pixels; 0 if unknown."""
    return max([number_in(image.element.get("width")), *image.versions.values()])
