"""The section pages that a newspaper's home page leads to: those of all news first."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from newsarchive.discovery.entries import resolve_all
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.listing import looks_like_article
from newsarchive.discovery.markup import base_of, parse_html
from newsarchive.items import Page
from newsarchive.sites import Site
from newsarchive.urls import url_key

MOST_SECTIONS = 24
_ALL_NEWS = re.compile(
    r"(?:барлық|бүкіл|все|вся|all|barcha|бардык|tüm).{0,12}(?:жаңалық|хабар|мақала|новост|стать|публикац|лент|news|articles"
    r"|stories|yangilik|maqola|кабар|макала|haber)"
    r"|^\W*(?:жаңалықтар(?: легі)?|новости|лента(?: новостей)?|news|latest(?: news)?|yangiliklar|жаңылыктар|haberler"
    r"|архив|мұрағат|archive|мақалалар|статьи|articles|публикации|жарияланымдар)\W*$",
    re.IGNORECASE,
)
_NO_SECTION = re.compile(
    r"about|contact|kontakt|baylanys|reklam|advert|privacy|terms|login|register|search|podpis|subscri|vacan|redak|editorial"
    r"|cart|feed|rss|sitemap|wp-|/tags?/|/author|turaly|o-nas|o-gazete|\.(?:jpe?g|png|gif|pdf|xml|docx?|zip)$",
    re.IGNORECASE,
)
_NEXT_PAGE = re.compile(r"[?&](?:paged?|pagen_\d+|start|offset)=|/page/?\d", re.IGNORECASE)
_MENU = re.compile(r"menu|nav(?:bar|igation)?\b", re.IGNORECASE)
_DEEPEST = 3


def section_urls(page: Page, site: Site) -> list[str]:
    """Return the URLs of the section pages that a home page links to, at most MOST_SECTIONS."""
    try:
        tree = parse_html(page)
    except ListingError:
        return []
    base = base_of(tree, page.url)
    found: dict[str, tuple[int, str]] = {}
    for link in tree.iter("a"):
        urls, _lost = resolve_all(base, [link.get("href")] if link.get("href") else [])
        text = " ".join((link.text_content() or "").split())
        in_menu = any(a.tag == "nav" or _MENU.search(a.get("class", "")) for a in link.iterancestors())
        if not urls or not text or not _may_be_section(urls[0], site, in_menu=in_menu):
            continue
        url = urls[0].partition("#")[0]
        if _NEXT_PAGE.search(url) or text.isdigit() or (looks_like_article(urlsplit(url).path) and not in_menu):
            continue
        score = (2 if _ALL_NEWS.search(text) else 0) + in_menu
        known = found.get(url_key(url))
        if url_key(url) not in (url_key(page.url), url_key(site.url)) and (known is None or known[0] < score):
            found[url_key(url)] = (score, url)
    return [url for _score, url in sorted(found.values(), key=lambda pair: -pair[0])][:MOST_SECTIONS]


def _may_be_section(url: str, site: Site, *, in_menu: bool) -> bool:
    """True if a URL may be that of a section; in a menu also one with a parameter, or the name of a file."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if parts.scheme not in ("http", "https") or not site.covers(url) or _NO_SECTION.search(target):
        return False
    depth = len([part for part in parts.path.split("/") if part]) + bool(parts.query)
    if not in_menu and (parts.query or re.search(r"\.html?$", parts.path)):
        return False
    return 0 < depth <= _DEEPEST and not re.search(r"\d{3,}", target)
