"""Splits a page into its visible blocks, in document order."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TypeAlias

from lxml import etree

from newsarchive.extraction.blocks import HEADING_TAGS, Block, Element, has_media
from newsarchive.extraction.visibility import is_folded, is_hidden, wraps_article
from newsarchive.text.fingerprints import INLINE
from newsarchive.text.spacing import INVISIBLE, tidy

Piece: TypeAlias = tuple[str, str]
"""Text, and its link target or an empty string."""
_BREAK = "\v"
"""A line break among the pieces; it becomes a line end in the block's text."""
# fmt: off
_SKIPPED = frozenset((
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "embed", "canvas", "audio",
    "video", "map", "select", "option", "datalist", "textarea", "button", "input", "head", "title", "link", "meta",
    "nav", "dialog", "menu", "form-field", "source", "track", "param", "area", "frame", "frameset",
))
# fmt: on
_DROP_CAP = re.compile(r"drop-?_?cap|first-?letter|initial-?letter|lettrine", re.I)


def read_blocks(root: Element, *, skipped: Collection[Element] = (), hidden: bool = False) -> list[Block]:
    """Return the blocks below an element in document order, except those below a skipped element.

    Those that the page hides are included only if `hidden` says so.
    """
    reader = _Reader(skipped, hidden=hidden)
    reader.walk(root)
    reader.flush(root)
    return reader.blocks


class _Line:
    """The text of a block that is being collected, in pieces with their link targets."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.has_break = False

    def add_break(self) -> None:
        """Add a line break."""
        self.pieces.append((_BREAK, ""))
        self.has_break = True

    def take(self) -> list[list[Piece]]:
        """Return what was collected, divided where empty lines (two line breaks) separate it, and begin anew."""
        pieces, self.pieces = self.pieces, []
        if not pieces:
            return []
        if not self.has_break:
            return [pieces]
        self.has_break = False
        groups: list[list[Piece]] = [[]]
        gap = False
        for text, link in pieces:
            if text == _BREAK:
                if gap:
                    groups.append([])
                gap = True
            elif text.strip():
                gap = False
            groups[-1].append((text, link))
        return groups


class _Reader:
    """Collects text until a block begins or ends, then makes it a block."""

    def __init__(self, skipped: Collection[Element] = (), *, hidden: bool = False) -> None:
        self.skipped = skipped
        self.hidden = hidden
        self.blocks: list[Block] = []
        self.line = _Line()
        self.kind = "p"
        self.link = ""
        self.quoted = False
        self.folded = False
        self.lists: list[list[int]] = []

    def walk(self, element: Element) -> None:
        """Read an element's text and children; inline children continue the block, others begin and end one."""
        line = self.line
        # leading space is not part of a block
        if (text := element.text) and (line.pieces or not text.isspace()):
            line.pieces.append((text, self.link))
        skipped = self.skipped
        for child in element:
            tag = child.tag
            if skipped and child in skipped:
                tag = "script"
            if tag in INLINE:
                if self.hidden or not is_hidden(child):
                    self._inline(child, tag)
            elif tag == "br":
                self.line.add_break()
            elif tag == "img" or tag == "amp-img":
                self._image(child)
            elif tag in ("rt", "rp"):
                if _is_bracketed(child):
                    self.walk(child)
            elif isinstance(tag, str) and (tag not in _SKIPPED or wraps_article(child)):
                self._block(child, tag)
            if (text := child.tail) and (line.pieces or not text.isspace()):
                line.pieces.append((text, self.link))

    def _inline(self, element: Element, tag: str) -> None:
        if tag == "a" and (href := element.get("href")) and not href.startswith("#"):
            outer, self.link = self.link, href.strip() or " "
            self.walk(element)
            self.link = outer
        else:
            self.walk(element)

    def _image(self, element: Element) -> None:
        # an image inside a line (an emoji, an icon) does not end the line's block
        self.blocks.append(Block(kind="image", text="", element=element))

    def _block(self, element: Element, tag: str) -> None:
        if not self.hidden and is_hidden(element):
            if is_folded(element):
                self._fold(element)
            return
        if not len(element) and self._runs_on(element, tag):
            self.walk(element)
            return
        if self.line.pieces:
            self.flush(element.getparent())
        if tag in _BLOCKS:
            _BLOCKS[tag](self, element, tag)
        else:
            self.walk(element)
            if self.line.pieces:
                self.flush(element)

    def _fold(self, element: Element, tag: str = "") -> None:
        outer, self.folded = self.folded, True
        if self.line.pieces:
            self.flush(element.getparent())
        self.walk(element)
        self.flush(element)
        self.folded = outer

    def _runs_on(self, element: Element, tag: str) -> bool:
        """True for a drop cap, or a custom element inside a line (custom elements are inline unless styled).

        Neither has children.
        """
        text = element.text
        if text and len(text.strip()) == 1 and _DROP_CAP.search(element.get("class") or ""):
            return True
        return "-" in tag and bool(self.line.pieces)

    def _heading(self, element: Element, tag: str) -> None:
        self._as(tag, element)

    def _paragraph(self, element: Element, tag: str) -> None:
        # in broken markup a heading may contain the whole article
        self._as(tag if self.kind in HEADING_TAGS else self.kind, element)

    def _preformatted(self, element: Element, tag: str) -> None:
        text = "".join(element.itertext()).translate(INVISIBLE).strip("\n")
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
            pictures = [b for cell in row.iterchildren("td", "th") for b in self._cell(cell)]
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

    def flush(self, element: Element) -> None:
        """Make the collected text a block, or several if empty lines separate it."""
        for group in self.line.take():
            self._emit(group, element)

    def _emit(self, group: list[Piece], element: Element) -> None:
        raw = "".join([text for text, _ in group])
        text = tidy(raw.replace("\n", " ").replace(_BREAK, "\n"))
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
    **dict.fromkeys(HEADING_TAGS, _Reader._heading),
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
