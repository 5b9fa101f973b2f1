"""Finds the standfirst: a summary that is shown between the title and the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

from newsarchive.extraction.blocks import Block, Element
from newsarchive.extraction.choice import is_caption
from newsarchive.extraction.cleaning import is_bar, is_read_more
from newsarchive.extraction.names import words_of
from newsarchive.text.folding import fold

_NAMED = re.compile(
    r"""(?:^|[\s_-])(?:stand-?first|sub-?head(?:line|er|ing)?|sub-?titles?|untertitel|dek|deck|lead|leader|lede|leadtext|intro|introduction
    |intro-?text|introtext|summary|excerpt|abstract|chapo|chapeau|chapô|teaser-?text|teasertext|article-?teaser|header-?teaser|teaser
    |strapline|vorspann|perex|anons|anounce|announce|ingress|preamble|manchet|sommario|occhiello|entradilla|bajada|subtitulo|sumario
    |linha-fina|article-?desc(?:ription)?|short-?(?:desc|text|story)\w*|description|descr|desc|synopsis|subline)(?:$|[\s_-])""",
    re.I | re.X,
)
_HEADLINE = re.compile(r"(?<!sub)(?<!sub-)(?:headline|title)", re.I)
_MIN_LENGTH = 40
_MAX_LENGTH = 900
_REACH = 40
_EVIDENCE = {4: "og:description", 3: "class", 2: "heading", 1: "place"}
_SENTENCE_END = re.compile(r"[.!?…»”\"।。:]\s*$")


def find_standfirst(
    blocks: Sequence[Block],
    kept: Sequence[Block],
    *,
    title: str,
    descriptions: Sequence[str],
    omitted: Sequence[tuple[str, Block]] = (),
) -> tuple[list[Block], str]:
    """Return the blocks of the standfirst and the evidence for it; both empty if there is none.

    It is above the text, or the text's first block, and is recognized by its class, as a heading that is a sentence
    below the title, or by matching og:description. What was `omitted` as advertising or a dialog is none.
    """
    foreign = {id(block) for rule, block in omitted if rule in _FOREIGN}
    body = {id(b) for b in kept}
    title_key = fold(title)
    first = next((i for i, b in enumerate(blocks) if id(b) in body and _is_text(b, title_key)), None)
    if first is None:
        return [], ""
    start = _after_title(blocks, first, title_key)
    descriptions = [fold(unescape(d)) for d in descriptions]
    described = [key for key in descriptions if len(key) >= _MIN_LENGTH]
    best, at = 0, -1
    for i in range(start, first + 1):
        block = blocks[i]
        if (
            id(block) in foreign
            or not _can_be(block, title_key)
            or (i == first and not _is_set_apart(block, kept, descriptions))
        ):
            continue
        confidence = _confidence(block, described, above=i < first)
        if confidence > best:
            best, at = confidence, i
    return ([blocks[at], *_rest_of(blocks, at, first, title_key)], _EVIDENCE[best]) if best else ([], "")


_FOREIGN = frozenset({"class:overlay", "class:promotion", "class:sharing", "class:comments", "class:navigation"})
"""Rules whose blocks are never the article's."""


def _is_text(block: Block, title_key: str) -> bool:
    return (
        bool(block.key)
        and block.kind not in ("h1", "image")
        and block.key != title_key
        and len(block.text) >= _MIN_LENGTH
    )


def _confidence(block: Block, described: Sequence[str], *, above: bool) -> int:
    if above and _is_described(block, described):
        return 4
    if _is_named(block):
        return 3
    if _is_subtitle(block):
        return 2
    # a lone sentence between the title and the text
    return int(above and block.kind == "p" and len(block.text) >= 80 and bool(_SENTENCE_END.search(block.text)))


def _after_title(blocks: Sequence[Block], first: int, title_key: str) -> int:
    """Return the index after the title, or the furthest that a header may reach back."""
    reach = range(max(0, first - _REACH), first)
    titles = [i for i in reach if title_key and blocks[i].key == title_key]
    if not titles:
        titles = [i for i in reach if blocks[i].kind == "h1"][-1:]
    return titles[0] + 1 if titles else max(0, first - 6)


def _can_be(block: Block, title_key: str) -> bool:
    return (
        block.kind in ("p", "h2", "h3", "h4", "h5", "h6", "li")
        and _MIN_LENGTH <= len(block.text) <= _MAX_LENGTH
        and block.key != title_key
        and block.linked < 0.5 * len(block.text)
        and not is_bar(block)
        and not is_caption(block)
        and not is_read_more(block)
    )


def _is_named(block: Block) -> bool:
    node: Element | None = block.element
    for _ in range(3):
        if node is None or node.tag in ("article", "main", "body", "header", "section"):
            return False
        if node.get("itemprop") in ("description", "alternativeHeadline") or node.get("role") == "doc-subtitle":
            return True
        words = words_of(node)
        if words and _NAMED.search(words):
            return True
        node = node.getparent()
    return False


def _is_subtitle(block: Block) -> bool:
    return block.kind in ("h2", "h3", "h4") and len(block.text) >= 60 and not _HEADLINE.search(words_of(block.element))


def _is_described(block: Block, described: Sequence[str]) -> bool:
    """True if og:description has the same words; either may be truncated."""
    key = block.key
    return any(
        key[:60] == other[:60] or (len(other) > _MIN_LENGTH and other[:-3] in key) or key in other
        for other in described
    )


def _is_set_apart(block: Block, kept: Sequence[Block], described: Sequence[str]) -> bool:
    """True if the first block of the text is set apart: as a heading, by an element of its own, or by its class if it
    also matches og:description (a class alone may be for bold print only)."""
    if block.kind.startswith("h"):
        return True
    rest = [b for b in kept if b is not block and b.kind == "p"]
    if not rest:
        return False
    if block.key in described and _NAMED.search(words_of(block.element)):
        return True
    parent = block.element.getparent()
    if (
        block.element.tag == "div"
        and all(b.element.tag == "p" for b in rest[:3])
        and _NAMED.search(words_of(block.element))
    ):
        return True  # named so by the theme, not by an editor's choice of bold print
    # a paragraph among paragraphs is text, whatever its style
    return not any(b.element is block.element or b.element.getparent() is parent for b in rest[:3])


def _rest_of(blocks: Sequence[Block], i: int, first: int, title_key: str) -> list[Block]:
    """Return further blocks of the same element; a standfirst may be a list or two paragraphs."""
    parent = blocks[i].element.getparent()
    if parent is None or not _NAMED.search(words_of(parent)):
        return []
    rest = []
    for block in blocks[i + 1 : first]:
        if block.kind == "image":
            continue
        if block.element.getparent() is not parent or not block.key or block.key == title_key:
            break
        rest.append(block)
    return rest
