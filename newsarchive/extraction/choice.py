"""Chooses the blocks of the article: those that trafilatura marked, completed and cleaned by the page's structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from newsarchive.extraction.blocks import Block, Element, has_media, is_linked_text, is_prose, is_running, is_sentence
from newsarchive.extraction.copies import copied_blocks
from newsarchive.extraction.marks import Marking
from newsarchive.extraction.names import names_caption, names_caption_only, names_related_list, words_of
from newsarchive.extraction.rules import is_on
from newsarchive.extraction.structure import HEADINGS, LEAVES, Structure
from newsarchive.text.folding import fold

_MIN_ARTICLE = 400
"""Characters of text from which an element counts as an article of its own."""
_WRAPS = frozenset({"ul", "ol", "li", "blockquote", "p"})
_MIN_TEXT = 40
"""Length of the shortest article in folded characters."""


def is_caption(block: Block) -> bool:
    """True if a block is an image caption: by its element, or by a class that names a caption around little text.

    A theme may also name the text beside a picture (`media-text`, `photo-info`); a caption is not prose.
    """
    if block.kind == "caption":
        return True
    node: Element | None = block.element
    figure = next(block.element.iterancestors("figure"), None)
    if figure is not None and not has_media(figure):
        return False  # text below a table or a quotation is not an image caption
    for _ in range(3):
        if node is None or node.tag in ("article", "body", "main", "section"):
            return False
        if node.tag == "figure" and not block.quoted and block.kind != "row":
            return has_media(node) and not _is_long_text(block)
        words = words_of(node)
        if names_caption(words):
            return names_caption_only(words) or (_is_little(node) and not is_sentence(block.text, 8))
        node = node.getparent()
    return False


_LONGEST_CAPTION = 180


def _is_long_text(block: Block) -> bool:
    """True for a sentence that is longer than captions are."""
    return len(block.text) > _LONGEST_CAPTION and is_sentence(block.text, 8)


def _is_little(element: Element) -> bool:
    """True if an element has at most a caption's text."""
    return len(" ".join("".join(element.itertext()).split())) <= _LONGEST_CAPTION


@dataclass(slots=True, eq=False)
class Choice:
    """The blocks of the article's text, and the element that contains them."""

    kept: list[Block]
    main: Element
    inside: set[Element] = field(default_factory=set)
    omitted: list[tuple[str, Block]] = field(default_factory=list)
    """Blocks inside the main element that were left out, each with the rule."""

    def __len__(self) -> int:
        return sum(len(block.key) for block in self.kept)


def choose(blocks: Sequence[Block], marks: Marking, root: Element, title: str = "") -> Choice:
    """Choose the blocks of the article's text: marked blocks and those among them, without boilerplate."""
    marked = _without_related_lists([bool(b.key) and b in marks for b in blocks], blocks, root)
    structure = Structure(blocks, marked, root)
    if not structure.total:
        return Choice(kept=[], main=root)
    main = structure.main()
    if (
        title
        and is_on("other-articles")
        and (titled := _titled_article(blocks, main, structure, fold(title))) is not None
    ):
        main = structure.main(root=titled)
    choice = Choice(kept=[], main=main, inside=set(main.iter()))
    mates = _mates(blocks, marked)
    for twin in _twins(main, structure):
        inside = set(twin.iter())
        prose = [block for block in blocks if block.element in inside and is_prose(block)]
        if prose:
            choice.inside |= inside
        for block in prose:
            if (holder := _holder(block)) is not None:
                mates.setdefault(holder, 2)
    _sift(choice, _Sieve(structure, main, blocks, marked, mates))
    return choice


def _sift(choice: Choice, sieve: _Sieve) -> None:
    """Part the blocks inside the main element into those kept and those left out.

    A block is a copy only of one that is kept, so that no text is lost in both places.
    """
    inside = [i for i, block in enumerate(sieve.blocks) if block.key and block.element in choice.inside]
    rules = {i: sieve.leaves_out(i) for i in inside}
    copies = copied_blocks([sieve.blocks[i] for i in inside if not rules[i]]) if is_on("copy") else set()
    for i in inside:
        block = sieve.blocks[i]
        if rule := "copy" if id(block) in copies else rules[i]:
            choice.omitted.append((rule, block))
        else:
            choice.kept.append(block)


class _Sieve:
    """Tells which blocks inside the main element are not the article's text, and by which rule."""

    def __init__(
        self,
        structure: Structure,
        main: Element,
        blocks: Sequence[Block],
        marked: Sequence[bool],
        mates: dict[Element, int],
    ) -> None:
        self.structure = structure
        self.main = main
        self.blocks = blocks
        self.marked = marked
        self.mates = mates
        self.terms: dict[Element, bool] = {}
        places = [i for i, (b, is_marked) in enumerate(zip(blocks, marked, strict=True)) if is_marked and is_running(b)]
        self.span = range(places[0], places[-1]) if places else range(0)

    def leaves_out(self, place: int) -> str:
        """Return the rule that leaves the block at this place out; empty if it is text."""
        block = self.blocks[place]
        if rule := self.structure.region(block.element, self.main):
            return rule
        if is_on("caption") and is_caption(block):
            return "caption"
        return "" if self.marked[place] else self._does_not_belong(place, block)

    def _does_not_belong(self, place: int, block: Block) -> str:
        """Return the rule by which a block that the extractor skipped is not among those that it took."""
        if block.linked >= 0.5 * len(block.text):
            return "unmarked-links" if is_on("unmarked-links") and not self._is_linked_text(block) else ""
        if block.linked and _lists_terms(block.element, self.terms):
            return "term-links" if is_on("term-links") else ""
        if block.kind == "row" or block.element.tag == "figcaption":
            return ""
        if not self._is_on_a_card(block):
            if block.folded and is_running(block):
                return ""
            if place in self.span and not block.linked and is_sentence(block.text, 6):
                return ""  # a sentence between paragraphs of the text
            if place in self.span and not block.linked and (block.kind == "li" or block.quoted):
                return ""  # a list or a quotation among them: extractors drop those of short items
        holder = _holder(block)
        among = holder is not None and self.mates.get(holder, 0) >= (1 if holder is self.main else 2)
        return "" if among or not is_on("unmarked") else "unmarked"

    def _is_linked_text(self, block: Block) -> bool:
        """True for a paragraph or heading that is a link and stands among the text's own paragraphs."""
        holder = _holder(block)
        if holder is None or self.mates.get(holder, 0) < 2 or self._is_on_a_card(block):
            return False
        return is_linked_text(block)

    def _is_on_a_card(self, block: Block) -> bool:
        """True for text in an `article` inside the text's element: by HTML's definition a piece of its own."""
        return any(e.tag == "article" for e in takewhile(lambda e: e is not self.main, block.element.iterancestors()))


def _without_related_lists(marked: Sequence[bool], blocks: Sequence[Block], root: Element) -> Sequence[bool]:
    """Drop the marks in lists of related articles, which may outweigh a short article.

    If nothing else is marked, the article itself has such a name, and all marks are kept.
    """
    if not is_on("related-marks"):
        return marked
    known: dict[Element, bool] = {root: False}
    own = [is_marked and not _in_related_list(b.element, known) for is_marked, b in zip(marked, blocks, strict=True)]
    size = sum(len(b.key) for b, is_own in zip(blocks, own, strict=True) if is_own and b.kind not in HEADINGS)
    return own if size >= _MIN_TEXT else marked


def _in_related_list(element: Element, known: dict[Element, bool]) -> bool:
    path = []
    node: Element | None = element
    while node is not None and node not in known:
        path.append(node)
        node = node.getparent()
    answer = node is not None and known[node]
    for node in reversed(path):
        answer = answer or names_related_list(words_of(node))
        known[node] = answer
    return answer


def _titled_article(blocks: Sequence[Block], main: Element, structure: Structure, title: str) -> Element | None:
    """Return the `article` element with the page's title, if other articles are appended to the page."""
    articles = [e for e in main.iter("article") if structure.weight.get(e, 0) >= _MIN_ARTICLE and e is not main]
    outer = [e for e in articles if not any(a in articles for a in e.iterancestors("article"))]
    if len(outer) < 2:
        return None
    headings = [b.element for b in blocks if b.key == title and b.kind in ("h1", "h2")]
    titled = [e for e in outer if any(e in h.iterancestors("article") for h in headings)]
    if len(titled) != 1:
        return None
    return titled[0] if any(_is_built_alike(e, titled[0]) for e in outer if e is not titled[0]) else None


def _is_built_alike(one: Element, other: Element) -> bool:
    """True if two elements have a class in common, or none: parts of one article are named each in its own way."""
    names, others = (set((e.get("class") or "").split()) for e in (one, other))
    return not names.isdisjoint(others) or not (names or others)


def _holder(block: Block) -> Element | None:
    """Return the element that contains the block's text: the parent of its paragraph, list or quotation, or the
    element with bare text itself."""
    element = block.element
    if block.kind == "p" and element.tag not in LEAVES:
        return element
    outer: Element = element
    if block.depth or block.quoted:
        for ancestor in element.iterancestors():
            if ancestor.tag not in _WRAPS:
                break
            outer = ancestor
    return outer.getparent()


def _twins(main: Element, structure: Structure) -> list[Element]:
    """Return the elements built like the main one beside it: advertisements or page builders may split an article.

    Each part may also have its own wrappers (`row > column > text`); these are siblings of the same names.
    """
    parent = main.getparent()
    if parent is None or main is structure.root:
        return []
    twins = _alike(main, parent, structure)
    name, wrapper = main.get("class"), parent
    for _ in range(_WRAPPERS if name else 0):
        above = wrapper.getparent()
        if above is None or wrapper is structure.root or wrapper.tag in ("article", "main", "li"):
            break
        for other in _alike(wrapper, above, structure):
            twins += [e for e in other.iter(str(main.tag)) if e.get("class") == name]
        wrapper = above
    return twins


_WRAPPERS = 5
"""Wrappers around a part of an article in page builders."""


def _alike(element: Element, parent: Element, structure: Structure) -> list[Element]:
    """Return the other children of a parent with the same tag and first class that are not boilerplate."""
    name = (element.get("class") or "").split()[:1]
    return [
        e
        for e in parent.iterchildren(str(element.tag))
        if name and e is not element and (e.get("class") or "").split()[:1] == name and not structure.region(e, parent)
    ]


def _mates(blocks: Sequence[Block], marked: Sequence[bool]) -> dict[Element, int]:
    """Count the marked blocks in each element."""
    mates: dict[Element, int] = {}
    for block, is_marked in zip(blocks, marked, strict=True):
        if is_marked and (holder := _holder(block)) is not None:
            mates[holder] = mates.get(holder, 0) + 1
    return mates


def _lists_terms(element: Element, known: dict[Element, bool]) -> bool:
    """True if an element links to tags or categories of the article, as marked by WordPress."""
    if element not in known:
        known[element] = any("tag" in (link.get("rel") or "").split() for link in element.iter("a"))
    return known[element]
