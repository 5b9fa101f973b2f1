"""The text that a listing has of an article, found on the article's page: no extractor knows it better."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest

from newsarchive.extraction.blocks import Element, fold
from newsarchive.extraction.choice import LEAVES, is_named_apart
from newsarchive.items import Hints

_LEAST, _MOST = 0.98, 1.02
"""Of the words that the listing has, how many an element with the same text may have."""
_TRIES = 5
"""Paragraphs around which the text is looked for: remarks and blurbs may be longer than those of a short article."""


@dataclass(slots=True, frozen=True)
class ListedText:
    """Where the text of the listing stands: the element around it, and the elements in it that are of it."""

    element: Element
    own: frozenset[Element]

    def with_title(self, title: str) -> Element | None:
        """The element that holds the page's title too; None where no heading around the text says it."""
        key = fold(title)
        for above in self.element.iterancestors():
            if any(fold("".join(h.itertext())) == key for h in above.iter("h1", "h2")):
                return above
        return None


def find_listed_text(root: Element, hints: Hints) -> ListedText | None:
    """The element with as many words as the listing has, and the same opening; None where none has.

    It is looked for around the page's longest paragraphs. What themes and plugins put into it (buttons, related
    articles) is left out by its names.
    """
    if not hints.opening:
        return None
    return next((found for p in _longest_paragraphs(root) if (found := _around(p, hints))), None)


def _around(paragraph: Element, hints: Hints) -> ListedText | None:
    node: Element | None = paragraph
    while node is not None:
        words = _words(node.itertext())
        if len(words) > _MOST * hints.words:
            break
        # a paragraph alone may be the text before it was added to: a listing can be older than its page
        if node.tag not in LEAVES and _is_listed(words, hints):
            return ListedText(node, frozenset(node.iter()))
        node = node.getparent()
    if node is not None and node.tag not in LEAVES:
        own = list(_own_texts(node))
        if _is_listed(_words(text for _, text in own), hints):
            return ListedText(node, frozenset(element for element, _ in own))
    return None


def _longest_paragraphs(root: Element) -> list[Element]:
    """Those with the most text of their own; where a page has none, the elements with the most bare text."""
    return nlargest(_TRIES, root.iter("p"), key=_own_size) or nlargest(_TRIES, root.iter("div", "td"), key=_own_size)


def _own_size(element: Element) -> int:
    return len(element.text or "") + sum([len(child.tail or "") for child in element])


def _words(texts: Iterable[str]) -> list[str]:
    """Words as they are counted in a listing: tags part them."""
    return [word for text in texts for word in text.split()]


def _is_listed(words: Sequence[str], hints: Hints) -> bool:
    opening = "".join(words[: len(hints.opening)])
    return _LEAST * hints.words <= len(words) <= _MOST * hints.words and opening.startswith(hints.opening)


def _own_texts(element: Element) -> Iterator[tuple[Element, str]]:
    """The texts in an element with the element that each stands in, without what themes and plugins put into it."""
    yield element, element.text or ""
    for child in element:
        if not is_named_apart(child):
            yield from _own_texts(child)
        yield element, child.tail or ""
