"""Which blocks of a page are the article: what trafilatura marked, made whole and clean by the page's structure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from newsarchive.extraction.blocks import Block, Element, has_picture
from newsarchive.fingerprints import fold

_LONG = 25
_A_TEXT = 400
"""Characters of running text that make an element of the page a text of its own."""
_LEAVES = frozenset({"p", "ul", "ol", "li", "blockquote", "span", "strong", "em", "b", "i", "font", "td", "table"})
_WRAPS = frozenset({"ul", "ol", "li", "blockquote", "p"})
_APART_TAGS = frozenset({"aside", "nav", "footer", "form", "fieldset", "details"})
_APART = re.compile(
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
_OTHERS = re.compile(
    r"(?:^|[\s_-])(?:related-?(?:posts?|articles?|news|stories|items|content)?|jp-relatedposts|yarpp\w*|outbrain|taboola"
    r"|similar-?(?:posts?|articles?|news)|recommended-?(?:posts?|articles?|news)|recirc\w*)(?:$|[\s_-])"
)
_HEADINGS = ("h1", "h2", "h3", "caption")
_A_LINE = 40
"""Characters, folded, of the shortest text."""
_CAPTION = re.compile(
    r"""(?:^|[\s_-])(?:caption\w*|\w*caption|wp-caption-text|credits?|legend|imgcap
    |(?:lead-?)?(?:image|img|photo|foto|picture|media|bild)[_-]*(?:block)?[_-]*
        (?:desc\w*|caption\w*|info|text|credits?|copyright|source|title|legend|author)
    |wrapper-(?:image|img|photo|picture))(?:$|[\s_-])""",
    re.X,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words_of(element: Element) -> str:
    """The class and id of an element in lower case, with camel case taken apart."""
    classes, name = element.get("class"), element.get("id")
    if not classes and not name:
        return ""
    return _apart_in_words(f"{classes or ''} {name or ''}"[:300])


@lru_cache(maxsize=20_000)
def _apart_in_words(names: str) -> str:
    return _CAMEL.sub("-", names).lower()


@lru_cache(maxsize=20_000)
def _purpose(words: str) -> str:
    """The first of the names that says a block is for something beside the article; empty where none does."""
    found = _APART.search(words)
    return found[0].strip(" _-") if found else ""


@lru_cache(maxsize=20_000)
def _names_others(words: str) -> bool:
    return _OTHERS.search(words) is not None


@lru_cache(maxsize=20_000)
def _names_caption(words: str) -> bool:
    return _CAPTION.search(words) is not None


class Marking(Protocol):
    """What says which blocks are of the article."""

    def __contains__(self, block: Block, /) -> bool: ...


@dataclass(slots=True, eq=False)
class Marks:
    """What an extractor gave, in a form to compare blocks with."""

    whole: str = ""
    lines: frozenset[str] = field(default_factory=frozenset)

    def __contains__(self, block: Block) -> bool:
        key = block.key
        if len(key) < _LONG:
            return key in self.lines
        return key in self.whole or (len(key) >= 4 * _LONG and self._has_most_of(key))

    def _has_most_of(self, key: str) -> bool:
        """Whether most of a long text is there: an extractor may drop a word of it, or set one apart."""
        step = len(key) // 6
        return sum(key[i * step : (i + 1) * step] in self.whole for i in range(6)) >= 4


def marks_of(lines: Sequence[str]) -> Marks:
    """Marks from an extractor's lines."""
    keys = [fold(line) for line in lines]
    return Marks("\n".join(keys).replace("\n", ""), frozenset(keys))


class Structure:
    """How much marked text stands below each element of a page."""

    def __init__(self, blocks: Sequence[Block], marked: Sequence[bool], root: Element) -> None:
        self.root = root
        self.weight: dict[Element, int] = {}
        self.apart: dict[Element, bool] = {}
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
        """The deepest element below `root` that holds that share of the marked text there."""
        node = self.root if root is None else root
        total = self.weight.get(node, 0)
        while True:
            below = max((child for child in node if child in self.weight), key=lambda c: self.weight[c], default=None)
            if below is None or self.weight[below] < share * total or below.tag in _LEAVES:
                return node
            node = below

    def stands_apart(self, element: Element, stop: Element) -> bool:
        """Whether it lies in a block of another purpose: related articles, sharing, subscription, comments …

        A block that holds much of the article is the article, whatever it is called.
        """
        node: Element | None = element
        path = []
        answer = False
        while node is not None and node is not stop:
            known = self.apart.get(node)
            if known is not None:
                answer = known
                break
            path.append(node)
            node = node.getparent()
        for node in reversed(path):
            if not answer:
                answer = self._is_apart(node)
            self.apart[node] = answer
        return answer

    def _is_apart(self, element: Element) -> bool:
        if element.tag not in _APART_TAGS:
            name = _purpose(words_of(element))
            return bool(name) and self._held_by(name) < 0.4 * self.total
        return self.weight.get(element, 0) < 0.4 * self.total

    def _held_by(self, name: str) -> int:
        """Marked text in all elements of that name: a live report may stand in hundreds of “comments”."""
        if name not in self.named:
            held = 0
            for element, weight in self.weight.items():
                if _purpose(words_of(element)) == name:
                    held += weight
            self.named[name] = held
        return self.named[name]


def is_caption(block: Block) -> bool:
    """Whether a block is the words under a picture."""
    if block.kind == "caption":
        return True
    node: Element | None = block.element
    figure = next(block.element.iterancestors("figure"), None)
    if figure is not None and not has_picture(figure):
        return False  # the words under a table or a quotation are text
    for _ in range(3):
        if node is None or node.tag in ("article", "body", "main", "section"):
            return False
        if node.tag == "figure" and not block.quoted and block.kind != "row":
            return has_picture(node)
        if _names_caption(words_of(node)):
            return True
        node = node.getparent()
    return False


@dataclass(slots=True, eq=False)
class Choice:
    """The blocks taken for the article's text, and the element that holds them."""

    kept: list[Block]
    main: Element
    inside: set[Element] = field(default_factory=set)

    def __len__(self) -> int:
        return sum(len(block.key) for block in self.kept)


def choose(blocks: Sequence[Block], marks: Marking, root: Element, title: str = "") -> Choice:
    """The blocks of the article's text: those marked, and those that stand among them; none of another purpose."""
    marked = _without_others([bool(b.key) and b in marks for b in blocks], blocks, root)
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
        if structure.stands_apart(block.element, main) or is_caption(block):
            continue
        if not is_marked and not _belongs(block, mates, main, terms):
            continue
        holder = block.element.getparent()
        if len(block.key) >= _LONG and seen.setdefault(block.key, holder) is not holder:
            continue  # a copy for another screen; what one element says twice is text
        choice.kept.append(block)
    return choice


def _without_others(marked: Sequence[bool], blocks: Sequence[Block], root: Element) -> Sequence[bool]:
    """The marks without those in lists of related articles, which under a short text may be most of what was marked.

    Where nothing else was marked, such a name was given to the article itself.
    """
    known: dict[Element, bool] = {root: False}
    own = [is_marked and not _is_of_others(b.element, known) for is_marked, b in zip(marked, blocks, strict=True)]
    size = sum(len(b.key) for b, is_own in zip(blocks, own, strict=True) if is_own and b.kind not in _HEADINGS)
    return own if size >= _A_LINE else marked


def _is_of_others(element: Element, known: dict[Element, bool]) -> bool:
    path = []
    node: Element | None = element
    while node is not None and node not in known:
        path.append(node)
        node = node.getparent()
    answer = node is not None and known[node]
    for node in reversed(path):
        answer = answer or _names_others(words_of(node))
        known[node] = answer
    return answer


def _titled_article(blocks: Sequence[Block], main: Element, structure: Structure, title: str) -> Element | None:
    """The `article` with the page's title, where further articles are appended to it in elements of their own."""
    articles = [e for e in main.iter("article") if structure.weight.get(e, 0) >= _A_TEXT and e is not main]
    outer = [e for e in articles if not any(a in articles for a in e.iterancestors("article"))]
    if len(outer) < 2:
        return None
    headings = [b.element for b in blocks if b.key == title and b.kind in ("h1", "h2")]
    titled = [e for e in outer if any(e in h.iterancestors("article") for h in headings)]
    return titled[0] if len(titled) == 1 else None


def _holder(block: Block) -> Element | None:
    """The element whose running text the block is part of: its paragraph's, list's or quotation's parent, or the
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
    """Whether a block is running text by its length and links."""
    return block.kind == "p" and len(block.text) > 80 and block.linked < 0.3 * len(block.text)


def _twins(main: Element, structure: Structure) -> list[Element]:
    """Elements of the main one's kind beside it: an article cut in parts by advertisements or page breaks.

    Each part may have a wrapper of its own, beside the main one's wrapper.
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
    """The other children of a parent with the same tag and first class, none of another purpose."""
    name = (element.get("class") or "").split()[:1]
    return [
        e
        for e in parent.iterchildren(str(element.tag))
        if name
        and e is not element
        and (e.get("class") or "").split()[:1] == name
        and not structure.stands_apart(e, parent)
    ]


def _mates(blocks: Sequence[Block], marked: Sequence[bool]) -> dict[Element, int]:
    """How many marked blocks stand in each element."""
    mates: dict[Element, int] = {}
    for block, is_marked in zip(blocks, marked, strict=True):
        if is_marked and (holder := _holder(block)) is not None:
            mates[holder] = mates.get(holder, 0) + 1
    return mates


def _belongs(block: Block, mates: dict[Element, int], main: Element, terms: dict[Element, bool]) -> bool:
    """Whether a block that the extractor left out stands among those it took."""
    if block.linked >= 0.5 * len(block.text) or (block.linked and _lists_terms(block.element, terms)):
        return False
    if block.kind == "row" or block.element.tag == "figcaption":
        return True
    holder = _holder(block)
    return holder is not None and mates.get(holder, 0) >= (1 if holder is main else 2)


def _lists_terms(element: Element, known: dict[Element, bool]) -> bool:
    """Whether it links to tags or categories of the article, as WordPress marks them."""
    if element not in known:
        known[element] = any("tag" in (link.get("rel") or "").split() for link in element.iter("a"))
    return known[element]
