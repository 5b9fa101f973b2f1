"""A page cut down to what may be text, so that trafilatura has a fifth of it to look through."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from lxml import etree

from newsarchive.extraction.blocks import Block, Element

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
_DRESS = (
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
_TELLING = ("class", "id", "itemprop", "role", "itemtype", "data-component")
_MOSTLY_LINKS = 0.8


def thinned(root: Element, blocks: Sequence[Block]) -> Element:
    """A new tree with the blocks that are not mere links, in elements of the same names and classes."""
    useful: set[Element] = {root}
    leaves: set[Element] = set()
    for block in blocks:
        if block.kind == "image" or block.linked > _MOSTLY_LINKS * len(block.text):
            continue
        leaves.add(block.element)
        node: Element | None = block.element
        while node is not None and node not in useful:
            useful.add(node)
            node = node.getparent()
    page = root.makeelement("html")
    body = root.makeelement("body")
    page.append(body)
    _fill(body, root, useful, leaves)
    etree.strip_elements(page, *_NOT_TEXT, with_tail=False)
    etree.strip_tags(page, *_DRESS)
    return page


def _twin(target: Element, element: Element) -> Element:
    """An empty element of the same kind; names that only broken markup has become a div."""
    twin = target.makeelement(element.tag if element.tag.isalnum() else "div")
    for name in _TELLING:
        if (value := element.get(name)) is not None:
            twin.set(name, value)
    return twin


def _fill(target: Element, source: Element, useful: set[Element], leaves: set[Element]) -> None:
    target.text = source.text
    # links among paragraphs tell the extractor what the paragraphs are: only whole regions of links are left out
    is_text = source in leaves or any(child in leaves for child in source)
    for child in source:
        if child in useful:
            if any(grandchild in useful for grandchild in child):
                twin = _twin(target, child)
                _fill(twin, child, useful, leaves)
                twin.tail = child.tail
            else:
                twin = copy(child)
            target.append(twin)
        elif is_text:
            target.append(copy(child))
