"""Locates the article text given in a listing on the article's page, which is more reliable than any extractor."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest

from newsarchive.extraction.blocks import Block, Element
from newsarchive.text.fingerprints import fingerprint
from newsarchive.text.folding import fold
from newsarchive.text.spacing import tidy

_TRIES = 5
"""Paragraphs to try: comments and blurbs may be longer than the paragraphs of a short article."""


class ListedText:
    """Marks the blocks whose text is in a listing, by their fingerprints."""

    def __init__(self, fingerprints: Sequence[str]) -> None:
        self._fingerprints = frozenset(fingerprints)

    def __contains__(self, block: Block) -> bool:
        return not block.is_links and self._has(block.key)

    def _has(self, folded: str) -> bool:
        return fingerprint(folded) in self._fingerprints

    def place(self, root: Element, title: str) -> Element | None:
        """Return the element with the page's title and, below it, one of the text's paragraphs; None if not found."""
        longest = nlargest(_TRIES, root.iter("p"), key=_own_size)
        found = next((p for p in longest if self._has(fold(tidy("".join(p.itertext()))))), None)
        if found is None:
            return None
        key = fold(title)
        for above in found.iterancestors():
            if any(fold("".join(h.itertext())) == key for h in above.iter("h1", "h2")):
                return above
        return None


def _own_size(element: Element) -> int:
    return len(element.text or "") + sum([len(child.tail or "") for child in element])
