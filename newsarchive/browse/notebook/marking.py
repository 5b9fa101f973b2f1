"""Marking passages in the text of an article's page. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import html
from markupsafe import Markup

from newsarchive.notebook import Passage
from newsarchive.notebook.anchoring import find_passage

MOST = 200
"""Maximum number of passages that are marked on a page."""
_BLOCKS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "td", "th", "pre", "figure", "br"})
_SKIPPED = frozenset({"figure", "figcaption"})

Places = list[tuple[html.HtmlElement, str, int]]
"""Text nodes: element, ``text`` or ``tail``, and where the node begins in the whole text."""


def mark_passages(prose: Markup, passages: Sequence[tuple[str, Passage]]) -> Markup:
    """Return a text in which each passage is marked, with its name as the id of its first mark.

    >>> str(mark_passages(Markup("<p>Су <em>та</em>сыды.</p>"), [("n1", Passage(quotation="тасыды"))]))
    '<p>Су <em><mark class="noted" id="n1">та</mark></em><mark class="noted">сыды</mark>.</p>'
    """
    if not passages or not prose:
        return prose
    root = html.fragment_fromstring(str(prose), create_parent="div")
    for name, passage in passages[:MOST]:
        text, nodes = _text_of(root)
        if place := find_passage(text, passage):
            _mark(nodes, *place, name)
    inner = (root.text or "") and str(Markup.escape(root.text))
    return Markup(inner + "".join(html.tostring(child, encoding="unicode") for child in root))  # noqa: S704 - as it was


def _text_of(root: html.HtmlElement) -> tuple[str, Places]:
    pieces: list[str] = []
    nodes: Places = []
    length = 0
    for element, kind, text in _nodes(root):
        if text and kind:
            nodes.append((element, kind, length))
        pieces.append(text)
        length += len(text)
    return "".join(pieces), nodes


def _nodes(element: html.HtmlElement) -> Iterator[tuple[html.HtmlElement, str, str]]:
    """Yield the text nodes in reading order, and a line break (without a kind) after each block."""
    yield element, "text", element.text or ""
    for child in element:
        if child.tag not in _SKIPPED:
            yield from _nodes(child)
        if child.tag in _BLOCKS:
            yield child, "", "\n"
        yield child, "tail", child.tail or ""


def _mark(nodes: Places, start: int, end: int, name: str) -> None:
    """Wrap the characters from `start` to `end`; the last node first, so that the others stay where they are."""
    touched = [
        (element, kind, max(start - begin, 0), min(end - begin, len(getattr(element, kind))))
        for element, kind, begin in nodes
        if begin < end and begin + len(getattr(element, kind)) > start
    ]
    touched = [piece for piece in touched if getattr(piece[0], piece[1])[piece[2] : piece[3]].strip()]
    for number, (element, kind, first, last) in reversed(list(enumerate(touched))):
        text = getattr(element, kind)
        mark = html.Element("mark", {"class": "noted", **({} if number else {"id": name})})
        mark.text, mark.tail = text[first:last], text[last:]
        if kind == "text":
            element.insert(0, mark)
        else:
            parent = element.getparent()
            parent.insert(parent.index(element) + 1, mark)
        setattr(element, kind, text[:first])
