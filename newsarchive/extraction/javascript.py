"""Reads articles that are only in the data of a page's scripts: Next.js, Nuxt, Fusion, Apollo and others."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from newsarchive.extraction.block_reading import read_blocks
from newsarchive.extraction.blocks import Block, Element
from newsarchive.extraction.literals import read_literal, unflattened
from newsarchive.extraction.pages import parse
from newsarchive.text.folding import fold

_DECODER = json.JSONDecoder(strict=False)
_STARTS = re.compile(r"(?:[\w\"'\])]\s*=|\bpush\(|JSON\.parse\()\s*(?=[{\[\"'])")
_FLIGHT = re.compile(r"self\.__next_f\.push\(\s*(?=\[)")
_NUXT = re.compile(r"window\.__NUXT__\s*=\s*")
_ROW = re.compile(r"(?:^|\n|(?<=[}\]>]))[0-9a-f]{1,4}:(?:T[0-9a-f]{2,6},)?")
_BODY_KEYS = (
    "articleBody", "bodyHtml", "body_html", "contentHtml", "content_html", "htmlBody", "html_body", "body", "content",
    "contentElements", "content_elements", "articleContent", "article_body", "bodyText", "body_text", "paragraphs",
    "text", "blocks", "components", "elements", "story", "fullText", "html", "newsContents", "contents", "rendered",
)  # fmt: skip
_TEXT_KEYS = (
    "content",
    "text",
    "value",
    "html",
    "data",
    "body",
    "paragraph",
    "children",
    "content_elements",
    "items",
    "rendered",
)
_TITLE_KEYS = ("headline", "title", "headlines", "heading", "name", "articleTitle", "newsTitle")
_MIN_TEXT = 300
_MAX_SCRIPT = 3_000_000
_MAX_TRIES = 12
_MAX_NODES = 60_000
_MAX_DEPTH = 40


_DATE_KEYS = (
    "datePublished", "publishedAt", "published_at", "publishDate", "publish_date", "publishedDate", "published",
    "publicationDate", "publishTime", "pubDate", "date_published", "firstPublished", "createdAt", "created_at",
    "created", "date",
)  # fmt: skip
_AUTHOR_KEYS = ("authors", "author", "byline", "creator", "writer", "reporter")


def facts_in_scripts(tree: Element, title: str) -> tuple[str, list[str]]:
    """Return date and authors of the article in the data of a script; empty if no record has its title."""
    published = ""
    authors: list[str] = []
    for data in _data_of(tree) if title else ():
        for record in _records(data):
            if not _is_titled(record, title):
                continue
            dates = (value for key in _DATE_KEYS if isinstance(value := record.get(key), str) and value)
            people = (names for key in _AUTHOR_KEYS if (names := _names_in(record.get(key))))
            published, authors = published or next(dates, ""), authors or next(people, [])
            if published and authors:
                return published, authors
    return published, authors


def _names_in(value: Any) -> list[str]:
    """Return the names in a value: a text, a record with a name, or a list of these."""
    if isinstance(value, str):
        return [value] if 3 < len(value) < 100 else []
    if isinstance(value, list):
        return [name for part in value[:20] for name in _names_in(part)]
    if isinstance(value, dict):
        keys = ("name", "fullName", "full_name", "displayName", "title")
        return next((names for key in keys if (names := _names_in(value.get(key)))), [])
    return []


def text_in_scripts(tree: Element, title: str) -> list[Block]:
    """Return the blocks of the article in the data of a script; none unless it is certain to be the article."""
    best: tuple[int, int, str] = (0, 0, "")
    for data in _data_of(tree):
        for record in _records(data):
            named = {key.partition("(")[0]: value for key, value in record.items()}  # Apollo: body({"type": …})
            held = (named[key] for key in _BODY_KEYS if key in named)
            markup = next((m for value in held if len(m := _markup(value, 0)) >= _MIN_TEXT), "")
            if markup:
                best = max(best, (int(_is_titled(record, title)), len(markup), markup), key=lambda found: found[:2])
    titled, _, markup = best
    if not markup or (title and not titled and best[1] < 3 * _MIN_TEXT):
        return []
    page = parse(f"<html><body>{markup}</body></html>")
    root = page.find("body") if page is not None else None
    blocks = read_blocks(root) if root is not None else []
    for block in blocks:
        block.key = fold(block.text)
    return blocks


def _data_of(tree: Element) -> Iterator[Any]:
    """Yield the JSON data in the page's scripts; text rows of React's stream are yielded as `{"body": …}`."""
    streamed = []
    for script in tree.iter("script"):
        text, kind = script.text, script.get("type") or ""
        if not text or len(text) < _MIN_TEXT or len(text) > _MAX_SCRIPT or "ld+json" in kind:
            continue
        if flight := _FLIGHT.match(text):
            streamed += [part for row in _decoded(text, flight.end()) for part in row[1:] if isinstance(part, str)]
        elif "json" in kind:
            for value in _decoded(text, 0):
                yield unflattened(value) if script.get("id") == "__NUXT_DATA__" and isinstance(value, list) else value
        elif nuxt := _NUXT.search(text):
            yield read_literal(text, nuxt.end())
        else:
            for found in list(_STARTS.finditer(text))[:_MAX_TRIES]:
                yield from _decoded(text, found.end())
    for row in _ROW.split("".join(streamed)):
        if row.startswith(("[", "{")):
            yield from _decoded(row, 0)
        elif len(row) >= _MIN_TEXT and row.startswith("<"):
            yield {"body": row}


def _decoded(text: str, start: int) -> Iterator[Any]:
    while text[start : start + 1].isspace():
        start += 1
    if text[start : start + 1] not in ("{", "[", '"'):
        return
    try:
        value, end = _DECODER.raw_decode(text, start)
        if isinstance(value, str) and end - start > _MIN_TEXT and value[:1] in ("{", "["):
            value = json.loads(value, strict=False)
    except (ValueError, RecursionError):
        return
    if end - start > _MIN_TEXT:
        yield value


def _records(data: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects in the data, in order, up to a maximum number of nodes."""
    waiting: list[tuple[Any, int]] = [(data, 0)]
    seen = 0
    while waiting and seen < _MAX_NODES:
        value, depth = waiting.pop()
        seen += 1
        if depth > _MAX_DEPTH:
            continue
        if isinstance(value, dict):
            yield value
            waiting += [(v, depth + 1) for v in reversed(value.values()) if isinstance(v, (dict, list))]
        elif isinstance(value, list):
            waiting += [(v, depth + 1) for v in reversed(value) if isinstance(v, (dict, list))]


def _is_titled(record: dict[str, Any], title: str) -> bool:
    wanted = fold(title)
    for key in _TITLE_KEYS:
        value = record.get(key)
        parts = value.values() if isinstance(value, dict) else [value]
        for part in parts:
            if (
                isinstance(part, str)
                and wanted
                and fold(html.unescape(part))
                and fold(html.unescape(part)) in (wanted, wanted[: len(fold(part))])
            ):
                return True
    return False


def _markup(value: Any, depth: int) -> str:
    """Convert text, markup or a list of parts to markup; empty for anything else (URLs, codes, settings)."""
    if depth > 6:
        return ""
    if isinstance(value, str):
        return _paragraphs(value)
    if isinstance(value, list):
        return "\n".join(filter(None, (_markup(part, depth + 1) for part in value[:2000])))
    if isinstance(value, dict):
        kind = str(value.get("type") or value.get("_type") or value.get("kind") or "").lower()
        if re.search(
            r"image|photo|video|ad$|advert|embed|related|interstitial|gallery|link_list|promo|newsletter|twitter", kind
        ):
            return ""
        if kind in ("p", "paragraph") and isinstance(value.get("children"), list):
            return f"<p>{_inline(value, 0)}</p>"
        return next((m for key in _TEXT_KEYS if key in value and (m := _markup(value[key], depth + 1))), "")
    return ""


def _inline(value: Any, depth: int) -> str:
    """Return the inline text of a node and its children."""
    if depth > 6:
        return ""
    if isinstance(value, list):
        return "".join(_inline(part, depth + 1) for part in value[:500])
    if isinstance(value, dict):
        own = next((value[key] for key in ("data", "text", "value") if isinstance(value.get(key), str)), "")
        return html.escape(own) + _inline(value.get("children") or [], depth + 1)
    return html.escape(value) if isinstance(value, str) else ""


def _paragraphs(text: str) -> str:
    text = text.strip()
    if "&lt;" in text and "<" not in text:
        text = html.unescape(text)
    if re.search(r"<(?:p|div|br|h\d|li|blockquote)\b", text, re.I):
        return text
    if " " not in text and not re.search(r"[\u3040-\u9fff\uac00-\ud7af]", text):
        return ""  # a URL or a code
    return "".join(f"<p>{line}</p>" for line in text.split("\n") if line.strip())
