"""Chooses the blocks of the article: those that trafilatura marked, completed and cleaned by the page's structure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from newsarchive.extraction.blocks import Block, Element, has_media
from newsarchive.text.fingerprints import fold

_LONG = 25
_MIN_ARTICLE = 400
"""Characters of text from which an element counts as an article of its own."""
_LEAVES = frozenset({"p", "ul", "ol", "li", "blockquote", "span", "strong", "em", "b", "i", "font", "td", "table"})
_WRAPS = frozenset({"ul", "ol", "li", "blockquote", "p"})
_BOILERPLATE_TAGS = frozenset({"aside", "nav", "footer", "form", "fieldset", "details"})
_BOILERPLATE = re.compile(
    r"""(?:^|[\s_-])(?:
    related\w*|recommend\w*|recirc\w*|similar|more-?topics?|topics?-more|outbrain|taboola|jp-relatedposts|yarpp\w*
    |read-?(?:more|next|also|on)|see-?also|more-?(?:news|stories|on|from|articles|links)|also-?read|further-?reading
    |most-?(?:read|viewed|popular)|popular|trending|latest|recent
    |newsletter\w*|subscri\w+|signup|sign-up|registration|promo\w*|advert\w*|adv|advtext\w*|ads?|sponsor\w*|affiliate\w*|banner|cta|disclaimer
    |shar(?:e|es|ing|er)|share-?\w*|sharedaddy|social\w*|follow\w*|addtoany|sociable
    |comments?|commentlist|disqus|respond|replies
    |sidebar|side-bar|widgets?|teasers?(?!-?text)|ticker|carousel|slider|breaking
    |tags?|tag-?list|taglist|tagcloud|tag-cloud|topics|keywords|post-?cats|cat-links
    |author-?(?:bio|box|info|card|profile|about|content|desc\w*|image|block)|about-?(?:the-)?author|bio|post-?author
    |breadcrumbs?|pagination|page-?links|pager|post-?nav\w*|nav|navigation|menu|toolbar|tool-?box|tools
    |print-(?:only|header|footer)|modal\w*|popup\w*|pop-up|overlay|tooltip|toast\w*|cookie\w*|consent|login|donat\w+
    |copyright|fact|facts|fact-?box\w*|info-?box\w*|box-?out|text-?resiz\w*|reactions?|wp-embedded-content
    |source-?list|corrections|feedback|report-error|poll|quiz|rating|vote|views?|counter|meta-?bar|metabar|post-?meta|entry-?meta
    |entry-footer|post-footer|article-footer|post-views|hide|hidden|nocontent
    )(?:$|[\s_-])""",
    re.X,
)
_RELATED = re.compile(
    r"(?:^|[\s_-])(?:related-?(?:posts?|articles?|news|stories|items|content)?|jp-relatedposts|yarpp\w*|outbrain|taboola"
    r"|similar-?(?:posts?|articles?|news)|recommended-?(?:posts?|articles?|news)|recirc\w*)(?:$|[\s_-])"
)
_HEADINGS = ("h1", "h2", "h3", "caption")
_MIN_TEXT = 40
"""Length of the shortest article in folded characters."""
_CAPTION = re.compile(
    r"""(?:^|[\s_-])(?:caption\w*|\w*caption|wp-caption-text|credits?|legend|imgcap
    |(?:lead-?)?(?:image|img|photo|foto|picture|media|bild)[_-]*(?:block)?[_-]*
        (?:desc\w*|caption\w*|info|text|credits?|copyright|source|title|legend|author)
    |wrapper-(?:image|img|photo|picture))(?:$|[\s_-])""",
    re.X,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words_of(element: Element) -> str:
    """Return the class and id of an element in lower case, with camel case split by hyphens."""
    classes, name = element.get("class"), element.get("id")
    if not classes and not name:
        return ""
    return _split_camel_case(f"{classes or ''} {name or ''}"[:300])


@lru_cache(maxsize=20_000)
def _split_camel_case(names: str) -> str:
    return _CAMEL.sub("-", names).lower()


@lru_cache(maxsize=20_000)
def _purpose(words: str) -> str:
    """Return the first name that marks a block as boilerplate; empty if there is none."""
    found = _BOILERPLATE.search(words)
    return found[0].strip(" _-") if found else ""


@lru_cache(maxsize=20_000)
def _is_related_list(words: str) -> bool:
    return _RELATED.search(words) is not None


@lru_cache(maxsize=20_000)
def _names_caption(words: str) -> bool:
    return _CAPTION.search(words) is not None


class Marking(Protocol):
    """Tells which blocks belong to the article."""

    def __contains__(self, block: Block, /) -> bool: ...


@dataclass(slots=True, eq=False)
class Marks:
    """The text that an extractor returned, for comparison with blocks."""

    whole: str = ""
    lines: frozenset[str] = field(default_factory=frozenset)

    def __contains__(self, block: Block) -> bool:
        key = block.key
        if len(key) < _LONG:
            return key in self.lines
        return key in self.whole or (len(key) >= 4 * _LONG and self._has_most_of(key))

    def _has_most_of(self, key: str) -> bool:
        """True if most of a long text is there; an extractor may drop or move single words."""
        step = len(key) // 6
        return sum(key[i * step : (i + 1) * step] in self.whole for i in range(6)) >= 4


def marks_of(lines: Sequence[str]) -> Marks:
    """Make Marks from an extractor's lines."""
    keys = [fold(line) for line in lines]
    return Marks("\n".join(keys).replace("\n", ""), frozenset(keys))


class Structure:
    """The amount of marked text below each element of a page."""

    def __init__(self, blocks: Sequence[Block], marked: Sequence[bool], root: Element) -> None:
        self.root = root
        self.weight: dict[Element, int] = {}
        self.boilerplate: dict[Element, bool] = {}
        self.total = 0
        self.named: dict[str, int] = {}
        seen: set[str] = set()
        for block, is_marked in zip(blocks, marked, strict=True):
            if not is_marked or block.kind in _HEADINGS or block.key in seen:
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
            if below is None or self.weight[below] < share * total or below.tag in _LEAVES:
                return node
            node = below

    def in_boilerplate(self, element: Element, stop: Element) -> bool:
        """True if the element is in a boilerplate block: related articles, sharing, subscription, comments …

        A block that contains much of the article is not boilerplate, whatever its name.
        """
        node: Element | None = element
        path = []
        answer = False
        while node is not None and node is not stop:
            known = self.boilerplate.get(node)
            if known is not None:
                answer = known
                break
            path.append(node)
            node = node.getparent()
        for node in reversed(path):
            if not answer:
                answer = self._is_boilerplate(node)
            self.boilerplate[node] = answer
        return answer

    def _is_boilerplate(self, element: Element) -> bool:
        if element.tag not in _BOILERPLATE_TAGS:
            name = _purpose(words_of(element))
            return bool(name) and self._held_by(name) < 0.4 * self.total
        return self.weight.get(element, 0) < 0.4 * self.total

    def _held_by(self, name: str) -> int:
        """Return the amount of marked text in all elements of this name; a live blog may consist of “comments”."""
        if name not in self.named:
            held = 0
            for element, weight in self.weight.items():
                if _purpose(words_of(element)) == name:
                    held += weight
            self.named[name] = held
        return self.named[name]


def is_caption(block: Block) -> bool:
    """True if a block is an image caption."""
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
            return has_media(node)
        if _names_caption(words_of(node)):
            return True
        node = node.getparent()
    return False


@dataclass(slots=True, eq=False)
class Choice:
    """The blocks of the article's text, and the element that contains them."""

    kept: list[Block]
    main: Element
    inside: set[Element] = field(default_factory=set)

    def __len__(self) -> int:
        return sum(len(block.key) for block in self.kept)


def choose(blocks: Sequence[Block], marks: Marking, root: Element, title: str = "") -> Choice:
    """Choose the blocks of the article's text: marked blocks and those among them, without boilerplate."""
    marked = _without_related_lists([bool(b.key) and b in marks for b in blocks], blocks, root)
    structure = Structure(blocks, marked, root)
    if not structure.total:
        return Choice(kept=[], main=root)
    main = structure.main()
    if title and (titled := _titled_article(blocks, main, structure, fold(title))) is not None:
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
    seen: dict[str, Element | None] = {}
    terms: dict[Element, bool] = {}
    for block, is_marked in zip(blocks, marked, strict=True):
        if not block.key or block.element not in choice.inside:
            continue
        if structure.in_boilerplate(block.element, main) or is_caption(block):
            continue
        if not is_marked and not _belongs(block, mates, main, terms):
            continue
        holder = block.element.getparent()
        if len(block.key) >= _LONG and seen.setdefault(block.key, holder) is not holder:
            continue  # a copy for another screen size; a repetition within one element is text
        choice.kept.append(block)
    return choice


def _without_related_lists(marked: Sequence[bool], blocks: Sequence[Block], root: Element) -> Sequence[bool]:
    """Drop the marks in lists of related articles, which may outweigh a short article.

    If nothing else is marked, the article itself has such a name, and all marks are kept.
    """
    known: dict[Element, bool] = {root: False}
    own = [is_marked and not _in_related_list(b.element, known) for is_marked, b in zip(marked, blocks, strict=True)]
    size = sum(len(b.key) for b, is_own in zip(blocks, own, strict=True) if is_own and b.kind not in _HEADINGS)
    return own if size >= _MIN_TEXT else marked


def _in_related_list(element: Element, known: dict[Element, bool]) -> bool:
    path = []
    node: Element | None = element
    while node is not None and node not in known:
        path.append(node)
        node = node.getparent()
    answer = node is not None and known[node]
    for node in reversed(path):
        answer = answer or _is_related_list(words_of(node))
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
    return titled[0] if len(titled) == 1 else None


def _holder(block: Block) -> Element | None:
    """Return the element that contains the block's text: the parent of its paragraph, list or quotation, or the
    element with bare text itself."""
    element = block.element
    if block.kind == "p" and element.tag not in _LEAVES:
        return element
    outer: Element = element
    if block.depth or block.quoted:
        for ancestor in element.iterancestors():
            if ancestor.tag not in _WRAPS:
                break
            outer = ancestor
    return outer.getparent()


def is_prose(block: Block) -> bool:
    """True if a block is prose, judged by its length and links."""
    return block.kind == "p" and len(block.text) > 80 and block.linked < 0.3 * len(block.text)


def _twins(main: Element, structure: Structure) -> list[Element]:
    """Return the siblings that look like the main element: advertisements or page breaks may split an article.

    Each part may also have its own wrapper.
    """
    parent = main.getparent()
    if parent is None or main is structure.root:
        return []
    twins = _alike(main, parent, structure)
    above = parent.getparent()
    if above is not None and parent is not structure.root and (name := main.get("class")):
        wrappers = _alike(parent, above, structure)
        twins += [e for wrapper in wrappers for e in wrapper.iterchildren(str(main.tag)) if e.get("class") == name]
    return twins


def _alike(element: Element, parent: Element, structure: Structure) -> list[Element]:
    """Return the other children of a parent with the same tag and first class that are not boilerplate."""
    name = (element.get("class") or "").split()[:1]
    return [
        e
        for e in parent.iterchildren(str(element.tag))
        if name
        and e is not element
        and (e.get("class") or "").split()[:1] == name
        and not structure.in_boilerplate(e, parent)
    ]


def _mates(blocks: Sequence[Block], marked: Sequence[bool]) -> dict[Element, int]:
    """Count the marked blocks in each element."""
    mates: dict[Element, int] = {}
    for block, is_marked in zip(blocks, marked, strict=True):
        if is_marked and (holder := _holder(block)) is not None:
            mates[holder] = mates.get(holder, 0) + 1
    return mates


def _belongs(block: Block, mates: dict[Element, int], main: Element, terms: dict[Element, bool]) -> bool:
    """True if a block that the extractor skipped is among blocks that it took."""
    if block.linked >= 0.5 * len(block.text) or (block.linked and _lists_terms(block.element, terms)):
        return False
    if block.kind == "row" or block.element.tag == "figcaption":
        return True
    holder = _holder(block)
    return holder is not None and mates.get(holder, 0) >= (1 if holder is main else 2)


def _lists_terms(element: Element, known: dict[Element, bool]) -> bool:
    """True if an element links to tags or categories of the article, as marked by WordPress."""
    if element not in known:
        known[element] = any("tag" in (link.get("rel") or "").split() for link in element.iter("a"))
    return known[element]
