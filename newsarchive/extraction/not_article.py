"""Recognizes pages that are not articles: listings, static pages, password forms, error pages, empty shells."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from newsarchive.extraction.record import Metadata
from newsarchive.extraction.regions import Element, clean, text_of
from newsarchive.items import Hints
from newsarchive.sites import Site

_WORDPRESS_LISTINGS = frozenset(
    {"archive", "search", "search-results", "search-no-results", "author", "category", "tag", "date", "blog"}
)
_WORDPRESS_LISTINGS |= {"tax-post_format", "post-type-archive"}
# schema.org types of pages that are not articles
_KINDS = {
    "collectionpage": "a listing",
    "searchresultspage": "a search page",
    "profilepage": "an author's page",
    "aboutpage": "a page of the site's own",
    "contactpage": "a page of the site's own",
}
_LISTING_PATH = re.compile(
    r"/(?:tag|tags|category|categories|cat|author|authors|search|archive|archives|rubric|rubrics|topic"
    r"|topics)(?:/[^/]+){0,2}/?$|/page/\d+/?$|^/(?:\d{4}/)(?:\d\d?/){0,2}$",
    re.I,
)
_OWN_PAGE = re.compile(
    r"/(?:[a-z]{2}/)?(?:about(?:-us)?|contacts?|advertis\w+|reklama|zharnama|baylanys|bailanys|kontakt[yi]?"
    r"|redak[ct]\w*|o-nas|biz-turaly"
    r"|privacy(?:-policy)?|terms(?:-of-\w+)?|impressum|editorial-\w+)(?:\.html?|\.php)?/?",
    re.I,
)
BLOCK_PAGE = "a block page"
_BLOCKED = re.compile(
    r"^(?:just a moment|attention required|access (?:to this page )?(?:has been )?denied|ddos-guard|please wait"
    r"|verify you are human"
    r"|are you (?:a )?(?:human|robot)|robot check|bot verification|security check|checking your browser"
    r"|один момент|проверка браузера"
    r"|доступ (?:ограничен|запрещ[её]н)|before you continue|pardon our interruption|human verification|captcha"
    r"|(?:we value )?your privacy|(?:manage )?(?:cookie|privacy|consent) (?:settings|preferences|choices|consent)"
    r"|согласие на (?:обработку|использование)|настройки (?:cookie|конфиденциальности))",
    re.I,
)
_LOST = re.compile(
    r"(?:^|\b)(?:(?:error )?404\b.{0,12}(?:not found|error)?|(?:page|article|file|content|post) (?:was )?not found"
    r"|страница не (?:найдена|существует)|бет табылмады"
    r"|парақша табылмады|мақала табылмады|seite (?:wurde )?nicht gefunden|page (?:introuvable|non trouvée)"
    r"|página no encontrada|nothing found"
    r"|ничего не найдено|ештеңе табылмады|(?:service|temporarily) unavailable|internal server error|bad gateway)",
    re.I,
)


def why_not_an_article(tree: Element, url: str, *, metadata: Metadata, site: Site, hints: Hints) -> str:
    """Return a short phrase why the page is not an article; empty if it may be one."""
    return (
        _by_wordpress(tree, metadata, site, hints)
        or _by_address(url, metadata, site)
        or _by_own_word(metadata)
        or _by_title(tree, metadata)
        or _by_emptiness(tree, metadata)
    )


def _by_wordpress(tree: Element, metadata: Metadata, site: Site, hints: Hints) -> str:
    """Decide by WordPress' body classes (`get_body_class`) and the post type in the listing.

    A static page («page») is refused only on a crawled site: a single page that a user requests is wanted, and some
    sites publish articles as pages.
    """
    if any("post-password-form" in (form.get("class") or "") for form in tree.iter("form")):
        return "a password is asked for"
    classes = set(metadata.body_class.split())
    if "error404" in classes:
        return "an error page"
    if "attachment" in classes or hints.kind == "attachment":
        return "an attachment page"
    single = bool(classes & {"single", "single-post"})
    page = "page" in classes and not single and any(c.startswith("page-id-") for c in classes)
    if hints.kind == "page" or (page and site.sources and "home" not in classes):
        return "a page of the site's own"
    wordpress = single or bool(
        classes & {"logged-in", "wp-embed-responsive", "no-js", "hfeed", "wp-custom-logo", "home", "paged"}
    )
    if wordpress and not single and classes & _WORDPRESS_LISTINGS and "singular" not in classes:
        return "a listing"
    return ""


def _claims_article(metadata: Metadata) -> bool:
    kinds = set(metadata.page_type.split())
    return (
        metadata.is_article
        or "article" in kinds
        or metadata.evidence.get("published") in ("json-ld", "meta", "itemprop")
    )


def _by_address(url: str, metadata: Metadata, site: Site) -> str:
    parts = urlsplit(url)
    if parts.path in ("", "/") and not parts.query:
        return "the home page" if site.covers(url) and not metadata.is_article else ""
    if _claims_article(metadata):
        return ""
    query = parse_qs(parts.query)
    if parts.path.rstrip("/") == urlsplit(site.url).path.rstrip("/") and ("s" in query or "q" in query):
        return "a search page"
    if site.sources and _OWN_PAGE.fullmatch(parts.path):
        return "a page of the site's own"
    return "a listing" if _LISTING_PATH.search(parts.path) else ""


def _by_own_word(metadata: Metadata) -> str:
    kinds = metadata.page_type.split()
    if _claims_article(metadata):
        return ""
    return next((_KINDS[kind] for kind in kinds if kind in _KINDS), "")


def _by_title(tree: Element, metadata: Metadata) -> str:
    """Recognize block pages and error pages with status 200 by their title and lack of text."""
    if metadata.is_article:
        return ""
    found = tree.find(".//head/title")
    titles = [metadata.title, clean(found.text or "") if found is not None else ""]
    if any(_BLOCKED.match(title) for title in titles) and _prose(tree, 1500) < 1500:
        return BLOCK_PAGE
    if any(len(title) < 70 and _LOST.search(title) for title in titles) and _prose(tree, 800) < 800:
        return "an error page"
    return ""


def _by_emptiness(tree: Element, metadata: Metadata) -> str:
    """Recognize a shell that a script would fill: no text except menus, and no article in the page's data."""
    if metadata.jsonld_body or _prose(tree, 80) >= 80:
        return ""
    body = tree.find("body")
    scripts = [len(script.text or "") for script in tree.iter("script")]
    if body is None or not scripts or max(scripts) > _MAY_HOLD_TEXT:
        return ""
    mounts = (e for e in body.iter("div", "main") if (e.get("id") or "").lower() in _MOUNTS and len(text_of(e)) < 200)
    return "an empty shell" if next(mounts, None) is not None else ""


_MAY_HOLD_TEXT = 4000  # characters; a longer script may contain the article as data
_MOUNTS = frozenset({"root", "app", "__next", "__nuxt", "react-root", "app-root", "main-app", "application"})


def _prose(tree: Element, enough: int) -> int:
    """Count the characters in paragraphs and in blocks with text of their own; stop at `enough`."""
    total = 0
    for element in tree.iter("p", "div", "td", "span", "section", "article"):
        own = len((element.text or "").strip()) + sum(len((child.tail or "").strip()) for child in element)
        total += own if element.tag == "p" or own > 80 else 0
        if total >= enough:
            break
    return total
