"""Teasers of a listing: elements beside each other, built alike, each with a headline that links to another page."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin

from newsarchive.extraction.blocks import Block, Element

_CARDS = frozenset({"div", "article", "section", "li", "a"})
_MIN_CARDS = 4
_SHARE = 0.8
"""Share of elements built alike that have a headline, and of a text that stands in them."""
_LONG = 300
"""Characters of a paragraph that is no teaser."""
_MIN_WORDS = 3
"""Words of a headline; shorter links are names, tags and buttons."""


def teasers_of(texts: Sequence[Block]) -> set[Element]:
    """Return the teasers that the text consists of; empty if it is not put together from teasers."""
    texts = [block for block in texts if block.kind != "h1"]
    whole = sum(len(block.text) for block in texts)
    if sum(len(b.text) for b in texts if len(b.text) > _LONG and not b.linked) > (1 - _SHARE) * whole:
        return set()
    found: set[Element] = set()
    inside = 0
    families: dict[Element, dict[tuple[str, str], list[Element]]] = {}
    for block in texts:
        if cards := _cards_around(block.element, families):
            inside += len(block.text)
            found.update(cards)
    return found if whole and inside >= _SHARE * whole else set()


def _cards_around(element: Element, families: dict[Element, dict[tuple[str, str], list[Element]]]) -> Sequence[Element]:
    for outer in (element, *element.iterancestors()):
        parent = outer.getparent()
        if outer.tag in _CARDS and parent is not None:
            if parent not in families:
                families[parent] = _teasers_in(parent)
            if cards := families[parent].get(_kind(outer)):
                return cards
    return ()


def _teasers_in(parent: Element) -> dict[tuple[str, str], list[Element]]:
    """Return the teasers among an element's children, by kind."""
    alike: dict[tuple[str, str], list[Element]] = {}
    for child in parent.iterchildren(*_CARDS):
        alike.setdefault(_kind(child), []).append(child)
    return {kind: elements for kind, elements in alike.items() if _are_teasers(elements)}


def _are_teasers(alike: Sequence[Element]) -> bool:
    if len(alike) < _MIN_CARDS:
        return False
    pages = {page for card in alike for page in _headlines(card)[:1]}
    return len(pages) >= max(_MIN_CARDS, _SHARE * len(alike))


def _kind(element: Element) -> tuple[str, str]:
    """Return what elements that are built alike have in common: tag and first class."""
    return str(element.tag), next(iter((element.get("class") or "").split()), "")


def _headlines(card: Element) -> list[str]:
    """Return the addresses of an element's links that are long enough for a headline."""
    links = [card] if card.tag == "a" else card.iter("a")
    return [
        urljoin("/", href.split("#")[0])
        for link in links
        if (href := (link.get("href") or "").strip()) and len("".join(link.itertext()).split()) >= _MIN_WORDS
    ]
