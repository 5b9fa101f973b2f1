"""A page as the blocks a reader sees: paragraphs, headings, list items, table rows, pictures, in order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import urljoin

from lxml import etree, html

from newsarchive.fingerprints import INLINE

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
_AGAIN = 100
"""Characters of a line that may well come again: menus, sidebars and calendars are the same on every page of a site."""
_MOSTLY_LINKS = 0.8


@dataclass(slots=True, eq=False)
class Block:
    """One block: `kind` is p, h1 … h6, li, row, pre, caption or image; `element` is where it stands in the tree."""

    kind: str
    text: str
    element: Element
    linked: int = 0
    """How many of its letters are link text."""
    pieces: tuple[tuple[str, str], ...] = ()
    """Its text in pieces, each with the address it links to or an empty string."""
    quoted: bool = False
    depth: int = 0
    """How deep in lists it stands."""
    number: int = 0
    """Its number in an ordered list."""
    key: str = field(default="")
    """Letters and digits alone, without case: what is compared."""

    @property
    def is_links(self) -> bool:
        """Whether it is hardly more than links."""
        return self.linked > _MOSTLY_LINKS * len(self.text)


def clean(text: str) -> str:
    """Visible text: no soft hyphens and zero-width marks, spaces as one space, lines trimmed, NFC.

    >>> clean("Тәуел\\u00adсіздік \\u00a0 күні")
    'Тәуелсіздік күні'
    """
    return _cleaned_again(text) if len(text) < _AGAIN else _cleaned(text)


def _cleaned(text: str) -> str:
    if _HAS_INVISIBLE.search(text):  # few texts have any, and to look is a tenth of translating
        text = text.translate(_INVISIBLE)
    text = text.strip()
    if text != " ".join(text.split()):
        text = _SPACE.sub(" ", text)
        if "\n" in text:
            text = re.sub(r" ?\n ?", "\n", text)
    return unicodedata.normalize("NFC", text).strip()


_cleaned_again = lru_cache(maxsize=4096)(_cleaned)


def read_blocks(root: Element, *, skipped: Collection[Element] = ()) -> list[Block]:
    """The blocks below an element, in document order, those below a skipped element left out."""
    reader = _Reader(skipped)
    reader.walk(root)
    reader.flush(root)
    return reader.blocks


class _Reader:
    """Collects running text until a block begins or ends, then makes it a block."""

    def __init__(self, skipped: Collection[Element] = ()) -> None:
        self.skipped = skipped
        self.blocks: list[Block] = []
        self.pieces: list[tuple[str, str]] = []
        self.parted = False
        """Whether there is a line break among the pieces."""
        self.kind = "p"
        self.link = ""
        self.quoted = False
        self.lists: list[list[int]] = []

    def walk(self, element: Element) -> None:
        """Take in an element's text and children; inline ones run on, others begin and end a block."""
        if text := element.text:
            self._add(text)
        skipped = self.skipped
        for child in element:
            tag = child.tag
            if skipped and child in skipped:
                tag = "script"
            if tag in INLINE:
                if not _is_hidden(child):
                    self._inline(child, tag)
            elif tag == "br":
                self.pieces.append(("\v", ""))
                self.parted = True
            elif tag == "img" or tag == "amp-img":
                self._image(child)
            elif tag in ("rt", "rp"):
                if _is_bracketed(child):
                    self.walk(child)
            elif tag not in _SKIPPED and isinstance(tag, str):
                self._block(child, tag)
            if text := child.tail:
                self._add(text)

    def _add(self, text: str) -> None:
        if self.pieces or not text.isspace():  # space before a block's first word is none of its text
            self.pieces.append((text, self.link))

    def _inline(self, element: Element, tag: str) -> None:
        if tag == "a" and (href := element.get("href")) and not href.startswith("#"):
            outer, self.link = self.link, href.strip() or " "
            self.walk(element)
            self.link = outer
        else:
            self.walk(element)

    def _image(self, element: Element) -> None:
        # a picture inside a running line (an emoji, an icon) must not break the line: the chooser looks at it later
        running = not all(text.isspace() for text, _ in self.pieces)
        block = Block(kind="image", text="", element=element)
        if running:
            self.flush(element.getparent(), before=block)
        else:
            self.blocks.append(block)

    def _block(self, element: Element, tag: str) -> None:
        if _is_hidden(element):
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

    def _runs_on(self, element: Element, tag: str) -> bool:
        """Whether it is a drop cap, or an unknown element inside a line (custom elements are inline unless styled)."""
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
        # broken markup puts whole articles into a heading
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
        # the words under a table or a quotation are text
        figure = next(element.iterancestors("figure"), None)
        self._as("caption" if figure is None or has_picture(figure) else "p", element)

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
        """Take a cell into its row; gives the pictures in it."""
        inner = _Reader(self.skipped)
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
        """End the running text: one block, or several where empty lines (two line breaks) part it."""
        if before is not None:  # the line goes on after the picture
            self.blocks.append(before)
            return
        pieces, self.pieces = self.pieces, []
        if not pieces:
            return
        if not self.parted:
            self._emit(pieces, element)
            return
        self.parted = False
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
            kind=self.kind, text=text, element=element, linked=linked, pieces=tuple(group), quoted=self.quoted
        )
        if self.lists and self.kind == "li":
            block.depth = len(self.lists)
            block.number = self.lists[-1][0] if self.lists[-1] else 0
            self.kind = "p"  # what follows in the item is a paragraph of it, not an item
        self.blocks.append(block)


_BLOCKS = {
    **dict.fromkeys(_HEADINGS, _Reader._heading),
    "p": _Reader._paragraph,
    "pre": _Reader._preformatted,
    "blockquote": _Reader._quote,
    "figcaption": _Reader._caption,
    "ul": _Reader._list,
    "ol": _Reader._list,
    "li": _Reader._item,
    "table": _Reader._table,
}


_PICTURES = ("img", "picture", "video", "iframe", "svg", "object", "amp-img", "canvas", "audio", "noscript")


def has_picture(element: Element) -> bool:
    """Whether there is anything to look at or listen to below an element."""
    return next(element.iter(*_PICTURES), None) is not None


def _is_hidden(element: Element) -> bool:
    names = element.keys()
    if not names:
        return False
    if "class" in names and _is_hiding(element.get("class") or ""):
        return True
    return "hidden" in names or ("style" in names and _HIDING.search(element.get("style") or "") is not None)


@lru_cache(maxsize=20_000)
def _is_hiding(words: str) -> bool:
    return _HIDDEN_CLASS.search(words) is not None


def _is_bracketed(element: Element) -> bool:
    """Whether a reading above a word comes with the brackets that set it apart in running text."""
    parent = element.getparent()
    return element.tag == "rp" or (parent is not None and parent.find("rp") is not None)


_CELLS = etree.XPath("count(.//tr) > 0 and not(.//table) and count(.//td|.//th) > 1")


def _is_data(table: Element) -> bool:
    """Whether a table holds data: old pages use tables for layout too, with the article's paragraphs in a cell."""
    if not _CELLS(table):
        return False
    cells = list(table.iter("td", "th"))
    longest = max(len("".join(c.itertext())) for c in cells)
    rows = sum(1 for _ in table.iter("tr"))
    return longest < 600 and len(cells) > rows and table.find(".//form") is None


_WHOLE = re.compile(r"https?://[\w.:-]+(?:/[^\s\\\[\];?#]*)?(?:\?[^\s;?#]+)?(?:#\S+)?", re.ASCII)


def absolute(base: str, address: str) -> str:
    """An address on the page as a full one; empty where it cannot be read.

    >>> absolute("https://kz.example/a/", "../b?"), absolute("https://kz.example/", "http://kz.example/c")
    ('https://kz.example/b', 'http://kz.example/c')
    """
    address = address.strip()
    if _WHOLE.fullmatch(address):  # as most are: nothing to join
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return ""
