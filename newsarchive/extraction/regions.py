"""Blocks of a page: their text, and what their classes say they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from cssselect import SelectorError
from lxml import html
from lxml.cssselect import CSSSelector

Element: TypeAlias = html.HtmlElement

_SPACE = re.compile(r"[\s\u00a0\u200b\ufeff]+")
# Class names are searched in lower case, without re.I, which costs three times as much.
# blocks that belong to the page, not to its article: what stands in them is said of something else
_APART = re.compile(
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
_OTHERS = re.compile(
    r"related|similar|recommend|recirc|popular|most-?(?:read|viewed)|trending|latest|recent|yarpp|outbrain|taboola"
    r"|more-?(?:news|stories|articles)|read-?(?:also|next|more)|next-?(?:article|post)|prev(?:ious)?-?(?:article|post)",
)
_APART_TAGS = frozenset({"aside", "nav", "footer", "template", "noscript"})
_DATED = re.compile(
    r"date|time(?!line)|publi(?:sh|c|k|é)|posted|updated|meta|byline|dateline|pubdate|fecha|datum|heure|tarih"
    r"|erstellt|stand\b|info",
)
_SIGNED = re.compile(
    r"author|byline|by-line|autor|auteur|writer|reporter|verfasser|redakteur|journalist|contributor|fn\b|автор",
)


def clean(text: str) -> str:
    """Text on one line, without soft hyphens and doubled spaces.

    >>> clean("  Бас\\u00adмақ \\n\\u00a0сөз ")
    'Басмақ сөз'
    """
    return _SPACE.sub(" ", text.replace("\u00ad", "")).strip()


def folded(text: str) -> str:
    """Letters and digits only, in one case: what two spellings of one title or name share.

    >>> folded("«Қала» — 2025!")
    'қала2025'
    """
    return "".join(filter(str.isalnum, text.casefold()))


def text_of(element: Element) -> str:
    """The visible text of an element on one line."""
    return clean(" ".join(_texts(element)))


def _texts(element: Element) -> Iterator[str]:
    if element.tag in ("script", "style", "noscript", "svg", "template"):
        return
    if element.text:
        yield element.text
    for child in element:
        if isinstance(child.tag, str):
            yield from _texts(child)
        if child.tail:
            yield child.tail


def selected(tree: Element, selector: str) -> list[Element]:
    """The elements that a profile's CSS selector means; none where it is no selector."""
    try:
        return list(CSSSelector(selector, translator="html")(tree))
    except SelectorError:
        return []


@lru_cache(maxsize=20_000)  # the few classes of a site, and of the common themes, come again and again
def speaks_of(words: str) -> tuple[bool, bool]:
    """Whether class and id of an element speak of a date, and of an author."""
    found = 0
    for word in words.split():
        found |= _word_speaks_of(word)
    return bool(found & 1), bool(found & 2)


@lru_cache(maxsize=30_000)
def _word_speaks_of(word: str) -> int:
    """1 for a date, 2 for an author, 3 for both."""
    lower = word.lower()
    return (_DATED.search(lower) is not None) + 2 * (_SIGNED.search(lower) is not None)


@lru_cache(maxsize=20_000)
def _speaks_of_others(words: str) -> bool:
    """Whether class and id of a block say that it holds something beside the article."""
    return any(_APART.search(word) for word in words.lower().split())


@lru_cache(maxsize=20_000)
def _lists_others(words: str) -> bool:
    return bool(_OTHERS.search(words.lower()))


def is_apart(element: Element, spine: frozenset[Element]) -> bool:
    """Whether the element is in a block, not in `spine`, that speaks of something else: see `Survey.stands_apart`."""
    node: Element | None = element
    while node is not None and node not in spine and node.tag not in ("body", "html", "main"):
        if node.tag in _APART_TAGS:
            # the footer of the article itself carries its by-line and terms in many themes
            if node.tag not in ("footer", "noscript") or (node.tag == "footer" and not _inside_article(node)):
                return True
        elif node.tag != "article" and _speaks_of_others(f"{node.get('class') or ''} {node.get('id') or ''}"):
            return True
        node = node.getparent()
    return False


def _inside_article(element: Element) -> bool:
    return any(a.tag in ("article", "main") for a in element.iterancestors())


def lists_others(element: Element, spine: frozenset[Element]) -> bool:
    """Whether the element lies in a block, not in `spine`, that plainly lists other articles."""
    node: Element | None = element
    while node is not None and node not in spine and node.tag not in ("body", "html", "main"):
        if node.tag == "aside" or _lists_others(f"{node.get('class') or ''} {node.get('id') or ''}"):
            return True
        node = node.getparent()
    return False
