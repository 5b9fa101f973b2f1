"""Runs trafilatura to mark the text of a page: only its first pass, or its whole cascade.

One of three modules that use trafilatura's private interfaces: `bare_extraction` copies the tree for its later passes
and reads the metadata, which takes as long as its first pass; here only the steps of that are run.
tests/test_trafilatura_interfaces.py tells which of them an update changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice

from lxml import etree
from trafilatura import bare_extraction, external
from trafilatura.htmlprocessing import convert_tags, prune_unwanted_nodes, tree_cleaning
from trafilatura.main_extractor import extract_content
from trafilatura.settings import Extractor
from trafilatura.xpaths import RAW_TREE_PRUNE_XPATH, REMOVE_COMMENTS_AND_LISTS_XPATH

from newsarchive.extraction.blocks import Block, Element
from newsarchive.extraction.marks import Marks, marks_of
from newsarchive.extraction.quick_extractor import TooShort, extract_content_once
from newsarchive.extraction.thinning import thinned
from newsarchive.text.folding import fold

_SHORT = 120
"""Shorter lines must match exactly; longer ones are searched in the whole text."""
_FAILURES = (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError, etree.LxmlError)


@cache
def _options(*, fast: bool) -> Extractor:
    options = Extractor(fast=fast, comments=False, output_format="python")
    if fast:
        options.focus = "first pass"  # no second pass in recall mode: `text` decides if the result is too short
    return options


def first_marks(root: Element, blocks: Sequence[Block], url: str) -> Marks:
    """Return the marks of the main extractor, or of the fast cascade if these are very few."""
    try:
        try:
            body = _first_pass(thinned(root, blocks, cleaned=True), url, extract_content_once)
        except TooShort:
            body = _first_pass(thinned(root, blocks, cleaned=True), url, extract_content)
    except _FAILURES:
        return Marks()  # trafilatura fails on some markup; its result is only a hint
    return _marks(body) if body is not None else _whole_cascade(root, blocks, url, fast=True)


def thorough_marks(root: Element, blocks: Sequence[Block], url: str) -> Marks:
    """Return the marks of the whole cascade, which compares several extractors."""
    _load_stop_words()
    return _whole_cascade(root, blocks, url, fast=False)


@cache
def _load_stop_words() -> None:
    """Keep the stop words of all languages as a set, which knows its hash.

    Trafilatura has a tuple of 150,000 words, which is hashed for every text that its last extractor reads.
    """
    vars(external)["JT_STOPLIST"] = frozenset(external.jt_stoplist_init())


# Names that the two pruning steps look for. Their XPath expressions call Python for every element, so they run only
# if one of these names is on the page.
_MAY_BE_APPENDED = re.compile("infinite|mvp-post-add|elementor-share")
_PRUNED = ("div", "section", "aside", "details", "list", "ol", "ul")
_MAY_BE_COMMENTS = re.compile("omment|comol|disqus")


def _first_pass(
    page: Element, url: str, extract: Callable[[Element, Extractor], tuple[etree._Element, str]]
) -> etree._Element | None:
    """Run the steps of `bare_extraction` up to its main extractor, without its copies for later steps.

    Returns None if the result is so short that the later steps are needed.
    """
    options = _options(fast=True)
    names = "\n".join([f"{e.get('class')} {e.get('id')}" for e in page.iter(*_PRUNED)])
    if _MAY_BE_APPENDED.search(names):
        page = prune_unwanted_nodes(page, RAW_TREE_PRUNE_XPATH)
    if _MAY_BE_COMMENTS.search(names):
        page = prune_unwanted_nodes(page, REMOVE_COMMENTS_AND_LISTS_XPATH)
    body, text = extract(convert_tags(tree_cleaning(page, options), options, url), options)
    return body if len(text) >= options.min_extracted_size else None


_MAX_ELEMENTS = 40_000
"""Larger pages are not articles, and the cascade, which reads a page many times, would take seconds."""


def is_large(root: Element) -> bool:
    """True for a page that is too large for the whole cascade."""
    return next(islice(root.iter("*"), _MAX_ELEMENTS, None), None) is not None


def _whole_cascade(root: Element, blocks: Sequence[Block], url: str, *, fast: bool) -> Marks:
    if is_large(root):
        return Marks()
    try:
        document = bare_extraction(thinned(root, blocks), url=url, options=_options(fast=fast))
    except _FAILURES:
        return Marks()
    if document is None or isinstance(document, dict) or document.body is None:
        return Marks()
    return _marks(document.body)


def _marks(body: etree._Element) -> Marks:
    texts = (_text_in(element) for element in body.iter())
    whole = "".join(fold("".join(element.itertext())) for element in body)
    return replace(marks_of([text for text in texts if len(text) < _SHORT]), whole=whole)


def _text_in(element: etree._Element) -> str:
    return "".join(element.itertext()) if len(element) else element.text or ""
