"""Categories, tags and language of an article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import unescape
from urllib.parse import urlsplit

from newsarchive.extraction.jsonld import Object, texts_of
from newsarchive.extraction.regions import Element, text_of
from newsarchive.extraction.survey import Marked, Survey
from newsarchive.items import Hints
from newsarchive.kazakh.language import identify_language
from newsarchive.text.spacing import collapse


def choose_categories(survey: Survey, article: Object, hints: Hints) -> tuple[tuple[str, ...], str]:
    """Return the categories and their source: the listing (a CMS knows them exactly), else links, JSON-LD, meta.

    What only classes name comes last: a label near the heading, then the section in the breadcrumbs.
    """
    linked = _linked(survey, "category")
    sections = texts_of(article.get("articleSection"))
    metas = survey.meta_values("article:section")
    named = _in_named(survey, survey.named_category, 3)
    stated = [text_of(e) for name in ("articlesection", "genre") for e in survey.properties.get(name, ())]
    return _first(
        (hints.categories, "listing"),
        (linked, "rel"),
        (sections, "json-ld"),
        (metas, "meta"),
        (stated[:3], "itemprop"),
        (named, "class"),
        (_labels_near(survey), "class"),
        (_section(survey), "breadcrumbs"),
    )


_NEAR = 40
"""Elements around the heading among which the label of its section may be."""
_SECTION = re.compile(r"[^\W\d_][^\d:;!?|>«»]{1,38}[^\W_]")
_NO_SECTION = re.compile(
    r"(?:все )?новости|жаңалықтар|news|articles?|статьи|мақалалар|блог|blog|лента.*"
    r"|home|главная|басты( бет)?|uncategorized"
    r"|без рубрики|yangiliklar|жаңылыктар",
    re.I,
)


def _labels_near(survey: Survey) -> list[str]:
    """Return the section that a label beside the heading names, in the markup of a category."""
    if survey.heading is None:
        return []
    near = [m for m in survey.named_category if abs(m.place - survey.heading_place) <= _NEAR]
    for element in (m.element for m in sorted(near, key=lambda m: survey.distance(m.place))):
        if element in survey.spine or survey.in_boilerplate(element):
            continue
        links = list(element.iter("a"))
        plain = [element] if not any(len(e) for e in element) and element.tag != "time" else []
        texts = [text for e in links or plain if _SECTION.fullmatch(text := text_of(e))]
        if 0 < len(texts) <= 3:
            return texts
    return []


def _section(survey: Survey) -> list[str]:
    """Return the last section in the breadcrumbs, without the home page and names that fit each article."""
    heading = text_of(survey.heading) if survey.heading is not None else survey.document_title
    for trail in survey.trails[:2]:
        links = [(a.get("href") or "", text_of(a)) for a in trail.iter("a")]
        if len(links) > 5:
            continue
        inner = [text for href, text in links[:4] if urlsplit(href).path not in ("", "/") and _SECTION.fullmatch(text)]
        found = [text for text in inner if not _NO_SECTION.fullmatch(text) and not heading.startswith(text)]
        if found:
            return found[-1:]
    return []


def choose_tags(survey: Survey, article: Object, hints: Hints) -> tuple[tuple[str, ...], str]:
    """Return the tags and their source, like `choose_categories`; a tag cloud is ignored.

    If the WordPress listing has categories but no tags, links to tags belong to another article.
    """
    linked = [] if hints.kind and hints.categories else _linked(survey, "tag")
    keywords = [k for text in texts_of(article.get("keywords")) for k in _split(text)]
    metas = survey.meta_values("article:tag")
    news = (k for text in survey.meta_values("news_keywords", "parsely-tags", "sailthru.tags") for k in _split(text))
    named = [] if hints.kind and hints.categories else _in_named(survey, survey.named_tags, 20)
    return _first(
        (hints.tags, "listing"),
        (linked, "rel"),
        (keywords, "json-ld"),
        (metas, "meta"),
        (news, "meta"),
        (named, "class"),
    )


def _first(*sources: tuple[Iterable[str], str]) -> tuple[tuple[str, ...], str]:
    for values, source in sources:
        if found := tuple(dict.fromkeys(c for v in values if (c := collapse(unescape(v))))):
            return found, source
    return (), ""


def _in_named(survey: Survey, named: Sequence[Marked], most: int) -> list[str]:
    """Return the linked texts in the element after the heading that is named for terms, as templates mark them."""
    if survey.heading is None or survey.body is None:
        return []
    scope = next((e for e in survey.heading.iterancestors("article", "main")), survey.body)
    for element in (m.element for m in named if m.place > survey.heading_place):
        if scope not in element.iterancestors() or survey.in_related_list(element):
            continue
        links = [text for a in element.iter("a") if 1 < len(text := text_of(a).lstrip("#").strip()) < 50]
        if 0 < len(links) <= most and sum(map(len, links)) >= 0.3 * len(text_of(element)):
            return links
    return []


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
