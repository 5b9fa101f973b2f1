"""Categories, tags and language of an article."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

from newsarchive.extraction.jsonld import Object, texts_of
from newsarchive.extraction.regions import Element, clean, text_of
from newsarchive.extraction.survey import Survey
from newsarchive.items import Hints
from newsarchive.kazakh.language import identify_language


def choose_categories(survey: Survey, article: Object, hints: Hints) -> tuple[tuple[str, ...], str]:
    """Return the categories and their source: the listing (a CMS knows them exactly), else links, JSON-LD, meta."""
    linked = _linked(survey, "category")
    sections = texts_of(article.get("articleSection"))
    metas = survey.meta_values("article:section")
    return _first((hints.categories, "listing"), (linked, "rel"), (sections, "json-ld"), (metas, "meta"))


def choose_tags(survey: Survey, article: Object, hints: Hints) -> tuple[tuple[str, ...], str]:
    """Return the tags and their source, like `choose_categories`; a tag cloud is ignored.

    If the WordPress listing has categories but no tags, links to tags belong to another article.
    """
    linked = [] if hints.kind and hints.categories else _linked(survey, "tag")
    keywords = [k for text in texts_of(article.get("keywords")) for k in _split(text)]
    metas = survey.meta_values("article:tag")
    news = (k for text in survey.meta_values("news_keywords", "parsely-tags", "sailthru.tags") for k in _split(text))
    return _first((hints.tags, "listing"), (linked, "rel"), (keywords, "json-ld"), (metas, "meta"), (news, "meta"))


def _first(*sources: tuple[Iterable[str], str]) -> tuple[tuple[str, ...], str]:
    for values, source in sources:
        if found := tuple(dict.fromkeys(c for v in values if (c := clean(unescape(v))))):
            return found, source
    return (), ""


def _linked(survey: Survey, kind: str) -> list[str]:
    """Return linked categories or tags: rel=category, or rel=tag unless the same link is a category elsewhere."""
    links = [m.element for m in survey.terms if not survey.in_boilerplate(m.element)]
    categories = {a.get("href") for a in links if _is_category(a)}
    wanted = [a for a in links if (_is_category(a) or a.get("href") in categories) == (kind == "category")]
    return [text_of(a).lstrip("#") for a in wanted]


def _is_category(link: Element) -> bool:
    if "category" in (link.get("rel") or "").lower().split():
        return True
    holder = link.getparent()
    return holder is not None and bool(
        re.search(r"taxonomy-category|cat-links|post-categories", holder.get("class") or "")
    )


def _split(text: str) -> list[str]:
    """Split a text into keywords.

    >>> _split("су, жер; орман")
    ['су', 'жер', 'орман']
    """
    return [p for part in re.split(r"[,;|]", text) if (p := part.strip())]


def text_language(text: str, *, said: str, usual: str) -> str:
    """Return the language of a text if it is clear; the declared one (`said`) is often only that of the theme.

    >>> text_language("Қарағандыда жаңа мектеп ашылды", said="ru", usual="kk"), text_language("", said="", usual="kk")
    ('kk', 'kk')
    """
    return identify_language(text, hint=usual or said) or said or usual
