"""The amount of marked text below each element of a page, and which elements are boilerplate by their names."""

from __future__ import annotations

from collections.abc import Sequence

from newsarchive.extraction.blocks import Block, Element
from newsarchive.extraction.names import LONGEST_NAMES, is_heading_slug, region_named, split_camel_case, words_of
from newsarchive.extraction.rules import is_on

LEAVES = frozenset({"p", "ul", "ol", "li", "blockquote", "span", "strong", "em", "b", "i", "font", "td", "table"})
BOILERPLATE_TAGS = frozenset({"aside", "nav", "footer", "form", "fieldset"})
HEADINGS = ("h1", "h2", "h3", "caption")
"""Blocks that do not locate a text."""
_MUCH = 0.4
"""An element with this share of the marked text is not boilerplate, whatever its name."""


class Structure:
    """The amount of marked text below each element of a page."""

    def __init__(self, blocks: Sequence[Block], marked: Sequence[bool], root: Element) -> None:
        self.root = root
        self.weight: dict[Element, int] = {}
        self.regions: dict[Element, str] = {}
        self.total = 0
        self.named: dict[str, int] = {}
        seen: set[str] = set()
        for block, is_marked in zip(blocks, marked, strict=True):
            if not is_marked or block.kind in HEADINGS or block.key in seen:
                continue
            seen.add(block.key)
            size = len(block.text) - block.linked
            self.total += size
            node: Element | None = block.element
            while node is not None:
                self.weight[node] = self.weight.get(node, 0) + size
                node = node.getparent() if node is not root else None

    def main(self, share: float = 0.9, root: Element | None = None) -> Element:
        """Return the deepest element below `root` that contains this share of its marked text."""
        node = self.root if root is None else root
        total = self.weight.get(node, 0)
        while True:
            below = max((child for child in node if child in self.weight), key=lambda c: self.weight[c], default=None)
            if below is None or self.weight[below] < share * total or below.tag in LEAVES:
                return node
            node = below

    def region(self, element: Element, stop: Element) -> str:
        """Return the rule by which the element is in a boilerplate region below `stop`; empty if it is not.

        A region that contains much of the article is not boilerplate, whatever its name.
        """
        node: Element | None = element
        path = []
        answer = ""
        while node is not None and node is not stop:
            known = self.regions.get(node)
            if known is not None:
                answer = known
                break
            path.append(node)
            node = node.getparent()
        for node in reversed(path):
            answer = answer or self._names_itself(node)
            self.regions[node] = answer
        return answer

    def _names_itself(self, element: Element) -> str:
        if element.tag in BOILERPLATE_TAGS:
            rule = f"tag:{element.tag}"
            return rule if self.weight.get(element, 0) < _MUCH * self.total and is_on(rule) else ""
        kind, name = region_named(words_of(element))
        if name and _is_named_by_heading(element, name):
            kind, name = region_named(split_camel_case((element.get("class") or "")[:LONGEST_NAMES]))
        rule = f"class:{kind}"
        return rule if name and self._held_by(name) < _MUCH * self.total and is_on(rule) else ""

    def _held_by(self, name: str) -> int:
        """Return the amount of marked text in all elements of this name; a live blog may consist of “comments”."""
        if name not in self.named:
            held = 0
            for element, weight in self.weight.items():
                if region_named(words_of(element))[1] == name:
                    held += weight
            self.named[name] = held
        return self.named[name]


def _is_named_by_heading(element: Element, name: str) -> bool:
    """True if an element's id was made of the heading that it is or that it begins with: a target of links."""
    own = element.get("id")
    if not own:
        return False
    heading = next(element.iter("h1", "h2", "h3", "h4", "h5", "h6"), None)
    return heading is not None and is_heading_slug(own, name, "".join(heading.itertext()))
