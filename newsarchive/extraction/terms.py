"""Categories, tags and language of an article."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

from newsarchive.extraction.jsonld import Object, texts_of
from newsarchive.extraction.survey import Survey, clean, text_of
from newsarchive.items import Hints
from newsarchive.sites import Site


def choose_categories(survey: Survey, article: Object, hints: Hints) -> tuple[tuple[str, ...], str]:
    """Categories and their source: what the listing says (a CMS knows them exactly), links, JSON-LD, meta."""
    linked = _linked(survey, "category")
    said = texts_of(article.get("articleSection"))
    metas = survey.meta_values("article:section")
    return _first((hints.categories, "listing"), (linked, "rel"), (said, "json-ld"), (metas, "meta"))


def choose_tags(survey: Survey, article: Object, hints: Hints) -> tuple[tuple[str, ...], str]:
    """Tags and their source, as `choose_categories`; a tag cloud beside the article is not among them."""
    keywords = [k for text in texts_of(article.get("keywords")) for k in _split(text)]
    metas = survey.meta_values("article:tag")
    news = (k for text in survey.meta_values("news_keywords", "parsely-tags", "sailthru.tags") for k in _split(text))
    return _first(
        (hints.tags, "listing"), (_linked(survey, "tag"), "rel"), (keywords, "json-ld"), (metas, "meta"), (news, "meta")
    )


def _first(*sources: tuple[Iterable[str], str]) -> tuple[tuple[str, ...], str]:
    for values, source in sources:
        if found := tuple(dict.fromkeys(c for v in values if (c := clean(unescape(v))))):
            return found, source
    return (), ""


def _linked(survey: Survey, kind: str) -> list[str]:
    found = []
    for marked in survey.terms:
        words = (marked.element.get("rel") or "").lower().split()
        is_category = "category" in words
        if is_category == (kind == "category") and not survey.stands_apart(marked.element):
            found.append(text_of(marked.element).lstrip("#"))
    return found


def _split(text: str) -> list[str]:
    """Keywords in one text.

    >>> _split("су, жер; орман")
    ['су', 'жер', 'орман']
    """
    return [p for part in re.split(r"[,;|]", text) if (p := part.strip())]


def text_language(text: str, *, said: str, usual: str) -> str:
    """The language of a text, where `said` (by the page's markup) is often only that of its theme."""
    return said or usual if text else usual
