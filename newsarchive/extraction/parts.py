"""Further pages of an article that is spread over several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import unquote, urldefrag, urlsplit, urlunsplit

from newsarchive.extraction.blocks import Element, absolute
from newsarchive.extraction.choice import words_of

_PARTS = re.compile(
    r"(?:^|[\s_-])(?:page-?links?|post-page-numbers|wp-block-post-content-pages|nextpage|article-?pag(?:es|ination|er|ing))(?:$|[\s_-])",
    re.I,
)
_NUMBERED = re.compile(r"[0-9]{1,3}(?:\.html?)?/?(?:#.*)?$")
_ENDS = tuple(f"{end}{slash}" for end in (*"0123456789", "htm", "html") for slash in ("", "/"))
"""How an address that `_NUMBERED` finds ends, but for a fragment: most are told at once to be none."""
_MOST = 60
_SHARE = 0.85
_FEWEST = 40
"""Words that must be missing before a page is asked for that nothing links to."""


def find_more_pages(tree: Element, url: str, given: Sequence[str]) -> tuple[str, ...]:
    """Addresses of the article's pages that were not given, in order.

    They are told by the address: the article's own with a page number at its end (`/slug/2/`, `?page=2`), linked from
    a list of parts (WordPress' `<!--nextpage-->`) or by rel=next; a next article or a page of comments is not.
    """
    known = {_same(address) for address in (url, *given)}
    base = next(iter(given), url)
    found: dict[str, tuple[int, str]] = {}
    for address in _linked(tree, base, _own_part(url)):
        if (number := page_number(address, url)) and (same := _same(address)) not in known:
            found.setdefault(same, (number, address))
    wanted = sorted(found.values(), key=lambda numbered: numbered[0])
    return tuple(address for _, address in wanted[:_MOST])


def guess_next_page(given: Sequence[str], *, words: int, listed: int) -> tuple[str, ...]:
    """Where the next page must be, if the listing holds far more words than the pages so far and no page links on.

    WordPress numbers the pages of a post (`/slug/2/`, `&page=2`), also in themes that do not link to them.

    >>> guess_next_page(["https://kz.example/slug/"], words=150, listed=900)
    ('https://kz.example/slug/2/',)
    >>> guess_next_page(["https://kz.example/?p=7"], words=150, listed=900)
    ('https://kz.example/?p=7&page=2',)
    >>> guess_next_page(["https://kz.example/slug/"], words=850, listed=900)
    ()
    """
    if not given or words > _SHARE * listed or listed - words < _FEWEST:
        return ()
    parts, number = urlsplit(given[0]), len(given) + 1
    if parts.query:
        return (urlunsplit(parts._replace(query=f"{parts.query}&page={number}")),)
    return (urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{number}/")),)


def _own_part(url: str) -> str:
    """A part of an article's address that those of its pages have too, in lower case, unless they are not in ASCII."""
    parts = urlsplit(url)
    name = parts.path.rstrip("/").rpartition("/")[2].removesuffix(".html")
    return "" if parts.query or not name.isascii() else name.lower()


def _linked(tree: Element, base: str, own: str) -> Iterator[str]:
    for link in tree.iter("a", "link"):
        href = link.get("href")
        if not href or not (href.endswith(_ENDS) or "#" in href) or (own not in href.lower() and href.isascii()):
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
    """The number of a page of the article, from 2; 0 where the address is no such page.

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
