"""Splits a page into the visible blocks, in order: paragraphs, headings, list items, table rows and images."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import urljoin

from lxml import etree, html

from newsarchive.text.fingerprints import INLINE

Element: TypeAlias = html.HtmlElement

# fmt: off
_SKIPPED = frozenset((
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "embed", "canvas", "audio",
    "video", "map", "select", "option", "datalist", "textarea", "button", "input", "head", "title", "link", "meta",
    "nav", "dialog", "menu", "form-field", "source", "track", "param", "area", "frame", "frameset",
))
# fmt: on
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_INVISIBLE = str.maketrans(
    {chr(c): None for c in (*range(9), *range(14, 28))}
    | {"\u00ad": None, "\u200b": None, "\ufeff": None, "\u2060": None, "\u00a0": " ", "\u202f": " "}
)
_HAS_INVISIBLE = re.compile(f"[{re.escape(''.join(map(chr, _INVISIBLE)))}]")
_SPACE = re.compile(r"[ \t\r\f\v\u2000-\u200a\u3000\x1c-\x1f]+")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_HIDDEN_CLASS = re.compile(
    r"(?:^|[\s_-])(?:sr-only|screen-reader(?:-text)?|visually-?hidden|visuallyhidden|show-for-sr|assistive-text|a11y-hidden)(?:\s|$)"
    r"|(?:^|\s)(?:is-hidden|d-none|element-invisible|hide)(?:\s|$)",
    re.I,
)
_DROP_CAP = re.compile(r"drop-?_?cap|first-?letter|initial-?letter|lettrine", re.I)
_CACHED_LENGTH = 100
"""Lines shorter than this are cached: menus, sidebars and calendars repeat on every page of a site."""
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
    if block.kind not in _HEADINGS:
        return False
    below = block.element.getnext()
    return below is not None and below.tag in ("p", "figure", "img", "blockquote", "ul", "ol") and not _is_link(below)


def _is_link(element: Element) -> bool:
    return _link_share(element, " ".join("".join(element.itertext()).split())) >= 0.9


def clean(text: str) -> str:
    """Normalize visible text: remove soft hyphens and zero-width characters, collapse spaces, trim lines, apply NFC.

    >>> clean("Тәуел\\u00adсіздік \\u00a0 күні")
    'Тәуелсіздік күні'
    """
    return _cleaned_cached(text) if len(text) < _CACHED_LENGTH else _cleaned(text)


def _cleaned(text: str) -> str:
    if _HAS_INVISIBLE.search(text):  # rare, and searching costs a tenth of translating
        text = text.translate(_INVISIBLE)
    text = text.strip()
    if text != " ".join(text.split()):
        text = _SPACE.sub(" ", text)
        if "\n" in text:
            text = re.sub(r" ?\n ?", "\n", text)
    return unicodedata.normalize("NFC", text).strip()


_cleaned_cached = lru_cache(maxsize=4096)(_cleaned)


def read_blocks(root: Element, *, skipped: Collection[Element] = (), hidden: bool = False) -> list[Block]:
    """Return the blocks below an element in document order, except those below a skipped element.

    Those that the page hides are included only if `hidden` says so.
    """
    reader = _Reader(skipped, hidden=hidden)
    reader.walk(root)
    reader.flush(root)
    return reader.blocks


_OFTEN_UNCLOSED = frozenset({"nav", "button", "menu", "dialog", "header", "aside", "footer", "form"})


def wraps_article(element: Element) -> bool:
    """True for a menu, a button or the like that the page does not close, so that its article is inside it."""
    return element.tag in _OFTEN_UNCLOSED and (
        element.find(".//main") is not None or element.find(".//article//h1") is not None
    )


def hides_text(root: Element) -> bool:
    """True if the page hides an element with much of its text."""
    hiding = (e for e in root.iter("div", "main", "article", "section", "body") if _is_hidden(e))
    return any(len("".join(e.itertext()).strip()) >= _MIN_HIDDEN for e in hiding)


_MIN_HIDDEN = 200


class _Reader:
    """Collects text until a block begins or ends, then makes it a block."""

    def __init__(self, skipped: Collection[Element] = (), *, hidden: bool = False) -> None:
        self.skipped = skipped
        self.hidden = hidden
        self.blocks: list[Block] = []
        self.pieces: list[tuple[str, str]] = []
        self.has_break = False
        """True if the pieces include a line break."""
        self.kind = "p"
        self.link = ""
        self.quoted = False
        self.folded = False
        self.lists: list[list[int]] = []

    def walk(self, element: Element) -> None:
        """Read an element's text and children; inline children continue the block, others begin and end one."""
        if text := element.text:
            self._add(text)
        skipped = self.skipped
        for child in element:
            tag = child.tag
            if skipped and child in skipped:
                tag = "script"
            if tag in INLINE:
                if self.hidden or not _is_hidden(child):
                    self._inline(child, tag)
            elif tag == "br":
                self.pieces.append(("\v", ""))
                self.has_break = True
            elif tag == "img" or tag == "amp-img":
                self._image(child)
            elif tag in ("rt", "rp"):
                if _is_bracketed(child):
                    self.walk(child)
            elif isinstance(tag, str) and (tag not in _SKIPPED or wraps_article(child)):
                self._block(child, tag)
            if text := child.tail:
                self._add(text)

    def _add(self, text: str) -> None:
        if self.pieces or not text.isspace():  # leading space is not part of a block
            self.pieces.append((text, self.link))

    def _inline(self, element: Element, tag: str) -> None:
        if tag == "a" and (href := element.get("href")) and not href.startswith("#"):
            outer, self.link = self.link, href.strip() or " "
            self.walk(element)
            self.link = outer
        else:
            self.walk(element)

    def _image(self, element: Element) -> None:
        # an image inside a line (an emoji, an icon) must not end the block
        in_line = not all(text.isspace() for text, _ in self.pieces)
        block = Block(kind="image", text="", element=element)
        if in_line:
            self.flush(element.getparent(), before=block)
        else:
            self.blocks.append(block)

    def _block(self, element: Element, tag: str) -> None:
        if not self.hidden and _is_hidden(element):
            if is_folded(element):
                self._fold(element)
            return
        if self._runs_on(element, tag):
            self.walk(element)
            return
        if self.pieces:
            self.flush(element.getparent())
        if tag in _BLOCKS:
            _BLOCKS[tag](self, element, tag)
        else:
            self.walk(element)
            if self.pieces:
                self.flush(element)

    def _fold(self, element: Element, tag: str = "") -> None:
        outer, self.folded = self.folded, True
        if self.pieces:
            self.flush(element.getparent())
        self.walk(element)
        self.flush(element)
        self.folded = outer

    def _runs_on(self, element: Element, tag: str) -> bool:
        """True for a drop cap, or a custom element inside a line (custom elements are inline unless styled)."""
        if (
            len(element) == 0
            and element.text
            and len(element.text.strip()) == 1
            and _DROP_CAP.search(element.get("class") or "")
        ):
            return True
        return "-" in tag and len(element) == 0 and bool(self.pieces)

    def _heading(self, element: Element, tag: str) -> None:
        self._as(tag, element)

    def _paragraph(self, element: Element, tag: str) -> None:
        # in broken markup a heading may contain the whole article
        self._as(tag if self.kind in _HEADINGS else self.kind, element)

    def _preformatted(self, element: Element, tag: str) -> None:
        text = "".join(element.itertext()).translate(_INVISIBLE).strip("\n")
        if text.strip():
            self.blocks.append(Block(kind=tag, text=text, element=element, pieces=((text, ""),)))

    def _quote(self, element: Element, tag: str) -> None:
        outer, self.quoted = self.quoted, True
        self.walk(element)
        self.flush(element)
        self.quoted = outer

    def _caption(self, element: Element, tag: str) -> None:
        # text below a table or a quotation is not an image caption
        figure = next(element.iterancestors("figure"), None)
        self._as("caption" if figure is None or has_media(figure) else "p", element)

    def _list(self, element: Element, tag: str) -> None:
        start = element.get("start") or "1"
        self.lists.append([int(start) if start.isdecimal() and len(start) < 6 else 1] if tag == "ol" else [])
        self.walk(element)
        self.flush(element)
        self.lists.pop()

    def _item(self, element: Element, tag: str) -> None:
        self._as("li", element)
        if self.lists and self.lists[-1]:
            self.lists[-1][0] += 1

    def _table(self, element: Element, tag: str) -> None:
        if not _is_data(element):
            self.walk(element)
            self.flush(element)
            return
        for caption in element.iterchildren("caption"):
            self._as("p", caption)
        for row in element.iter("tr"):
            pictures = [b for cell in row if isinstance(cell.tag, str) for b in self._cell(cell)]
            self.blocks.extend(pictures)

    def _cell(self, cell: Element) -> list[Block]:
        """Add a cell to its row. Returns the images in it."""
        inner = _Reader(self.skipped, hidden=self.hidden)
        inner.walk(cell)
        inner.flush(cell)
        row = cell.getparent()
        texts = [b for b in inner.blocks if b.kind != "image"]
        joined = " ".join([b.text.replace("\n", " ") for b in texts])
        pieces = tuple([p for b in texts for p in (*b.pieces, (" ", ""))])
        last = self.blocks[-1] if self.blocks else None
        if last is not None and last.kind == "row" and last.element is row:
            last.text += f" | {joined}"
            last.pieces += ((" | ", ""), *pieces)
            last.linked += sum([b.linked for b in texts])
        else:
            block = Block(kind="row", text=joined, element=row, pieces=pieces, linked=sum([b.linked for b in texts]))
            self.blocks.append(block)
        return [b for b in inner.blocks if b.kind == "image"]

    def _as(self, kind: str, element: Element) -> None:
        outer, self.kind = self.kind, kind
        self.walk(element)
        self.flush(element)
        self.kind = outer

    def flush(self, element: Element, before: Block | None = None) -> None:
        """Make the collected text a block, or several if empty lines (two line breaks) separate it."""
        if before is not None:  # the line continues after the image
            self.blocks.append(before)
            return
        pieces, self.pieces = self.pieces, []
        if not pieces:
            return
        if not self.has_break:
            self._emit(pieces, element)
            return
        self.has_break = False
        group: list[tuple[str, str]] = []
        gap = False
        for text, link in pieces:
            if text == "\v":
                if gap:
                    self._emit(group, element)
                    group = []
                gap = True
                group.append(("\v", ""))
                continue
            if text.strip():
                gap = False
            group.append((text, link))
        self._emit(group, element)

    def _emit(self, group: list[tuple[str, str]], element: Element) -> None:
        raw = "".join([text for text, _ in group])
        text = clean(raw.replace("\n", " ").replace("\v", "\n"))
        if not text:
            return
        linked = sum([len(piece.strip()) for piece, link in group if link])
        block = Block(
            kind=self.kind,
            text=text,
            element=element,
            linked=linked,
            pieces=tuple(group),
            quoted=self.quoted,
            folded=self.folded,
        )
        if self.lists and self.kind == "li":
            block.depth = len(self.lists)
            block.number = self.lists[-1][0] if self.lists[-1] else 0
            self.kind = "p"  # the rest of the item is paragraphs, not items
        self.blocks.append(block)


_BLOCKS = {
    **dict.fromkeys(_HEADINGS, _Reader._heading),
    "p": _Reader._paragraph,
    "pre": _Reader._preformatted,
    "blockquote": _Reader._quote,
    "details": _Reader._fold,
    "figcaption": _Reader._caption,
    "ul": _Reader._list,
    "ol": _Reader._list,
    "li": _Reader._item,
    "table": _Reader._table,
}


_PICTURES = ("img", "picture", "video", "iframe", "svg", "object", "amp-img", "canvas", "audio", "noscript")


def has_media(element: Element) -> bool:
    """True if there are images, video or audio below an element."""
    return next(element.iter(*_PICTURES), None) is not None


def _is_hidden(element: Element) -> bool:
    names = element.keys()
    if not names:
        return False
    if "class" in names and _is_hiding(element.get("class") or ""):
        return True
    return "hidden" in names or ("style" in names and _HIDING.search(element.get("style") or "") is not None)


_FOLDED = re.compile(
    r"(?:^|[\s_-])(?:spoiler\w*|\w*spoiler|accordion\w*|collaps\w*|toggle\w*|expand\w*|fold(?:ed|able)?|unfold|faq\w*"
    r"|(?:read|show|see)-?more|more-?text|full-?text|hidden-?text|rest)(?:$|[\s_-])",
    re.I,
)


def is_folded(element: Element) -> bool:
    """True if hidden text is the article's, shown at a click: a spoiler, «show more», an accordion.

    It is prose, and its class, or the element before it, is that of a switch.
    """
    text = " ".join("".join(element.itertext()).split())
    if len(text) < _MIN_FOLDED or _link_share(element, text) > 0.3 or element.find(".//input") is not None:
        return False
    around = [element, element.getprevious(), element.getparent()]
    if any(e is not None and _FOLDED.search(f"{e.get('class') or ''} {e.get('id') or ''}") for e in around):
        return True
    switch = element.getprevious()
    return switch is not None and any(
        e.tag in ("button", "summary") or e.get("onclick") or e.get("aria-expanded") or e.get("aria-controls")
        for e in (switch, *switch.iter("button", "a", "span"))
    )


_MIN_FOLDED = 80


def _link_share(element: Element, text: str) -> float:
    linked = sum(len(" ".join("".join(a.itertext()).split())) for a in element.iter("a"))
    return linked / len(text) if text else 0.0


@lru_cache(maxsize=20_000)
def _is_hiding(words: str) -> bool:
    return _HIDDEN_CLASS.search(words) is not None


def _is_bracketed(element: Element) -> bool:
    """True if a ruby annotation has brackets (`rp`) for plain text."""
    parent = element.getparent()
    return element.tag == "rp" or (parent is not None and parent.find("rp") is not None)


_CELLS = etree.XPath("count(.//tr) > 0 and not(.//table) and count(.//td|.//th) > 1")


def _is_data(table: Element) -> bool:
    """True for a table of data; old pages also use tables for layout, with the article inside a cell."""
    if not _CELLS(table):
        return False
    cells = list(table.iter("td", "th"))
    if table.find(".//h1") is not None or any(len(cell.findall("p")) > 2 for cell in cells):
        return False
    longest = max(len("".join(c.itertext())) for c in cells)
    rows = sum(1 for _ in table.iter("tr"))
    return longest < 600 and len(cells) > rows and table.find(".//form") is None


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
