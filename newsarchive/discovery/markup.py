"""Parses pages as HTML, and what scripts load: fragments of HTML, and JSON that holds some."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from typing import Any

from lxml import etree, html
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.json import read_json
from newsarchive.items import Page
from newsarchive.urls import AddressError, absolute_url

_URL_NAMES = ("url", "link", "href", "permalink", "path", "full_url", "uri")
_TITLE_NAMES = ("title", "name", "headline", "header", "subject")


def parse_html(page: Page) -> html.HtmlElement:
    """Parse the page as HTML. Raises ListingError if that is impossible."""
    charset = re.search(r"charset=[\"']?([\w-]+)", page.headers.get("content-type", ""))
    encoding = charset.group(1) if charset else detect_encoding(page.body[:100_000])
    try:
        text = bytes_to_str(page.body, encoding or "utf-8").replace("\x00", "")
    except (LookupError, ValueError):  # an unknown encoding, or a codec that does not decode text
        text = bytes_to_str(page.body, detect_encoding(page.body[:100_000]) or "utf-8").replace("\x00", "")
    try:
        tree = html.document_fromstring(
            re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=html.HTMLParser(huge_tree=False)
        )
    except (etree.ParserError, ValueError) as error:
        raise ListingError(page.url, "not HTML") from error
    return tree


def parse_any(page: Page) -> tuple[html.HtmlElement, bool]:
    """Parse a page, or what a script loads: a fragment of HTML, or JSON that holds some. Returns if it is such a part.

    Raises ListingError.
    """
    start = page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        data = read_json(page, page.body)
        markup = "\n".join(_markup_in(data))
        is_end = data == [] or (isinstance(data, dict) and any(value in ([], "") for value in data.values()))
        if "<a" not in markup.lower() and not is_end:  # beyond the last page there is an empty list
            raise ListingError(page.url, "JSON without links")
        part = replace(
            page,
            body=f"<html><body>{markup}</body></html>".encode(),
            headers={"content-type": "text/html; charset=utf-8"},
        )
        return parse_html(part), True
    return parse_html(page), not re.search(rb"<body[\s>]|<html[\s>]", page.body[:100_000], re.IGNORECASE)


def _markup_in(value: Any) -> Iterator[str]:
    """Yield the texts in JSON that hold links, and a link for each object that has a URL and a title."""
    if isinstance(value, str):
        if "<a" in value.lower():
            yield value
        return
    if isinstance(value, dict):
        url = next((u for name in _URL_NAMES if isinstance(u := value.get(name), str) and u), "")
        title = next((t for name in _TITLE_NAMES if isinstance(t := value.get(name), str) and t), "")
        if title and re.match(r"(?:https?:/)?/", url):
            yield f'<h2><a href="{escape(url)}">{escape(title)}</a></h2>'
    if isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _markup_in(part)


def base_of(tree: html.HtmlElement, url: str) -> str:
    """Return the URL that a page's relative links are relative to: its own, or that of its <base>."""
    try:
        return absolute_url(url, str(tree.xpath("string(//base/@href)")))
    except AddressError:
        return url
