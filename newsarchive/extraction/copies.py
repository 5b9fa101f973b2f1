"""Finds second copies of blocks, which a page has for another screen size.

Repetition is text: a refrain, the header of a second table, the same line in several updates. A copy is a whole element
of which all was said before, in an element beside it that is named for a screen size or that says the same at length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsarchive.extraction.blocks import Block, Element
from newsarchive.extraction.marks import LONG
from newsarchive.extraction.names import words_of

_SCREEN = re.compile(
    r"(?:^|[\s_-])(?:mobile|mob|desktop|desk|tablet|phone|smartphone|(?:hidden|visible|show|hide|d)-(?:xs|sm|md|lg|xl|for|on|only|none|block|desktop|mobile|print)"
    r"|only|print|amp|small|large|clone|copy|duplicate)(?:$|[\s_-])"
)
_NEVER_COPIES = ("p", "li", "tr", "table", "blockquote", "pre")
_AT_LENGTH = 2
"""Long blocks from which an element that repeats another is a copy, whatever its name."""


def copied_blocks(blocks: Sequence[Block]) -> set[int]:
    """Return the ids of the blocks that are in a copy."""
    first: dict[str, Block] = {}
    again: list[tuple[Block, Block]] = []
    for block in blocks:
        if len(block.key) >= LONG and (earlier := first.setdefault(block.key, block)) is not block:
            again.append((earlier, block))  # noqa: PERF401 (a comprehension would hide that `first` is filled)
    sides = [(block, _sides(earlier.element, block.element)) for earlier, block in again]
    pairs = [(block, pair) for block, pair in sides if pair is not None and pair[1].tag not in _NEVER_COPIES]
    below = _blocks_below(blocks, {side for _, pair in pairs for side in pair}) if pairs else {}
    copies: set[int] = set()
    tried: set[tuple[Element, Element]] = set()
    for block, pair in pairs:
        if id(block) in copies or pair in tried:
            continue
        tried.add(pair)
        if _is_copy(*pair, below):
            copies |= {id(b) for b in below.get(pair[1], ())}
    return copies


def _blocks_below(blocks: Sequence[Block], elements: set[Element]) -> dict[Element, list[Block]]:
    """Return the blocks below each of the elements."""
    below: dict[Element, list[Block]] = {}
    for block in blocks:
        node: Element | None = block.element
        while node is not None:
            if node in elements:
                below.setdefault(node, []).append(block)
            node = node.getparent()
    return below


def _sides(one: Element, other: Element) -> tuple[Element, Element] | None:
    """Return the elements, children of one parent, that contain one and the other; None if one contains the other."""
    if one is other:
        return None
    if one.getparent() is other.getparent():
        return one, other
    above = [one, *one.iterancestors()]
    chain = [other, *other.iterancestors()]
    places = {node: i for i, node in enumerate(above)}
    for i, node in enumerate(chain):
        if node in places:
            return (above[places[node] - 1], chain[i - 1]) if i and places[node] else None
    return None


def _is_copy(one: Element, other: Element, below: dict[Element, list[Block]]) -> bool:
    said = {b.key for b in below.get(one, ())}
    repeated = below.get(other, [])
    if not repeated or not all(b.key in said for b in repeated):
        return False
    long = sum(1 for b in repeated if len(b.key) >= 2 * LONG)
    return long >= _AT_LENGTH or any(
        _SCREEN.search(words_of(e)) for e in (one, other, *one.iter("div"), *other.iter("div"))
    )
