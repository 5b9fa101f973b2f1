"""The images of an article: the lead image, the largest version of each, captions and credits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from newsarchive.extraction.assets import asset_names, base_of, number_in, parts_of, size_in, width_in
from newsarchive.extraction.blocks import absolute
from newsarchive.extraction.record import Metadata
from newsarchive.extraction.regions import Element, in_boilerplate, text_of
from newsarchive.items import Hints, Image
from newsarchive.sites import Site
from newsarchive.text.spacing import collapse

_FILE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|bmp|tiff?|heic)(?:$|[?#!/:@])", re.I)
# URLs and classes are searched in lower case, since re.I takes three times as long.
_NO_PICTURE = re.compile(
    r"gravatar|/avatars?[/_-]|/authors?/|s\.w\.org/|/emoji|/smil(?:ey|ies)|wp-includes/|/plugins/|/sprites?[/._-]"
    r"|/icons?[/._-]|[/_-]icons?\.|[/_-]logos?[._-]"
    r"|/logos?/|spacer|blank\.|pixel\.|1x1|transparent\.|placeholder|/loading\.|loader\.|mc\.yandex|counter\."
    r"|top\.mail\.ru|facebook\.com/tr"
    r"|doubleclick|scorecardresearch|/ads?/|banner|no-?image|no-?photo|default[_-](?:avatar|user|image)|badge"
    r"|appstore|google-?play|qr-?code",
)
_NO_PICTURE_CLASS = re.compile(
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
_CREDIT = re.compile(
    r"(?:^|[\s(\[.,|/–—-])(?:(?:фото|сурет(?:ті түсірген|тер)?|фотосурет|фотограф|коллаж|photos?(?: by| credit)?"
    r"|foto(?:s|graf(?:ie|í?a)?)?|bild(?:er|quelle)?|crédit(?:s|o|os)?"
    r"|credits?|picture|image|quelle|источник|kuva|zdjęcie|fot|foto de|ảnh)\s?[.:]\s*|(?:фото|photo|foto"
    r"|сурет)\s+(?=[^\W\d_]{2,}\s+[^\W\d_])|[©ⓒ]\s*|\(c\)\s*)(?P<who>[^\n|]{2,80})",
    re.I,
)


def choose_images(
    metadata: Metadata, tree: Element, article: Element | None, *, site: Site, hints: Hints, url: str
) -> tuple[Image, ...]:
    """Return the article's images: the lead image first, the others in page order.

    `article` is the element that contains the text, None if unknown; the lead image may be above it.
    """
    scope, text = _scope(tree, article)
    read = list(_pictures(scope, text, url))
    shown = _merged([_captioned(p) for p in read if not p.small])
    named = [
        n for n in metadata.images if not _NO_PICTURE.search(parts_of(n).path.lower()) or len(metadata.images) == 1
    ]
    listed = hints.image
    wanted = [*named, *([listed.url] if listed else [])]
    lead = _named(shown, wanted)
    if lead is None and wanted:  # the lead image may be above the text's block; find it by name
        body = tree.find("body")
        seen = {p.element for p in read}
        others = (e for e in (body if body is not None else tree).iter("img", "amp-img") if e not in seen)
        everywhere = (p for e in others if (p := _read(e, url)))
        lead = _named((p for p in everywhere if not p.small and not 0 < _widest(p) <= 300), wanted)
        lead = _captioned(lead) if lead is not None else None
    if lead is None and (named or not listed):  # a CMS knows its lead image, which a page may show by CSS only
        lead = next((p for p in shown if _may_lead(p)), None) or (shown[0] if shown and not wanted else None)
    images = []
    if lead is None and wanted:
        known = listed if listed and not named else Image(url="")
        credit = known.credit or _credit_in(known.caption)
        images.append(Image(url=wanted[0], alt=known.alt, caption=known.caption, credit=credit, lead=True))
    ordered = ([lead] if lead else []) + [p for p in shown if p is not lead]
    images += [_image(picture, wanted, lead=picture is lead) for picture in ordered]
    if listed and images and images[0].lead and _same_picture(images[0].url, listed.url):
        lead_image = images[0]
        images[0] = replace(
            lead_image,
            alt=lead_image.alt or listed.alt,
            caption=lead_image.caption or listed.caption,
            credit=lead_image.credit or listed.credit or _credit_in(listed.caption),
        )
    return tuple(images)


def lead_source(images: Sequence[Image], metadata: Metadata, *, hints: Hints) -> str:
    """Return the source of the lead image: ``meta`` (JSON-LD or og:image), ``listing`` or ``figure``."""
    lead = next((image for image in images if image.lead), None)
    if lead is None:
        return ""
    if any(_same_picture(lead.url, address) for address in metadata.images):
        return "meta"
    return "listing" if hints.image and _same_picture(lead.url, hints.image.url) else "figure"


def _same_picture(one: str, other: str) -> bool:
    return base_of(one) == base_of(other) or bool(asset_names(one) & asset_names(other))


@dataclass(kw_only=True, slots=True, eq=False)
class _Picture:
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


def _scope(tree: Element, article: Element | None) -> tuple[Element, Element | None]:
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


def _pictures(scope: Element, article: Element | None, url: str) -> Iterator[_Picture]:
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
        if picture := _read(element, url):
            picture.in_text, picture.after = in_text, before
            yield picture


def _read(element: Element, url: str) -> _Picture | None:
    """Read an image element with all versions offered by it and its surroundings; None if it is not an image."""
    holder = element.getparent()
    classes = (element.get("class"), element.get("id"), holder.get("class") if holder is not None else None)
    around = " ".join(c for c in classes if c)
    if _NO_PICTURE_CLASS.search(around.lower()) or _shows_author(element):
        return None
    versions: dict[str, int] = {}
    shown = ""
    for name in _SOURCES:
        address = (element.get(name) or "").strip()
        if (
            address
            and not address.startswith("data:")
            and not _NO_PICTURE.search((address.rpartition("?")[0] or address).lower())
        ):
            shown = shown or absolute(url, address)
            versions.setdefault(absolute(url, address), width_in(address) or number_in(element.get("width")))
    for address, width in _offered(element, holder, url):
        versions[address] = max(width, versions.get(address, 0))
    if not shown:
        shown = max(versions, key=lambda v: versions[v], default="")
    if (
        not shown
        or _NO_PICTURE.search((parts_of(shown).netloc + parts_of(shown).path).lower())
        or parts_of(shown).path.endswith(".svg")
    ):
        return None
    width, height = number_in(element.get("width")), number_in(element.get("height"))
    stated = max(map(width_in, versions))
    if width <= 40 and stated > 300:
        width = height = 0  # an aspect ratio, not a size: width="16" height="9"
        versions = {address: stated if old <= 40 else old for address, old in versions.items()}
    known = max([width, *versions.values()])
    picture = _Picture(element=element, shown=shown, versions=versions, alt=collapse(element.get("alt") or ""))
    picture.small = (0 < width < 120 and height < 120) or 0 < known < 150
    return picture


def _captioned(picture: _Picture) -> _Picture:
    """Add caption and credit to an image that may be used."""
    picture.caption, picture.credit = _caption(picture.element)
    return picture


def _shows_author(element: Element) -> bool:
    """True if an image is part of a byline."""
    for ancestor, _ in zip(element.iterancestors(), range(5), strict=False):
        if ancestor.tag in ("article", "main", "section", "body"):
            continue
        if _BY_LINE.search(ancestor.get("class") or ""):
            return True
    return False


_BY_LINE = re.compile(r"(?:^|[\s_-]|[a-z](?=A))[Aa]uthors?(?:$|[\s_-])|(?:^|[\s_-])bylines?(?:$|[\s_-])")
_ORIGINAL = 99_999  # the original file: wider than any stated width


def _offered(element: Element, holder: Element | None, url: str) -> Iterator[tuple[str, int]]:
    for name in _LARGEST:
        if address := (element.get(name) or "").strip():
            yield absolute(url, address), _ORIGINAL
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
        yield absolute(url, href), _ORIGINAL - 1


_SET = re.compile(r"[\s,]*+(\S*+)((?:(?<!,)[^,]*+)?)")
"""HTML, 4.8.4.2.2: an address ends at white space, or at commas; its descriptors at a comma."""
_WIDTH = re.compile(r"\s*+(\d{1,6}+)(?:\.\d{1,6})?w")


def _merged(pictures: Sequence[_Picture]) -> list[_Picture]:
    """Merge images shown twice (as the lead image, or with and without lazy loading), at their place in the text."""
    found: dict[str, _Picture] = {}
    for picture in pictures:
        bases = [base_of(address) for address in (picture.shown, *picture.versions)]
        same = next((found[b] for b in bases if b in found), None)
        if same is None:
            same = picture
        else:
            same.versions.update({a: max(w, same.versions.get(a, 0)) for a, w in picture.versions.items()})
            same.alt, same.caption, same.credit = (
                same.alt or picture.alt,
                same.caption or picture.caption,
                same.credit or picture.credit,
            )
            if picture.in_text and not same.in_text:
                same.shown, same.in_text = picture.shown, True
        for base in bases:
            found.setdefault(base, same)
    return list(dict.fromkeys(found.values()))


def _named(pictures: Iterable[_Picture], wanted: Sequence[str]) -> _Picture | None:
    """Return the first image that the page's metadata or the listing name, by URL or file name."""
    bases = {base_of(address) for address in wanted}
    names = {name for address in wanted for name in asset_names(address)}
    shown = list(pictures)
    by_address = (p for p in shown if any(base_of(v) in bases for v in (p.shown, *p.versions)))
    return next(by_address, None) or next((p for p in shown if p.names & names), None)


def _widest(picture: _Picture) -> int:
    """Return the width of the widest version in pixels; 0 if unknown."""
    return max([number_in(picture.element.get("width")), *picture.versions.values()])


def _may_lead(picture: _Picture) -> bool:
    """True if an unnamed image may be the lead by position and size: large, or in a figure, above the text."""
    widest = _widest(picture)
    if picture.after > 600 or 0 < widest < 300:
        return False
    near = zip(picture.element.iterancestors(), range(4), strict=False)
    return widest >= 400 or any(a.tag in ("figure", "picture") for a, _ in near)


def _image(picture: _Picture, wanted: Sequence[str], *, lead: bool) -> Image:
    versions = dict(picture.versions)
    bases = {base_of(v) for v in (picture.shown, *versions)}
    for address in wanted:
        if base_of(address) in bases and not parts_of(address).query and not size_in(parts_of(address).path):
            versions.setdefault(address, _ORIGINAL - 2)
    url = max(versions, key=lambda v: _rank(v, versions[v]), default=picture.shown)
    return Image(
        url=url or picture.shown,
        shown=picture.shown,
        alt=picture.alt,
        caption=picture.caption,
        credit=picture.credit,
        lead=lead,
    )


def _rank(address: str, width: int) -> tuple[int, int]:
    """Rank wider versions first; of versions of equal width, the shortest URL, which has no size in its name."""
    return width, -len(address)


def _credit_in(caption: str) -> str:
    """Return the credit in a caption; empty if there is none."""
    match = _CREDIT.search(caption)
    return match["who"].strip(" .)]") if match else ""


def _caption(element: Element) -> tuple[str, str]:
    """Return the caption and credit of an image."""
    caption = credit = ""
    for ancestor, _ in zip(element.iterancestors(), range(5), strict=False):
        if ancestor.tag == "figure" or re.search(
            r"wp-caption|(?:^|[\s_-])(?:figure|image-?(?:wrapper|container|block))", ancestor.get("class") or ""
        ):
            captions = [*ancestor.iter("figcaption")]
            captions = captions or [e for e in ancestor.iter("*") if _CAPTION.search(e.get("class") or "")]
            found = next((e for e in captions if not _of_another(e, element)), None)
            if found is not None:
                marked = next(
                    (e for e in found.iter("*") if e is not found and _CREDITED.search(e.get("class") or "")), None
                )
                credit = text_of(marked) if marked is not None else ""
                caption = text_of(found)
                if credit:
                    caption = collapse(caption.replace(credit, " "))
                break
        if ancestor.tag in ("article", "main", "body"):
            break
    if match := _CREDIT.search(caption):
        credit = credit or _credit_in(caption)
        caption = caption[: match.start()].strip(" .|/–—-(") + (
            "." if caption[: match.start()].rstrip(" |/–—-(").endswith(".") else ""
        )
    return caption, _credit_in(credit) or credit


def _of_another(caption: Element, picture: Element) -> bool:
    """True if a caption belongs to another figure, as in a gallery."""
    figure = next(caption.iterancestors("figure"), None)
    return figure is not None and all(figure is not ancestor for ancestor in picture.iterancestors())


_CAPTION = re.compile(r"caption|(?:^|[\s_-])(?:legend|bildunterschrift|img-?text|image-?desc\w*)", re.I)
_CREDITED = re.compile(r"credit|copyright|photographer|source|rights", re.I)
