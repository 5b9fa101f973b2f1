"""The faster copy of trafilatura's main extractor finds what the original finds."""

from __future__ import annotations

from copy import deepcopy
from importlib import import_module

import pytest
from lxml import etree, html
from trafilatura.htmlprocessing import convert_tags, tree_cleaning
from trafilatura.main_extractor import extract_content
from trafilatura.settings import Extractor

from newsarchive.extraction.pages import parse
from newsarchive.extraction.quick_extractor import (
    EXPRESSIONS,
    NamedElements,
    TooShort,
    extract_content_once,
    translated,
)
from tests import golden

ORIGINALS = {
    f"{name}[{number}]": expression
    for name in EXPRESSIONS
    for number, expression in enumerate(getattr(import_module("trafilatura.main_extractor"), name))
}
LEFT = {"BODY_XPATH[1]", "BODY_XPATH[4]"}
"""Expressions that are quick as they are, or of another form."""
VALUES = (
    "post", "entry ", "entry-content", "articleBody", "post_inner_wrapper", "article x", "single-content", "FullText",
    "Main-Content", "Page-content", "content", "story", "sidebar", "Navigation", "navigation", "cookie", "share-x",
    "tags", "x ad y", "ad-left", "author", "bylines", "MostPopularStories", "reply-1", "hidden", "x hidden", "hide-x",
    "display: none", "display:none", "true", "message", "Teaser-box", "teaser", "caption", "img-caption", "nothing",
    "article", "text", "cell", "primary", "comments-title", "akismet-1", "Nav", "", "\N{CYRILLIC SMALL LETTER A}",
)  # fmt: skip
NAMES = ("class", "id", "style", "role", "itemprop", "data-component", "aria-hidden", "data-lp-replacement-content")


def _page_of_all_values() -> html.HtmlElement:
    page = html.Element("html")
    body = etree.SubElement(page, "body")
    tags = ("div", "section", "article", "main", "p", "span", "list", "item", "td")
    for number, (name, value) in enumerate((name, value) for name in NAMES for value in VALUES):
        holder = etree.SubElement(body, "div")
        other = "class" if name == "id" else "id"
        for attributes in ({name: value}, {name: value, other: VALUES[number % 7]}, {other: "cookie", name: value}):
            for tag in (tags[number % len(tags)], "div", "p"):
                etree.SubElement(holder, tag, attributes)
    return page


@pytest.mark.parametrize("name", ORIGINALS)
def test_a_translated_expression_finds_the_same_elements(name: str) -> None:
    page = _page_of_all_values()
    original, quick = ORIGINALS[name], translated(ORIGINALS[name])
    assert isinstance(quick, NamedElements) == (name not in LEFT)
    found = 0
    for tree in (page, page[0], *page[0]):
        wanted = original(tree)
        assert list(quick(tree))[:1] == wanted[:1]
        if not name.startswith("BODY"):
            assert list(quick(tree)) == wanted
        found += len(wanted)
    assert found


@pytest.mark.parametrize(
    "expression",
    [".//div[@class='a']", ".//*[self::div][@id and @class]", ".//*[self::div][@a='b'][not(self::p)]", ".//*[.//h1]"],
)
def test_an_expression_of_another_form_is_left_as_it_is(expression: str) -> None:
    original = etree.XPath(expression)
    assert translated(original) is original


def test_the_copy_extracts_what_the_original_extracts() -> None:
    options = Extractor(fast=True, comments=False, output_format="python")
    extracted = 0
    for page in golden.golden_pages():
        parsed = parse(page.pages[0])
        assert parsed is not None
        tree = convert_tags(tree_cleaning(parsed, options), options, page.url)
        body, text = extract_content(deepcopy(tree), options)
        try:
            quick_body, quick_text = extract_content_once(tree, options)
        except TooShort:
            assert len(text) < 1_000  # what the original found in its backup of the page
            continue
        assert (quick_text, etree.tostring(quick_body)) == (text, etree.tostring(body)), page.name
        extracted += 1
    assert extracted > 10


def test_changing_the_copy_leaves_the_original_alone() -> None:
    assert import_module("trafilatura.main_extractor").deepcopy is deepcopy
