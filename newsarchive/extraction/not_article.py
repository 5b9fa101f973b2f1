"""Recognizes pages that are not articles: listings, static pages, password forms, error pages, empty shells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from newsarchive.extraction.blocks import Block
from newsarchive.extraction.record import Metadata
from newsarchive.extraction.regions import Element, text_of
from newsarchive.extraction.rules import is_on
from newsarchive.extraction.teasers import teasers_of
from newsarchive.extraction.text import Text
from newsarchive.items import Hints
from newsarchive.sites import Site
from newsarchive.text.spacing import collapse

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
    r"|topics|avtor|avtory|avtorlar|tegi?|tegter|rubrik[ai]|izdeu|poisk|arhiv)(?:/[^/]+){0,2}/?$|/page/\d+/?$|^/(?:\d{4}/)(?:\d\d?/){0,2}$",
    re.I,
)
_OWN_PAGE = re.compile(
    r"/(?:[a-z]{2}/)?(?:about(?:-us)?|contacts?|advertis\w+|reklama|zharnama|baylanys|bailanys|kontakt[yi]?"
    r"|redak[ct]\w*|o-nas|biz-turaly"
    r"|privacy(?:-policy)?|terms(?:-of-\w+)?|impressum|editorial-\w+)(?:\.html?|\.php)?/?",
    re.I,
)
_SERVICE = re.compile(
    r"/(?:weather|pogoda|aua-?raiy|currency|currencies|kurs(?:y)?(?:-valyut)?|valyuta|exchange-rates?|forum)/?$", re.I
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
    r"|ничего не найдено|ештеңе табылмады|(?:service|temporarily) unavailable|internal server error|bad gateway"
    r"|site (?:is )?(?:under|down for) (?:maintenance|construction)|на сайте (?:ведутся|проводятся) технические работы"
    r"|сайтта техникалық жұмыс|account (?:has been )?suspended|welcome to nginx|error establishing a database)",
    re.I,
)


@dataclass(kw_only=True, frozen=True, slots=True)
class Sign:
    """A sign that a page is not an article; `weight` 2 if it needs no other to refuse the page."""

    rule: str
    reason: str
    weight: int = 1


ENOUGH = 2
"""Weight of the signs from which a page is refused: a single sign has been wrong on too many articles."""


def why_not_an_article(tree: Element, url: str, *, metadata: Metadata, site: Site, hints: Hints) -> str:
    """Return a short phrase why the page is not an article; empty if it may be one."""
    return refusal(signs_against(tree, url, metadata=metadata, site=site, hints=hints))


def refusal(signs: Sequence[Sign]) -> str:
    """Return the reason to refuse the page: that of the first sign if all together are enough; else empty."""
    return signs[0].reason if sum(sign.weight for sign in signs) >= ENOUGH else ""


def signs_against(tree: Element, url: str, *, metadata: Metadata, site: Site, hints: Hints) -> list[Sign]:
    """Return the independent signs that the page is not an article, the most certain first."""
    found = [
        sign
        for sign in (
            _by_listing(tree, hints),
            _by_wordpress(metadata, site),
            _by_title(tree, metadata),
            _by_address(url, metadata, site),
            _by_own_word(metadata),
            _by_login(tree),
        )
        if sign is not None and is_on(sign.rule)
    ]
    # that nothing calls the page an article makes another sign certain, but many articles are called nothing
    return [*found, Sign(rule="no-claim", reason="")] if found and not hints.kind and not _claims(metadata) else found


def _by_listing(tree: Element, hints: Hints) -> Sign | None:
    if any("post-password-form" in (form.get("class") or "") for form in tree.iter("form")):
        return Sign(rule="password", reason="a password is asked for", weight=ENOUGH)
    if hints.kind == "attachment":
        return Sign(rule="listing", reason="an attachment page", weight=ENOUGH)
    return Sign(rule="listing", reason="a page of the site's own", weight=ENOUGH) if hints.kind == "page" else None


def _by_wordpress(metadata: Metadata, site: Site) -> Sign | None:
    """Decide by WordPress' body classes (`get_body_class`).

    A static page («page») counts only on a crawled site: a single page that a user requests is wanted, and some sites
    publish articles as pages.
    """
    classes = set(metadata.body_class.split())
    single = bool(classes & {"single", "single-post"})
    page = "page" in classes and not single and any(c.startswith("page-id-") for c in classes)
    wordpress = single or bool(
        classes & {"logged-in", "wp-embed-responsive", "no-js", "hfeed", "wp-custom-logo", "home", "paged"}
    )
    listing = wordpress and not single and bool(classes & _WORDPRESS_LISTINGS) and "singular" not in classes
    reasons = (
        ("error404" in classes, "an error page"),
        ("attachment" in classes, "an attachment page"),
        (page and bool(site.sources) and "home" not in classes, "a page of the site's own"),
        (listing, "a listing"),
    )
    reason = next((reason for holds, reason in reasons if holds), "")
    return Sign(rule="wordpress-class", reason=reason) if reason else None


def _claims(metadata: Metadata) -> bool:
    """True if the page calls itself an article: a date of publication alone is also given for other pages."""
    return metadata.is_article or (
        "article" in metadata.page_type.split() and metadata.evidence.get("published") in ("meta", "itemprop")
    )


def _claims_article(metadata: Metadata) -> bool:
    kinds = set(metadata.page_type.split())
    return (
        metadata.is_article
        or "article" in kinds
        or metadata.evidence.get("published") in ("json-ld", "meta", "itemprop")
    )


def _by_address(url: str, metadata: Metadata, site: Site) -> Sign | None:
    parts = urlsplit(url)
    reason = ""
    if parts.path in ("", "/") and not parts.query:
        reason = "the home page" if site.covers(url) and not metadata.is_article else ""
    elif not _claims_article(metadata):
        query = parse_qs(parts.query)
        if parts.path.rstrip("/") == urlsplit(site.url).path.rstrip("/") and ("s" in query or "q" in query):
            reason = "a search page"
        elif site.sources and _OWN_PAGE.fullmatch(parts.path):
            reason = "a page of the site's own"
        elif _LISTING_PATH.search(parts.path):
            reason = "a listing"
        elif _SERVICE.search(parts.path):
            reason = "a page of the site's own"
    return Sign(rule="address", reason=reason) if reason else None


def _by_own_word(metadata: Metadata) -> Sign | None:
    if _claims_article(metadata):
        return None
    reason = next((_KINDS[kind] for kind in metadata.page_type.split() if kind in _KINDS), "")
    return Sign(rule="own-word", reason=reason) if reason else None


def _by_title(tree: Element, metadata: Metadata) -> Sign | None:
    """Recognize block pages and error pages with status 200 by their title and, the second sign, lack of text."""
    if metadata.is_article:
        return None
    found = tree.find(".//head/title")
    titles = [metadata.title, collapse(found.text or "") if found is not None else ""]
    if any(_BLOCKED.match(title) for title in titles) and prose_length(tree, 1500) < 1500:
        return Sign(rule="error-title", reason=BLOCK_PAGE, weight=ENOUGH)
    lost = [title for title in titles if len(title) < 70 and _LOST.search(title)]
    # an article about errors has a longer headline and some text
    enough = 300 if lost and len(_LOST.sub("", metadata.title).split()) > 3 else 800
    if lost and prose_length(tree, enough) < enough:
        return Sign(rule="error-title", reason="an error page", weight=ENOUGH)
    return None


def _by_login(tree: Element) -> Sign | None:
    """Recognize a log-in form by its password field, with little text: a header may have one on every page."""
    article = next((e for e in tree.iter("article") if e.find(".//h1") is not None), None)
    scope = article if article is not None and prose_length(article, _SOME) >= _SOME else tree
    forms = any((field.get("type") or "").lower() == "password" for field in scope.iter("input"))
    return Sign(rule="login", reason="a log-in form") if forms and prose_length(tree, 400) < 400 else None


_SOME = 80
"""Characters of text below its own heading with which an `article` is none of the forms around it."""


def is_empty_shell(tree: Element, metadata: Metadata) -> bool:
    """True for a shell that a script would fill: no text except menus, and no article in the page's data."""
    if metadata.jsonld_body or prose_length(tree, 80) >= 80:
        return False
    body = tree.find("body")
    if body is None or not any(True for _ in tree.iter("script")):
        return False
    mounts = (e for e in body.iter("div", "main") if (e.get("id") or "").lower() in _MOUNTS and len(text_of(e)) < 200)
    return next(mounts, None) is not None


def refusal_of_list(texts: Sequence[Text], signs: Sequence[Sign], metadata: Metadata) -> str:
    """Return the reason to refuse a page whose text is a list: the second sign of two; empty if there is no other."""
    if not is_on("list-shape"):
        return ""
    body = [block for text in texts for block in text.body]
    if signs:
        read = [*body, *(block for text in texts for _, block in text.omitted)]
        return signs[0].reason if looks_like_a_list(read) or teasers_of(body) else ""
    return "a listing" if not _claims(metadata) and teasers_of(body) else ""


def looks_like_a_list(texts: Sequence[Block]) -> bool:
    """True if what was read is a list: more headlines and links to other pages than text between them."""
    prose = sum(len(b.text) for b in texts if b.kind == "p" and len(b.text) > 300 and b.linked < 0.3 * len(b.text))
    links = [b for b in texts if b.linked >= 0.5 * len(b.text)]
    whole = sum(len(b.text) for b in texts)
    return prose < 0.4 * whole and (len(links) >= 4 or sum(1 for b in texts if b.kind in ("h2", "h3", "h4")) >= 4)


_MOUNTS = frozenset({"root", "app", "__next", "__nuxt", "react-root", "app-root", "main-app", "application"})


def prose_length(tree: Element, enough: int) -> int:
    """Count the characters in paragraphs and in blocks with text of their own; stop at `enough`."""
    total = 0
    for element in tree.iter("p", "div", "td", "span", "section", "article"):
        own = len((element.text or "").strip()) + sum(len((child.tail or "").strip()) for child in element)
        total += own if element.tag == "p" or own > 80 else 0
        if total >= enough:
            break
    return total
