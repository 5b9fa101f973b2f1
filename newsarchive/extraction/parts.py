"""Finds the further pages of an article that is split over several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import unquote, urldefrag, urlsplit, urlunsplit

from newsarchive.extraction.blocks import Element, absolute
from newsarchive.extraction.names import words_of

_PARTS = re.compile(
    r"(?:^|[\s_-])(?:page-?links?|post-page-numbers|wp-block-post-content-pages|nextpage|article-?pag(?:es|ination|er|ing))(?:$|[\s_-])",
    re.I,
)
_NUMBERED = re.compile(r"[0-9]{1,3}(?:\.html?)?/?(?:#.*)?$")
_ENDS = tuple(f"{end}{slash}" for end in (*"0123456789", "htm", "html") for slash in ("", "/"))
"""Endings of URLs that `_NUMBERED` may match, for a quick first check (fragments aside)."""
_MAX_PAGES = 60
_SHARE = 0.85
_MIN_MISSING = 40
"""An unlinked page is requested only if at least this many words are missing."""


def find_more_pages(tree: Element, url: str, given: Sequence[str]) -> tuple[str, ...]:
    """Return the URLs of the article's pages that were not given, in order.

    They are recognized by the URL: that of the article with a page number at the end (`/slug/2/`, `?page=2`), linked
    from a list of pages (WordPress' `<!--nextpage-->`) or by rel=next. Next articles and comment pages are excluded.
    """
    known = {_same(address) for address in (url, *given)}
    base = next(iter(given), url)
    found: dict[str, tuple[int, str]] = {}
    for address in _linked(tree, base, _own_part(url)):
        if (number := page_number(address, url)) and (same := _same(address)) not in known:
            found.setdefault(same, (number, address))
    ordered = sorted(found.values(), key=lambda numbered: numbered[0])
    return tuple(address for _, address in ordered[:_MAX_PAGES])


def guess_next_page(given: Sequence[str], *, words: int, listed: int) -> tuple[str, ...]:
    """Return the likely URL of the next page if the listing has far more words than the pages read so far.

    WordPress numbers the pages of a post (`/slug/2/`, `&page=2`) even if the theme does not link to them.

    >>> guess_next_page(["https://kz.example/slug/"], words=150, listed=900)
    ('https://kz.example/slug/2/',)
    >>> guess_next_page(["https://kz.example/?p=7"], words=150, listed=900)
    ('https://kz.example/?p=7&page=2',)
    >>> guess_next_page(["https://kz.example/slug/"], words=850, listed=900)
    ()
    """
    if not given or words > _SHARE * listed or listed - words < _MIN_MISSING:
        return ()
    parts, number = urlsplit(given[0]), len(given) + 1
    if parts.query:
        return (urlunsplit(parts._replace(query=f"{parts.query}&page={number}")),)
    return (urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{number}/")),)


def _own_part(url: str) -> str:
    """Return the lower-case part of an article's URL that its pages share; empty if it is not ASCII."""
    parts = urlsplit(url)
    name = parts.path.rstrip("/").rpartition("/")[2].removesuffix(".html")
    return "" if parts.query or not name.isascii() else name.lower()


def _linked(tree: Element, base: str, own: str) -> Iterator[str]:
    for link in tree.iter("a", "link"):
        href = link.get("href")
        if not href or (own not in href.lower() and href.isascii()) or not (href.endswith(_ENDS) or "#" in href):
            continue
        if not _NUMBERED.search(href, max(0, len(href) - 40)):
            continue
        is_next = "next" in (link.get("rel") or "").lower().split()
        if is_next or (link.tag == "a" and any(_names_parts(words_of(e)) for e in _near(link))):
            yield urldefrag(absolute(base, href))[0]


@lru_cache(maxsize=20_000)
def _names_parts(words: str) -> bool:
    return _PARTS.search(words) is not None


def _near(element: Element) -> Iterator[Element]:
    yield element
    for _, ancestor in zip(range(3), element.iterancestors(), strict=False):
        yield ancestor


def page_number(address: str, article: str) -> int:
    """Return the page number in the URL of a page of the article, from 2; 0 if it is not such a page.

    >>> page_number("https://kz.example/slug/3/", "https://kz.example/slug/")
    3
    >>> page_number("https://kz.example/?p=7&page=2", "https://kz.example/?p=7")
    2
    >>> page_number("https://kz.example/slug/comment-page-2/", "https://kz.example/slug/")
    0
    >>> page_number("https://kz.example/next-slug/", "https://kz.example/slug/")
    0
    """
    one, other = urlsplit(article), urlsplit(address)
    if one.netloc.lower().removeprefix("www.") != other.netloc.lower().removeprefix("www."):
        return 0
    path, other_path = unquote(one.path).rstrip("/"), unquote(other.path).rstrip("/")
    if other_path.startswith(path) and other.query == one.query:
        rest = re.fullmatch(r"(?:/|/page/|_|-|,)(\d{1,3})(\.html?)?", other_path[len(path) :])
        number = int(rest[1]) if rest and path else 0
    elif other_path == path:
        rest = re.fullmatch(re.escape(one.query) + r"&?(?:page|paged|p|pagenum)=(\d{1,3})", other.query)
        number = int(rest[1]) if rest else 0
    else:
        number = 0
    return number if number >= 2 else 0


def _same(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.netloc.lower().removeprefix('www.')}{unquote(parts.path).rstrip('/')}?{parts.query}"
