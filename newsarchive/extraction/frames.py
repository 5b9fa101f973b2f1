"""Marks the text of a page as trafilatura's main extractor does, on the blocks that were read already.

That extractor looks for a frame by the names of elements (`article-body`, `entry-content`) and leaves out what is
named as something else and what is mostly links. It needs a copy of the page, which it takes apart: a quarter of what a
page costs. Here the same expressions are asked about the elements above the blocks, without a copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml.etree import XPath
from trafilatura.settings import MANUALLY_CLEANED
from trafilatura.xpaths import BODY_XPATH, OVERALL_DISCARD_XPATH, REMOVE_COMMENTS_XPATH, TEASER_DISCARD_XPATH

from newsarchive.extraction.blocks import HEADING_TAGS, Block, Element
from newsarchive.extraction.marks import Marks
from newsarchive.extraction.quick_extractor import NamedElements, Names, Test, translated
from newsarchive.extraction.thinning import INLINE_STYLES, KEPT_ATTRIBUTES, readers_comments
from newsarchive.extraction.visibility import wraps_article


def _is_article(tag: str, names: Names) -> bool:
    return tag == "article"


def _is_main(tag: str, names: Names) -> bool:
    starts = any(value.startswith("main") for name, value in names if name in ("class", "id", "role"))
    return tag == "main" or (starts and tag in ("article", "div", "section"))


def _is_unknown(tag: str, names: Names) -> bool:
    return False


def _test(expression: XPath) -> Test:
    found = translated(expression)
    if isinstance(found, NamedElements):
        return found.finds
    return _OTHERS.get(" ".join(found.path.split()), _is_unknown)


def _any_of(expressions: Sequence[XPath]) -> Test:
    """Return a test for the elements that any of the expressions finds."""
    tests = [_test(expression) for expression in expressions]

    @lru_cache(maxsize=20_000)  # names repeat within pages and sites
    def finds(tag: str, names: Names) -> bool:
        return any(test(tag, names) for test in tests)

    return finds


_OTHERS: dict[str, Test] = {
    "(.//article)[1]": _is_article,
    "(.//*[self::article or self::div or self::section][ starts-with(@class, 'main') or starts-with(@id, 'main')"
    " or starts-with(@role, 'main')])[1]|(.//main)[1]": _is_main,
}
"""Expressions of another form, which an update of trafilatura may change: that frame is then not found here."""
_FRAMES = tuple(_any_of([expression]) for expression in BODY_XPATH)
_BOILERPLATE = _any_of(OVERALL_DISCARD_XPATH)
_NO_TEXT = _any_of([*REMOVE_COMMENTS_XPATH, *TEASER_DISCARD_XPATH])
_REMOVED_TAGS = frozenset(MANUALLY_CLEANED) - {*INLINE_STYLES, "form"}
_MIN_SIZE = 250
"""Characters of text from which trafilatura is content with its first pass."""
_LISTS = {"ul": "list", "ol": "list", "dl": "list", "li": "item", "dd": "item", "dt": "item"}
"""Tags as trafilatura has them when it looks for boilerplate."""
_MAY_FRAME = frozenset({"article", "div", "main", "section"})
_WITHOUT_TEXT = frozenset({"div", "section", "article", "main", "header", "body", "center"})
"""Tags whose own text, outside paragraphs, trafilatura does not take."""
_LINK_LISTS = frozenset({"div", "ul", "ol", "dl", "p"})
_CELLS = frozenset({"li", "dd", "dt", "td", "th"})
_ROWS = frozenset({"td", "th", "tr"})
_MENU = re.compile(r"^\W*\||[|•·].*[|•·]")
"""Links with bars between them, in a table for layout: «| back | home |»."""


@dataclass(slots=True, eq=False)
class _Node:
    """An element above a block, with the amount of text, of linked text and of links in all blocks below it."""

    element: Element
    above: _Node | None
    names: Names = ()
    dead: bool = False
    """True if it is in an element that trafilatura removes first."""
    size: int = 0
    linked: int = 0
    links: int = 0


_Held = Sequence[tuple[Block, _Node]]


def framed_marks(root: Element, blocks: Sequence[Block]) -> Marks | None:
    """Return the marks on the text of the page; None if only the extractor itself can tell."""
    nodes, held = _nodes(root, blocks)
    prose = sum(len(b.text) for b, _ in held if b.element.tag == "p")
    for frame in _frames(nodes):
        kept = _kept(frame, nodes, held, with_bare_text=prose < 3 * _MIN_SIZE)
        if len(kept) > 1:
            break
    else:
        kept = []
    if _size(kept) < _MIN_SIZE:
        return None  # paragraphs of the whole page would have those of other articles among them
    keys = [b.key for b in kept]
    return Marks("".join(keys), frozenset(keys))


def _size(blocks: Sequence[Block]) -> int:
    return sum(len(b.text) for b in blocks)


def _nodes(root: Element, blocks: Sequence[Block]) -> tuple[list[_Node], _Held]:
    """Return the nodes below the root in document order, and the blocks that may be text."""
    top = _Node(root, None)
    known = {root: top}
    held: list[tuple[Block, _Node]] = []
    comments = readers_comments(root)
    for block in blocks:
        if not block.key:
            continue
        path = []
        element = block.element
        while element not in known:
            path.append(element)
            element = element.getparent()
        node = known[element]
        for element in reversed(path):
            node = known[element] = _node(element, node, dead=element in comments)
        if not node.dead:
            held.append((block, node))
    nodes = list(known.values())[1:]
    _weigh(nodes, held)
    return nodes, held


def _node(element: Element, above: _Node, *, dead: bool) -> _Node:
    if dead or above.dead:
        return _Node(element, above, dead=True)
    names = tuple([(name, value) for name, value in element.items() if name in KEPT_ATTRIBUTES])
    return _Node(element, above, names, dead=element.tag in _REMOVED_TAGS and not _is_spared(element))


def _is_spared(element: Element) -> bool:
    """True for an element that keeps its text though trafilatura removes others of its tag."""
    return element.find(".//table") is not None if element.tag == "figure" else wraps_article(element)


def _weigh(nodes: Sequence[_Node], held: _Held) -> None:
    """Add up the text and the links below each node."""
    for block, node in held:
        node.size += len(block.text)
        if block.linked:
            node.linked += block.linked
            node.links += len({link for _, link in block.pieces if link})
    for node in reversed(nodes):
        if node.size and node.above is not None:
            node.above.size += node.size
            node.above.linked += node.linked
            node.above.links += node.links


def _frames(nodes: Sequence[_Node]) -> Iterator[_Node]:
    """Yield the first element that each expression for a frame finds, in the order of the expressions."""
    possible = [n for n in nodes if n.element.tag in _MAY_FRAME and n.size]
    for finds in _FRAMES:
        frame = next((n for n in possible if finds(n.element.tag, n.names)), None)
        if frame is not None:
            yield frame


def _kept(frame: _Node, nodes: Sequence[_Node], held: _Held, *, with_bare_text: bool) -> list[Block]:
    """Return the blocks of a frame without boilerplate, lists of links, and headings at the end."""
    inside = {frame}
    below = []
    for node in nodes:
        if node.above in inside and not node.dead:
            inside.add(node)
            below.append(node)
    left = [(b, n) for b, n in held if n in inside]
    named = [(n, _LISTS.get(n.element.tag, n.element.tag)) for n in below if n.names]
    boilerplate = _with_all_below(below, {n for n, tag in named if _BOILERPLATE(tag, n.names)})
    if 7 * _size([b for b, n in left if n not in boilerplate]) <= frame.size:
        boilerplate = set()
    others = {n for n, tag in named if _NO_TEXT(tag, n.names)} | {n for n in below if _is_link_list(n)}
    out = _with_all_below(below, boilerplate | others)
    kept = [b for b, n in left if n not in out and _is_taken(b, with_bare_text=with_bare_text)]
    while kept and kept[-1].kind in HEADING_TAGS:
        kept.pop()
    return kept


def _with_all_below(nodes: Sequence[_Node], chosen: set[_Node]) -> set[_Node]:
    """Add the nodes below those chosen; `nodes` has each after the one above it."""
    for node in nodes:
        if node.above in chosen:
            chosen.add(node)
    return chosen


def _is_taken(block: Block, *, with_bare_text: bool) -> bool:
    """True for a paragraph, a heading, a list, a table or a quotation, and for lines that are divided by breaks."""
    element = block.element
    if block.linked >= 0.5 * len(block.text) and element.tag in _ROWS and _MENU.search(block.text):
        return False
    if block.kind != "p" or block.quoted or block.depth or element.tag not in _WITHOUT_TEXT:
        return True
    return element.tag == "div" and (with_bare_text or element.find("br") is not None)


def _is_link_list(node: _Node) -> bool:
    """True for an element that is mostly links, by trafilatura's measures (`link_density_test`)."""
    tag, size, linked = node.element.tag, node.size, node.linked
    if not linked or tag not in _LINK_LISTS or (tag == "p" and node.above and node.above.element.tag in _CELLS):
        return False
    if node.links == 1 and 100 < linked > 0.9 * size:
        return True
    shortest = (30, 60) if tag == "p" else (100, 300)
    if size < shortest[node.element.getnext() is None]:
        return linked > 0.8 * size or (tag == "div" and len(node.element) >= 3 and size < 100)
    return node.links > 4 and 0.9 * size < linked < 100 * node.links
