"""The text that a listing has of an article, found on the article's page: no extractor knows it better."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from newsarchive.extraction.blocks import Block, Element
from newsarchive.extraction.choice import is_named_apart, is_prose
from newsarchive.items import Hints

_LEAST, _MOST = 0.98, 1.02
"""Of the words that the listing has, how many an element with the same text may have."""


def blocks_as_listed(blocks: Sequence[Block], hints: Hints) -> list[Block]:
    """The blocks in the element that has as many words as the listing, and the same opening; none where none has.

    It is looked for around the page's longest paragraph. What themes and plugins put into it (buttons, related
    articles) is left out by its names.
    """
    longest = max((b for b in blocks if is_prose(b)), key=lambda block: len(block.text), default=None)
    node: Element | None = longest.element if longest is not None and hints.opening else None
    while node is not None:
        words = _words(node.itertext())
        if len(words) > _MOST * hints.words:
            break
        if _is_listed(words, hints):
            return _below(blocks, node.iter())
        node = node.getparent()
    if node is not None and _is_listed(_words(_own_texts(node)), hints):
        return _below(blocks, _own_elements(node))
    return []


def _words(texts: Iterable[str]) -> list[str]:
    """Words as they are counted in a listing: tags part them."""
    return [word for text in texts for word in text.split()]


def _is_listed(words: Sequence[str], hints: Hints) -> bool:
    opening = "".join(words[: len(hints.opening)])
    return _LEAST * hints.words <= len(words) <= _MOST * hints.words and opening.startswith(hints.opening)


def _below(blocks: Sequence[Block], elements: Iterable[Element]) -> list[Block]:
    below = set(elements)
    return [b for b in blocks if b.element in below]


def _own_elements(element: Element) -> Iterator[Element]:
    yield element
    for child in element:
        if not is_named_apart(child):
            yield from _own_elements(child)


def _own_texts(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if not is_named_apart(child):
            yield from _own_texts(child)
        yield child.tail or ""
