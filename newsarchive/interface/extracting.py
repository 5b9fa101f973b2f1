"""Extract an article from HTML that the caller already has."""

from __future__ import annotations

from newsarchive.extraction import extract_article
from newsarchive.items import Article, Hints, NotAnArticle, Page
from newsarchive.sites import Site, host_site
from newsarchive.text.encodings import gunzipped


def extract(html: str | bytes, *, url: str, site: Site | None = None, hints: Hints = Hints()) -> Article:
    """Extract the article of a page. Pure: no network, no archive; the same input always gives the same output.

    Args:
        html: The page. Bytes may still be content-encoded (gzip, brotli, ...) and in any character set.
        url: The page's address; relative links are resolved against it.
        site: A profile with the site's language, time zone and selectors; by default one named after the host.
        hints: What a listing (feed, REST) says of the article.

    Raises:
        NotAnArticle: The page holds no article; `reason` says why.

    >>> words = "The old mill at the edge of the village is turning again after forty years of silence. " * 3
    >>> page = f"<html><body><article><h1>The mill turns</h1><p>{words}</p></article></body></html>"
    >>> extract(page, url="https://herald.example/2025/mill.html").title
    'The mill turns'
    """
    if isinstance(html, str):
        page = Page(url=url, body=html.encode("utf-8", "replace"), headers={"content-type": "text/html; charset=utf-8"})
    else:
        page = Page(url=url, body=html)
    whole = gunzipped(page)
    if whole is None:
        raise NotAnArticle(url, "the page is truncated")
    return extract_article([whole], url, site=site or host_site(url), hints=hints)
