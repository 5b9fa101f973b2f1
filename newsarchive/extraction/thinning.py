"""Reduces a page to what may be text, so that trafilatura has a fifth as much to process."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

from lxml import etree, html

from newsarchive.extraction.blocks import Block, Element
from newsarchive.extraction.visibility import wraps_article

_NOT_TEXT = (
    "script",
    "style",
    "svg",
    "template",
    "link",
    "select",
    "input",
    "canvas",
    "math",
    "iframe",
    "textarea",
    "noscript",
)
INLINE_STYLES = (
    "span",
    "strong",
    "em",
    "b",
    "i",
    "u",
    "font",
    "small",
    "abbr",
    "mark",
    "ins",
    "time",
    "label",
    "big",
    "nobr",
    "wbr",
)
KEPT_ATTRIBUTES = frozenset({"class", "id", "itemprop", "role", "itemtype", "data-component"})
_A_COMMENT = re.compile(r"(?:div-)?comment-\d+")
_CLEANED = frozenset({"aside", "footer", "button", "dialog", "fieldset", "menu", "nav", "object", "video", "audio"})
_PARSER = html.HTMLParser()
_PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=html.HtmlElement))


def thinned(root: Element, blocks: Sequence[Block], *, cleaned: bool = False) -> Element:
    """Return a new tree with the blocks that are not only links, in elements of the same names and classes.

    `cleaned` empties the elements that trafilatura's main extractor discards first; its other extractors use them.
    """
    emptied = _CLEANED if cleaned else frozenset()
    useful: set[Element] = {root}
    leaves: set[Element] = set()
    branches: set[Element | None] = set()
    comments = readers_comments(root)
    for block in blocks:
        if comments and not comments.isdisjoint([block.element, *block.element.iterancestors()]):
            continue
        if block.kind == "image" or block.is_links:
            continue
        leaves.add(block.element)
        node: Element | None = block.element
        while node is not None and node not in useful:
            useful.add(node)
            node = node.getparent()
            branches.add(node)
    page: Element = _PARSER.makeelement("html")  # a separate document, for absolute XPath expressions
    texts = {*leaves, *(leaf.getparent() for leaf in leaves)}
    _fill(etree.SubElement(page, "body"), root, _Plan(useful, branches, texts, emptied, comments))
    etree.strip_elements(page, *_NOT_TEXT, with_tail=False)
    etree.strip_tags(page, *INLINE_STYLES)
    return page


def readers_comments(root: Element) -> set[Element]:
    """Return readers' comments (`id="comment-476"`, as in WordPress and Drupal), and their lists.

    Below a short article they may be most of the page and would be mistaken for the text.
    """
    comments = {e for e in root.iter("li", "article", "div") if (name := e.get("id")) and _A_COMMENT.fullmatch(name)}
    lists = {e.getparent() for e in comments}
    return comments | {e for e in lists if e is not None and comments.issuperset(e)}


def _begin_copy(target: Element, element: Element) -> Element:
    """Add an empty element of the same kind; invalid tag names from broken markup become div."""
    if wraps_article(element):
        return etree.SubElement(target, "div")
    kept = {name: value for name, value in element.items() if name in KEPT_ATTRIBUTES}
    return etree.SubElement(target, element.tag if element.tag.isalnum() else "div", kept)


def _add_copy(target: Element, element: Element) -> None:
    """Add a full copy of an element. One without children is rebuilt, since each copy creates a document."""
    if len(element) or not element.tag.isalnum():
        target.append(copy(element))
        return
    twin = etree.SubElement(target, element.tag, dict(element.items()))
    twin.text, twin.tail = element.text, element.tail


@dataclass(slots=True, frozen=True)
class _Plan:
    """The elements to keep: those with useful blocks, their ancestors, and those around text."""

    useful: set[Element]
    branches: set[Element | None]
    texts: set[Element | None]
    emptied: frozenset[str]
    comments: set[Element]


def _fill(target: Element, source: Element, plan: _Plan) -> None:
    target.text = source.text
    # the extractor uses links among paragraphs: only whole regions of links are dropped
    is_text = source in plan.texts
    for child in source:
        is_useful = child in plan.useful
        if child.tag in plan.emptied and (is_useful or is_text) and not wraps_article(child):
            etree.SubElement(target, child.tag).tail = child.tail
        elif is_useful:
            if child in plan.branches:
                twin = _begin_copy(target, child)
                _fill(twin, child, plan)
                twin.tail = child.tail
            else:
                _add_copy(target, child)
        elif is_text and child not in plan.comments:
            _add_copy(target, child)
