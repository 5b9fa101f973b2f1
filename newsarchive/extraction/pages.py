"""Parses response bodies into HTML trees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree, html

from newsarchive.items import Page
from newsarchive.text.encodings import decode, inflate
from newsarchive.text.fingerprints import INLINE

_MARKUP_CAP = 6_000_000
_MAY_HOLD_IMAGES = 500_000
_INLINE_IMAGE = re.compile(r"(data:[\w/+.-]{1,60};base64,)[A-Za-z0-9+/=\s]{1000,}")
"""An image in the markup itself: its bytes may be more than all else that is read of a page."""
_DEEPEST = 200
_CONTROLS = bytes(c for c in range(32) if c not in (9, 10, 12, 13))


def read_tree(page: Page) -> html.HtmlElement | None:
    """Parse a page; None if it has no markup (empty, binary, not HTML)."""
    kind = page.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and not re.search(r"html|xml|text/plain|octet-stream|unknown", kind):
        return None
    return parse(
        decode(inflate(page.body, page.headers.get("content-encoding", "")), page.headers.get("content-type", ""))
    )


def parse(text: str) -> html.HtmlElement | None:
    """Parse markup; None if it has no elements. Never raises; deep nesting is flattened."""
    if len(text) > _MAY_HOLD_IMAGES:
        text = _INLINE_IMAGE.sub(r"\1", text)
    data = text[:_MARKUP_CAP].encode("utf-8", "replace").translate(None, _CONTROLS)
    if b"<" not in data:
        return None
    end = _END.search(data)
    if end is not None and data[end.end() :].strip():
        data = _END.sub(b"", data)
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, huge_tree=True)
    # one class for all elements: the default lookup by tag calls Python for each (a tenth of the total cost)
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=html.HtmlElement))
    try:
        tree = html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    _flatten(tree)
    if _LONG_NAME.search(data):
        _cut_names(tree)
    if next(islice(tree.iter("br"), _MOST_BREAKS, None), None) is not None:
        _cut_breaks(tree)
    return tree if tree.find("body") is not None else None


_END = re.compile(rb"</[hH][tT][mM][lL]\s{0,9}>")
"""The end of a page. libxml2 reads nothing after it, but some pages have their text there, and browsers show it."""
_LONGEST_NAMES = 2_000
_TOO_LONG = etree.XPath(f"//*[string-length(@class) > {_LONGEST_NAMES} or string-length(@id) > {_LONGEST_NAMES}]")
_LONG_NAME = re.compile(rb"=\s{0,9}(?:\"[^\"]{%d}|'[^']{%d}|[^\s>\"'=]{%d})" % ((_LONGEST_NAMES,) * 3))
"""What markup with a longer name has; most pages have none, and are not searched element by element."""
_MOST_BREAKS = 50


def _cut_names(tree: html.HtmlElement) -> None:
    """Cut endless class names, which cost more than linear time."""
    for element in _TOO_LONG(tree):
        for name in ("class", "id"):
            if len(element.get(name) or "") > _LONGEST_NAMES:
                element.set(name, element.get(name)[:_LONGEST_NAMES])


def _cut_breaks(tree: html.HtmlElement) -> None:
    """Cut long runs of line breaks, for which trafilatura's own pass takes more than linear time."""
    run: list[html.HtmlElement] = []
    for element in [*tree.iter("br"), None]:
        before = run[-1] if run else None
        if before is None or element is None or element.getprevious() is not before or (before.tail or "").strip():
            for extra in run[_MOST_BREAKS:-1]:
                extra.getparent().remove(extra)
            run = []
        if element is not None:
            run.append(element)


_TOO_DEEP = etree.XPath("/*" * _DEEPEST)


def _flatten(tree: html.HtmlElement) -> None:
    """Flatten elements nested so deeply that recursion could overflow the stack: their blocks become paragraphs."""
    for element in _TOO_DEEP(tree):
        lines = list(_lines(element))
        del element[:]
        element.text = None
        for line in lines:
            etree.SubElement(element, "p").text = line


def _lines(element: html.HtmlElement) -> Iterator[str]:
    """Yield the texts of the blocks below an element, without scripts and styles."""
    parts = [element.text or ""]
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if node is element:
            continue
        ends_line = node.tag not in INLINE
        if ends_line:
            yield from _line(parts)
            parts = []
        if event == "start":
            parts.append(node.text or "" if node.tag not in _SILENT else "")
        else:
            parts.append(node.tail or "")
    yield from _line(parts)


def _line(parts: list[str]) -> Iterator[str]:
    if text := " ".join("".join(parts).split()):
        yield text


_SILENT = ("script", "style", "noscript", "template", "svg", "textarea", "option")
