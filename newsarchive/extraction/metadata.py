"""The metadata of an article: one pass over the tree, then one set of rules per field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from newsarchive.extraction.authors import (
    doubtful_authors,
    header_authors,
    is_latin,
    machine_authors,
    text_authors,
)
from newsarchive.extraction.blocks import absolute
from newsarchive.extraction.datelines import read_stamp
from newsarchive.extraction.images import choose_images, lead_source
from newsarchive.extraction.javascript import facts_in_scripts
from newsarchive.extraction.jsonld import (
    Object,
    addresses_of,
    find_article,
    read_jsonld,
    resolved,
    same_page,
    texts_of,
    types_of,
)
from newsarchive.extraction.printed_names import names_of_site, signed_authors
from newsarchive.extraction.record import Metadata
from newsarchive.extraction.regions import Element, selected, text_of
from newsarchive.extraction.stamps import Dates, choose_dates
from newsarchive.extraction.survey import Survey, survey
from newsarchive.extraction.terms import choose_categories, choose_tags, text_language
from newsarchive.extraction.titles import choose_title, name_behind
from newsarchive.items import Author, Hints
from newsarchive.sites import Site
from newsarchive.text.spacing import collapse

__all__ = [
    "Metadata",
    "choose_authors",
    "choose_images",
    "choose_language",
    "lead_source",
    "read_metadata",
]


def read_metadata(tree: Element, url: str, *, site: Site, hints: Hints) -> Metadata:
    """Read the page's metadata; `hints` supply what the page does not state, or states less precisely. Never raises."""
    noted = survey(tree)
    objects = read_jsonld(noted.scripts)
    canonical = _canonical(noted, url, site)
    article = find_article(objects, frozenset({same_page(url), same_page(canonical or url)})) or {}
    names = _site_names(noted, objects, url)
    headline = next(iter(texts_of(article.get("headline"))), "")
    title, title_from = _profile(tree, site.extraction.title, "title") or choose_title(
        noted, headline, site=site, site_names=names, hints=hints
    )
    if title and (behind := name_behind(noted.document_title, title)):
        names.append(behind)
    dates = choose_dates(tree, noted, article, objects, url, site=site, hints=hints)
    dates, signing = (dates, []) if dates.published else _dated_in_script(tree, title, dates, site)
    authors, authors_from = machine_authors(tree, noted, article, objects, site=site, site_names=names)
    if not authors:
        authors, authors_from = _less_sure_authors(noted, signing, site=site, site_names=names, hints=hints)
    categories, categories_from = choose_categories(noted, article, hints)
    tags, tags_from = choose_tags(noted, article, hints)
    evidence = {
        "title": title_from,
        "published": dates.published_from,
        "modified": dates.modified_from,
        "authors": authors_from,
        "categories": categories_from,
        "tags": tags_from,
    }
    return Metadata(
        title=title,
        description=collapse(noted.meta("og:description", "description", "twitter:description", "dc.description")),
        published=dates.published,
        published_day=dates.day,
        modified=dates.modified,
        authors=authors,
        images=_named_images(noted, article, objects, url),
        categories=categories,
        tags=tags,
        language=_language(noted, article),
        canonical=canonical,
        site_name=noted.meta("og:site_name") or name_behind(noted.document_title, title) or next(iter(names), ""),
        page_type=_page_type(noted, objects),
        is_article=bool(article.get("headline")) and bool(article.get("datePublished") or article.get("articleBody")),
        body_class=noted.body_class,
        jsonld_body=next(iter(texts_of(article.get("articleBody"))), ""),
        evidence={k: v for k, v in evidence.items() if v},
    )


def _dated_in_script(tree: Element, title: str, dates: Dates, site: Site) -> tuple[Dates, list[str]]:
    """Return the dates completed from the data of a script, and the names of authors there."""
    in_script, signing = facts_in_scripts(tree, title)
    if stamp := read_stamp(in_script, site.timezone, "script"):
        dates = replace(dates, published=stamp.text, day=stamp.day, published_from="script")
    return dates, signing


def _page_type(noted: Survey, objects: Sequence[Object]) -> str:
    types = dict.fromkeys(kind for each in objects for kind in types_of(each))
    return " ".join([noted.meta("og:type").lower(), *types]).strip()


def _less_sure_authors(
    noted: Survey, signing: Sequence[str], *, site: Site, site_names: Sequence[str], hints: Hints
) -> tuple[tuple[Author, ...], str]:
    """Return the authors and their source where no markup names them: script data, the page's header, the listing."""
    if authors := signed_authors(signing, site=site, site_names=site_names):
        return authors, "script"
    if authors := header_authors(noted, site=site, site_names=site_names):
        return authors, "header"
    if hints.authors:
        return signed_authors(hints.authors, site=site, site_names=site_names), "listing"
    return (), ""


def choose_authors(
    metadata: Metadata, paragraphs: Sequence[str], *, site: Site, hints: Hints
) -> tuple[tuple[Author, ...], str]:
    """Return the authors and their source: the byline in the text, else markup, else the listing.

    The newsroom (role ``desk``) is used only if no person signs; photographers follow the authors.
    """
    names = (metadata.site_name, site.title)
    foreign = "kk" not in (site.language[:2], metadata.language[:2]) and is_latin(paragraphs)
    from_text = (
        ()
        if foreign
        else text_authors(paragraphs, own=names_of_site(*names), others_known=bool(metadata.authors or hints.authors))
    )
    photo = tuple(a for a in (*from_text, *metadata.authors) if a.role == "photo")
    sources = [(from_text, "by-line"), (metadata.authors, metadata.evidence.get("authors", ""))]
    if not any(a.role == "author" for found, _ in sources for a in found):
        by_desk = bool(metadata.authors)
        doubtful = doubtful_authors(
            paragraphs, title=metadata.title, signed_by_desk=by_desk, site=site, site_names=names
        )
        listed = signed_authors(hints.authors, site=site, site_names=names)
        sources += [(doubtful, "by-line"), (listed, "listing")]
    for role in ("author", "desk"):
        for found, source in sources:
            if signing := tuple(a for a in found if a.role == role):
                return (*(signing if role == "author" else signing[:1]), *photo), source
    return photo, "by-line" if photo else ""


def choose_language(metadata: Metadata, text: str, *, site: Site) -> str:
    """Return the language of the text if it is clear, else that declared by the page or the site."""
    return text_language(text, said=metadata.language, usual=site.language)


def _profile(tree: Element, selector: str, source: str) -> tuple[str, str] | None:
    if not selector:
        return None
    for element in selected(tree, selector):
        if text := collapse(element.get("content") or "") or text_of(element):
            return text, "profile"
    return None


def _canonical(noted: Survey, url: str, site: Site) -> str:
    for href in noted.links.get("canonical", ()):
        whole = absolute(url, href)
        if not whole.startswith(("http://", "https://")):
            continue
        host = urlsplit(whole).netloc.lower()
        if site.covers(whole) or host == urlsplit(url).netloc.lower():
            return whole
    return ""


def _site_names(noted: Survey, objects: Sequence[Object], url: str) -> list[str]:
    names = [
        noted.meta("og:site_name"),
        noted.meta("application-name"),
        noted.meta("apple-mobile-web-app-title"),
        noted.meta("publisher"),
    ]
    for thing in objects:
        if any(t in ("website", "organization", "newsmediaorganization") for t in types_of(thing)):
            names += texts_of(thing.get("name")) + texts_of(thing.get("alternateName"))
        names += texts_of(resolved(thing.get("publisher"), objects))
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    names += [host, host.rpartition(".")[0]]
    return list(dict.fromkeys(collapse(n) for n in names if n and not n.startswith("http")))


def _named_images(noted: Survey, article: Object, objects: Sequence[Object], url: str) -> tuple[str, ...]:
    named = addresses_of(article.get("image"), objects) + addresses_of(article.get("thumbnailUrl"), objects)
    named += noted.meta_values("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")
    named += noted.links.get("image_src", [])
    whole = (absolute(url, n) for n in named if n and not n.startswith("data:"))
    return tuple(dict.fromkeys(n for n in whole if n.startswith("http")))


def _language(noted: Survey, article: Object) -> str:
    declared: list[Any] = [
        *texts_of(article.get("inLanguage")),
        noted.html_language,
        noted.meta("og:locale"),
        noted.meta("content-language", "language"),
    ]
    return next(
        (c for s in declared if (c := re.split(r"[-_,; ]", s.strip().lower())[0]) and re.fullmatch(r"[a-z]{2,3}", c)),
        "",
    )
