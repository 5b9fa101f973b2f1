"""Regions of a page: their text, and their purpose by class and id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from cssselect import SelectorError
from lxml import html
from lxml.cssselect import CSSSelector

from newsarchive.extraction.names import LONGEST_NAMES, split_camel_case
from newsarchive.text.spacing import collapse

Element: TypeAlias = html.HtmlElement

# Class names are searched in lower case, since re.I takes three times as long.
# Regions that belong to the page, not to its article.
_BOILERPLATE = re.compile(
    r"(?:^|[\s_])(?:(?:[\w-]+-)?(?:related|similar|recommend(?:ed|ations?)?|recirc\w*|trending|newsletter"
    r"|sponsored|teasers?"
    r"|jp-relatedposts|yarpp\w*|outbrain|taboola|sidebar|breadcrumbs?|tag-?cloud|pagination)|read-?(?:more|next|also)"
    r"|more-?(?:news|stories|from|on|articles)|popular|most-?(?:read|viewed)|latest|recent|side-?bar|aside|widget"
    r"|comments?|commentlist"
    r"|respond|replies|subscri\w+|promo\w*|advert\w*|banner|ticker|carousel|breaking|prev(?:ious)?|next"
    r"|post-?nav\w*|footer"
    r"|site-?header|topbar|navbar|menu|share|sharing|weather|currency|calendar)(?:$|[\s_]|-(?!(?:right|left|on"
    r"|active|enabled|layout)\b))",
)
_RELATED = re.compile(
    r"related|similar|recommend|recirc|popular|most-?(?:read|viewed)|trending|latest|recent|yarpp|outbrain|taboola"
    r"|more-?(?:news|stories|articles)|read-?(?:also|next|more)|next-?(?:article|post)|prev(?:ious)?-?(?:article|post)",
)
_BOILERPLATE_TAGS = frozenset({"aside", "nav", "footer", "template", "noscript"})
_DATED = re.compile(
    r"date|time(?!line)|publi(?:sh|c|k|é)|posted|updated|meta|byline|dateline|pubdate|fecha|datum|heure|tarih"
    r"|erstellt|stand\b|info",
)
_SIGNED = re.compile(
    r"author|byline|by-line|autor|auteur|writer|reporter|verfasser|redakteur|journalist|contributor|fn\b|автор|^username$|field--name-uid$",
)
_TAGS = re.compile(
    r"(?:^|[\s_-])f?(?:tags?|tags?-?(?:list|links|cloud|block|items?)|keywords|field-name-field-tags)(?:$|[\s_-])"
)
_CATEGORY = re.compile(
    r"(?:^|[\s_-])f?(?:cat|cats|categor(?:y|ies)|rubri[ck]a?|rubrics|section-?name|cat-?links?|terms-(?:link|list))(?:$|[\s_-])"
)
_TITLE = re.compile(r"(?:^|[\s_-])(?:e?title|headline|zagolovok|zag|(?:news|post|article)-?name)(?:$|[\s_-])")
_TRAIL = re.compile(r"(?:^|[\s_-])(?:breadcrumbs?|(?:entry-|b-)?crumbs?|crumb-?box|speedbar)(?:$|[\s_-])")


def text_of(element: Element) -> str:
    """Return the visible text of an element on one line."""
    if next(element.iter(*_SILENT), None) is None:
        return collapse(" ".join(element.itertext()))
    return collapse(" ".join(_texts(element)))


_SILENT = ("script", "style", "noscript", "svg", "template")


def _texts(element: Element) -> Iterator[str]:
    if element.tag in _SILENT:
        return
    if element.text:
        yield element.text
    for child in element:
        if isinstance(child.tag, str):
            yield from _texts(child)
        if child.tail:
            yield child.tail


def selected(tree: Element, selector: str) -> list[Element]:
    """Return the elements that match a profile's CSS selector; none if the selector is invalid."""
    try:
        return list(CSSSelector(selector, translator="html")(tree))
    except SelectorError:
        return []


class Mention:
    """What the class and id of an element name: bits of a plain integer, since those of an enum cost a call each."""

    DATE = 1
    AUTHOR = 2
    CATEGORY = 4
    TAGS = 8
    TRAIL = 16
    TITLE = 32


@lru_cache(maxsize=20_000)  # the classes of a site and of common themes repeat
def class_mentions(names: str) -> int:
    """Return what class and id name, as bits of `Mention`."""
    found = 0
    for word in names.split():
        found |= _word_mentions(word)
    if not _MAY_MENTION.search(names.lower()):
        return found
    words = split_camel_case(names[:LONGEST_NAMES])
    return (
        found
        | Mention.CATEGORY * (_CATEGORY.search(words) is not None)
        | Mention.TAGS * (_TAGS.search(words) is not None)
        | Mention.TITLE * (_TITLE.search(words) is not None)
        | Mention.TRAIL * (_TRAIL.search(words) is not None)
    )


_MAY_MENTION = re.compile(r"cat|rubri|section|terms|tag|keywords|title|headline|zag|name|crumb|speedbar")
"""What is in all names that mention a category, tags, a title or a trail: most names have none of it."""


@lru_cache(maxsize=30_000)
def _word_mentions(word: str) -> int:
    lower = word.lower()
    return Mention.DATE * (_DATED.search(lower) is not None) | Mention.AUTHOR * (_SIGNED.search(lower) is not None)


@lru_cache(maxsize=20_000)
def _is_boilerplate(words: str) -> bool:
    """True if the class and id of a region mark it as boilerplate."""
    return any(_BOILERPLATE.search(word) for word in words.lower().split())


@lru_cache(maxsize=20_000)
def _is_related_list(words: str) -> bool:
    return bool(_RELATED.search(words.lower()))


def in_boilerplate(element: Element, spine: frozenset[Element]) -> bool:
    """True if the element is in a boilerplate region outside `spine`; see `Survey.in_boilerplate`."""
    node: Element | None = element
    while node is not None and node not in spine and node.tag not in ("body", "html", "main"):
        if node.tag in _BOILERPLATE_TAGS:
            # in many themes the article's own footer has the byline and terms
            if node.tag not in ("footer", "noscript") or (node.tag == "footer" and not _inside_article(node)):
                return True
        elif node.tag != "article" and _is_boilerplate(f"{node.get('class') or ''} {node.get('id') or ''}"):
            return True
        node = node.getparent()
    return False


def _inside_article(element: Element) -> bool:
    return any(a.tag in ("article", "main") for a in element.iterancestors())


def in_related_list(element: Element, spine: frozenset[Element]) -> bool:
    """True if the element is in a region outside `spine` that clearly lists other articles."""
    node: Element | None = element
    while node is not None and node not in spine and node.tag not in ("body", "html", "main"):
        if node.tag == "aside" or _is_related_list(f"{node.get('class') or ''} {node.get('id') or ''}"):
            return True
        node = node.getparent()
    return False
