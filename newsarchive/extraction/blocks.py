"""The visible blocks of a page: paragraphs, headings, list items, table rows and images."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urljoin

from lxml import html

Element: TypeAlias = html.HtmlElement

HEADING_TAGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_MOSTLY_LINKS = 0.8


@dataclass(slots=True, eq=False)
class Block:
    """One block: `kind` is p, h1 … h6, li, row, pre, caption or image; `element` is its element in the tree."""

    kind: str
    text: str
    element: Element
    linked: int = 0
    """The number of characters of link text."""
    pieces: tuple[tuple[str, str], ...] = ()
    """The text in pieces, each with its link target or an empty string."""
    quoted: bool = False
    folded: bool = False
    """True for text in a box that is shown at a click."""
    depth: int = 0
    """The nesting depth in lists."""
    number: int = 0
    """The number in an ordered list."""
    key: str = field(default="")
    """The folded text, for comparisons."""

    @property
    def is_links(self) -> bool:
        """True if the text is almost entirely links."""
        return self.linked > _MOSTLY_LINKS * len(self.text)


def is_prose(block: Block) -> bool:
    """True if a block is prose, judged by its length and links."""
    return block.kind == "p" and len(block.text) > 80 and block.linked < 0.3 * len(block.text)


def is_running(block: Block) -> bool:
    """True for prose that may also be an item of a list."""
    return block.kind in ("p", "li") and len(block.text) > 80 and block.linked < 0.3 * len(block.text)


_SENTENCE_END = re.compile(r"[.!?…։。؟।][\"'»”’“)\]]*$")


def is_sentence(text: str, words: int = 4) -> bool:
    """True if a text of at least so many words ends as a sentence does.

    >>> is_sentence("Дети больше не ходят в школу пешком."), is_sentence("12 мая 2025 г."), is_sentence("Мәдениет")
    (True, False, False)
    """
    return len([w for w in text.split() if w[:1].isalpha() or w[:1] in '«“"(']) >= words and bool(
        _SENTENCE_END.search(text)
    )


def is_linked_text(block: Block) -> bool:
    """True if a block that is a link may be the article's own text: a sentence, or a heading above a paragraph."""
    if block.kind == "p":
        return len(block.text) >= 60 and is_sentence(block.text)
    if block.kind not in HEADING_TAGS:
        return False
    below = block.element.getnext()
    return below is not None and below.tag in ("p", "figure", "img", "blockquote", "ul", "ol") and not _is_link(below)


def _is_link(element: Element) -> bool:
    return link_share(element, " ".join("".join(element.itertext()).split())) >= 0.9


_WHOLE = re.compile(r"https?://[\w.:-]+(?:/[^\s\\\[\];?#]*)?(?:\?[^\s;?#]+)?(?:#\S+)?", re.ASCII)


def absolute(base: str, address: str) -> str:
    """Return the absolute form of a URL on the page; empty if it is invalid.

    >>> absolute("https://kz.example/a/", "../b?"), absolute("https://kz.example/", "http://kz.example/c")
    ('https://kz.example/b', 'http://kz.example/c')
    """
    address = address.strip()
    if _WHOLE.fullmatch(address):  # most URLs are absolute
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def link_share(element: Element, text: str) -> float:
    """Return the share of an element's text that is in links."""
    linked = sum(len(" ".join("".join(a.itertext()).split())) for a in element.iter("a"))
    return linked / len(text) if text else 0.0


_PICTURES = ("img", "picture", "video", "iframe", "svg", "object", "amp-img", "canvas", "audio", "noscript")


def has_media(element: Element) -> bool:
    """True if there are images, video or audio below an element."""
    return next(element.iter(*_PICTURES), None) is not None
