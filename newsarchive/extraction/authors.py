"""Who signs an article, from machine sources and from the by-line in its text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import unescape

from newsarchive.extraction.jsonld import Object, resolved, types_of
from newsarchive.extraction.survey import Element, Survey, clean, folded, text_of
from newsarchive.items import Author
from newsarchive.sites import Site


def machine_authors(
    tree: Element, survey: Survey, article: Object, objects: Sequence[Object], *, site: Site, site_names: Sequence[str]
) -> tuple[tuple[Author, ...], str]:
    """Authors that markup names, from the first source that has a person, else the first that has a desk."""
    sources = (
        (_by_profile(tree, site.extraction.authors), "profile"),
        (_by_jsonld(article, objects), "json-ld"),
        (
            survey.meta_values(
                "author",
                "article:author",
                "dc.creator",
                "byl",
                "parsely-author",
                "sailthru.author",
                "dc:creator",
                "cxenseparse:author",
            ),
            "meta",
        ),
        (_by_markup(survey), "rel"),
    )
    fallback: tuple[tuple[Author, ...], str] = ((), "")
    for names, source in sources:
        authors = signed_authors(names, site=site, site_names=site_names)
        if any(a.role == "author" for a in authors):
            return authors, source
        if authors and not fallback[0]:
            fallback = authors, source
    return fallback


def signed_authors(names: Iterable[str], *, site: Site, site_names: Sequence[str]) -> tuple[Author, ...]:
    """Authors for names as a page writes them; the newsroom's account becomes the desk, addresses are left out."""
    own = {folded(n) for n in (*site_names, site.title, site.name) if n}
    found: dict[str, Author] = {}
    for name in names:
        for part in split_names(name):
            key = folded(part)
            if not key or not re.search(r"[^\W\d_]{2}", part):
                continue
            role = "desk" if key in own or _DESK.search(part) else "author"
            found.setdefault(key, Author(name=part, as_written=part, role=role))
    return tuple(found.values())


_DESK = re.compile(
    r"^(?:admin\w*|редакци\w*|redaksiya|redakcia|staff|newsroom|editor(?:ial)?(?: staff| team)?|redaktion)$", re.I
)


def split_names(text: str) -> list[str]:
    """The names in one text.

    >>> split_names("By Anna Lee and Omar Said")
    ['Anna Lee', 'Omar Said']
    """
    text = clean(unescape(text))
    if re.match(r"https?:|www\.", text) or len(text) > 200:
        return []
    text = re.sub(r"^(?:by|von|par|por|автор|авторы)\b[\s:]*", "", text, flags=re.I)
    return [p.strip() for p in re.split(r"\s*(?:[,;|/]|\s(?:and|und|et|y|and|және|и)\s)\s*", text) if p.strip()]


def text_authors(paragraphs: Sequence[str], *, site: Site, site_names: Sequence[str]) -> tuple[Author, ...]:
    """Authors from the by-line in the text."""
    return ()


def _by_profile(tree: Element, selector: str) -> list[str]:
    return [text_of(e) for e in tree.cssselect(selector)] if selector else []


def _by_jsonld(article: Object, objects: Sequence[Object]) -> list[str]:
    given = article.get("author") or article.get("creator") or []
    people, others = [], []
    for value in given if isinstance(given, list) else [given]:
        whole = resolved(value, objects)
        if isinstance(whole, str):
            people.append(whole)
        elif isinstance(whole, dict):
            name = whole.get("name")
            for text in name if isinstance(name, list) else [name]:
                if isinstance(text, str):
                    (people if "organization" not in " ".join(types_of(whole)) else others).append(text)
    return people or others


def _by_markup(survey: Survey) -> list[str]:
    for marked in survey.signed:
        if (marked.element.get("rel") or "") == "author" and not survey.stands_apart(marked.element):
            return [text_of(marked.element)]
    return []
